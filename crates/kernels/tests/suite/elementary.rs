//! The error bounds that `kernels::simd::elementary` documents.

use kernels::simd::{self, Kernel, Lanes};
use kernels::{Packed, Real};

#[derive(Clone, Copy)]
enum Function {
    Exp,
    Ln,
}

fn apply<E: Real>(function: Function, numbers: &[E]) -> Vec<E> {
    struct Apply<'a, E: Real>(Function, &'a mut Packed<E>);
    impl<E: Real> Kernel<E> for Apply<'_, E> {
        type Output = ();
        #[inline(always)]
        fn run<V: Lanes<E>>(self) {
            for x in self.1.numbers_mut::<V>() {
                *x = match self.0 {
                    Function::Exp => x.exp(),
                    Function::Ln => x.ln(),
                };
            }
        }
    }
    let mut packed = Packed::pack(numbers, 1);
    simd::run(Apply(function, &mut packed));
    packed.unpack()
}

/// The largest error over `numbers`, in units in the last place of the true result.
fn worst_single(function: Function, numbers: &[f32]) -> (f64, f32) {
    let results = apply(function, numbers);
    let mut worst = (0.0, 0.0);
    for (&x, &y) in numbers.iter().zip(&results) {
        let truth = match function {
            Function::Exp => f64::from(x).exp(),
            Function::Ln => f64::from(x).ln(),
        };
        let rounded = truth as f32;
        if !rounded.is_finite() || rounded.abs() > f32::MAX / 2.0 {
            assert!(y == rounded || y.abs() > f32::MAX / 2.0, "{x}: {y} for {truth}");
            continue;
        }
        let magnitude = truth.abs().max(f64::from(f32::MIN_POSITIVE));
        let unit = 2f64.powi(magnitude.log2().floor() as i32 - 23);
        let error = (f64::from(y) - truth).abs() / unit;
        if error > worst.0 {
            worst = (error, x);
        }
    }
    worst
}

/// Every 61st number is tested. With 1, all are, which takes a minute. The worst errors are then
/// 1.0593 units for exp, at −5.888854, and 0.8286 for ln, at 1.4013005.
const STRIDE: usize = 61;

/// Every `step`-th `f32` of a range of bit patterns.
fn bits(range: std::ops::RangeInclusive<u32>, step: usize) -> impl Iterator<Item = Vec<f32>> {
    let mut numbers = range.step_by(step).map(f32::from_bits).peekable();
    std::iter::from_fn(move || {
        numbers.peek()?;
        Some(numbers.by_ref().take(1 << 16).collect())
    })
}

#[test]
fn exp_of_many_f32() {
    let (end, below) = (90f32.to_bits(), (-105f32).to_bits());
    let positive = bits(0..=end, STRIDE);
    let negative = bits(1 << 31..=below, STRIDE);
    let worst = positive.chain(negative).map(|x| worst_single(Function::Exp, &x));
    let (error, at) = worst.fold((0.0, 0.0), |a, b| if b.0 > a.0 { b } else { a });
    assert!(error <= 1.06, "{error} units at {at}");
}

#[test]
fn ln_of_many_f32() {
    let worst = bits(1..=f32::MAX.to_bits(), STRIDE).map(|x| worst_single(Function::Ln, &x));
    let (error, at) = worst.fold((0.0, 0.0), |a, b| if b.0 > a.0 { b } else { a });
    assert!(error <= 0.83, "{error} units at {at}");
}

/// Numbers of every binade of `f64`.
#[test]
fn f64_agrees_with_the_platform_within_both_errors() {
    // The platform's functions have an error of up to 1 unit themselves.
    let mut exp_arguments = vec![];
    let mut ln_arguments = vec![];
    let mut fraction = 0.5f64;
    for exponent in -1074..1024 {
        for _ in 0..200 {
            fraction = (fraction * 997.0 + 0.137).fract();
            let x = (1.0 + fraction) * 2f64.powi(exponent);
            if x > 0.0 && x.is_finite() {
                ln_arguments.push(x);
            }
            if x < 709.0 {
                exp_arguments.extend([x, -x]);
            }
        }
    }
    for k in 0..200_000 {
        exp_arguments.push(-745.0 + f64::from(k) * 0.00727);
        ln_arguments.push(0.5 + f64::from(k) * 1e-5);
    }
    for (x, y) in exp_arguments.iter().zip(apply(Function::Exp, &exp_arguments)) {
        let truth = x.exp();
        let unit = (truth * f64::EPSILON).max(f64::from_bits(1));
        assert!((y - truth).abs() <= 2.0 * unit, "exp {x}: {y} for {truth}");
    }
    for (x, y) in ln_arguments.iter().zip(apply(Function::Ln, &ln_arguments)) {
        let truth = x.ln();
        assert!((y - truth).abs() <= 2.0 * truth.abs() * f64::EPSILON, "ln {x}: {y} for {truth}");
    }
}

#[test]
fn special_values() {
    fn check<E: Real>() {
        let (zero, inf) = (E::ZERO, E::INFINITY);
        let nan = zero / zero;
        let exp = apply(Function::Exp, &[zero, inf, -inf, nan, E::of(1e4), E::of(-1e4)]);
        assert!(exp[0] == E::ONE && exp[1] == inf && exp[2] == zero, "{exp:?}");
        assert!(exp[3] != exp[3] && exp[4] == inf && exp[5] == zero, "{exp:?}");
        let ln = apply(Function::Ln, &[E::ONE, zero, inf, nan, -E::ONE, -zero]);
        assert!(ln[0] == zero && ln[1] == -inf && ln[2] == inf, "{ln:?}");
        assert!(ln[3] != ln[3] && ln[4] != ln[4] && ln[5] == -inf, "{ln:?}");
        assert!(E::ZERO.exp() == E::ONE && E::ONE.ln() == E::ZERO);
    }
    check::<f32>();
    check::<f64>();
}

/// The error is a few times epsilon, and the limits are exactly ±1.
#[test]
fn tanh_agrees_with_the_platform() {
    let numbers: Vec<f64> = (-4000..=4000).map(|i| f64::from(i) * 0.01).collect();
    let mut double = Packed::pack(&numbers, 1);
    double.tanh();
    let mut single = Packed::pack(&numbers, 1).cast::<f32>();
    single.tanh();
    for (i, x) in numbers.iter().enumerate() {
        let (ours, narrow) = (double.get(i, 0), f64::from(single.get(i, 0)));
        assert!((ours - x.tanh()).abs() <= 4.0 * f64::EPSILON, "{x}: {ours}");
        assert!((narrow - x.tanh()).abs() <= 4.0 * f64::from(f32::EPSILON), "{x}: {narrow}");
    }
    let mut far = Packed::pack(&[f64::INFINITY, f64::NEG_INFINITY, f64::NAN], 1);
    far.tanh();
    assert_eq!((far.get(0, 0), far.get(1, 0)), (1.0, -1.0));
    assert!(far.get(2, 0).is_nan());
}
