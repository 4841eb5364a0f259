//! Rows that an estimator can learn from: those in which everything is finite and has a finite square.

use kernels::{Packed, Real, rowwise};

/// Σ x² over the latents of each row, [B, 1].
pub(crate) fn squares<E: Real>(x: &Packed<E>, latents: usize) -> Packed<E> {
    x.row_dots(x).sum_rows(latents)
}

rowwise! {
    /// Sets the rows of x to 0 whose sum of squares is not finite.
    pub(crate) fn clear(sum => x) {
        // Less than infinity is neither infinite nor NaN.
        let is_usable = sum[0].less(V::splat(E::INFINITY));
        for x in x {
            *x = V::select(is_usable, *x, V::zero());
        }
    }
}
