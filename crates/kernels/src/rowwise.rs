/// Defines a function over the rows of packed matrices.
///
/// ```
/// use kernels::{Packed, rowwise};
/// rowwise! {
///     /// y_k = a · x_k · Σ_j x_j
///     fn scaled_by_sum(x; a => y) {
///         let sum = x.iter().fold(V::zero(), |sum, &x| sum + x);
///         for k in 0..x.len() {
///             y[k] = a * x[k] * sum;
///         }
///     }
/// }
/// let x = Packed::pack(&[1.0, 2.0, 3.0, 4.0], 2);
/// let mut y = Packed::zeros(2, 2);
/// scaled_by_sum(&x, 10.0, &mut y);
/// assert_eq!(y.unpack(), [30.0, 60.0, 210.0, 280.0]);
/// ```
///
/// The head lists the input matrices, then numbers, then (after the arrow) the output matrices. All
/// matrices have the same number of rows. The body is the formula for one row, where a matrix is
/// the slice of its columns and a number is itself. It is compiled for sixteen rows at a time, as
/// `V` ([`crate::simd::Lanes`] of `E`), and runs over all rows on the widest available instruction
/// set.
#[macro_export]
macro_rules! rowwise {
    ($(#[$meta:meta])* $visibility:vis fn $name:ident(
        $($input:ident),* $(; $($number:ident),*)? => $($output:ident),+
    ) $body:block) => {
        $(#[$meta])*
        #[allow(clippy::too_many_arguments)]
        $visibility fn $name<E: $crate::Real>(
            $($input: &$crate::Packed<E>,)*
            $($($number: E,)*)?
            $($output: &mut $crate::Packed<E>,)+
        ) {
            struct Rowwise<'a, E: $crate::Real> {
                $($input: &'a $crate::Packed<E>,)*
                $($($number: E,)*)?
                $($output: &'a mut $crate::Packed<E>,)+
            }
            impl<E: $crate::Real> $crate::simd::Kernel<E> for Rowwise<'_, E> {
                type Output = ();
                #[inline(always)]
                #[allow(clippy::needless_range_loop, unused_variables)]
                fn run<V: $crate::simd::Lanes<E>>(self) {
                    let Rowwise { $($input,)* $($($number,)*)? $($output,)+ } = self;
                    $($(let $number = V::splat($number);)*)?
                    $(let mut $input = $input.blocks::<V>();)*
                    $(let mut $output = $output.blocks_mut::<V>();)+
                    loop {
                        $(let Some($input) = $input.next() else { return };)*
                        $(let Some($output) = $output.next() else { return };)+
                        $body
                    }
                }
            }
            let rows = [$($input.rows(),)* $($output.rows(),)+];
            assert!(rows.windows(2).all(|pair| pair[0] == pair[1]), "rows {rows:?} differ");
            $crate::simd::run(Rowwise { $($input,)* $($($number,)*)? $($output,)+ });
        }
    };
}
