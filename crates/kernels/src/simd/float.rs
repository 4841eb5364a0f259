//! The two floating-point types and their formats.

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

/// A floating-point type: `f32` or `f64`, its constants and its format. [`crate::Real`] adds the
/// elementary functions.
pub trait Float: sealed::Sealed + dfdx::dtypes::Dtype + std::ops::Neg<Output = Self> {
    /// 0.
    const ZERO: Self;
    /// −∞, the logit of a category that can never be chosen.
    const NEGATIVE_INFINITY: Self;
    /// +∞.
    const INFINITY: Self;
    /// Distance from 1 to the next larger number.
    const EPSILON: Self;

    #[doc(hidden)]
    const FORMAT: Format;

    /// The nearest number to `x`.
    fn of(x: f64) -> Self;
}

/// What the elementary functions need to know of a floating-point format.
#[doc(hidden)]
#[derive(Clone, Copy)]
pub struct Format {
    /// 1½ times the power of two from which on the spacing is 1: adding it rounds to an integer.
    pub rounder: f64,
    /// ln 2 in two parts; an integer exponent times the first is exact.
    pub ln2: (f64, f64),
    /// Bounds beyond which eˣ underflows to 0 or overflows to ∞.
    pub exp_range: (f64, f64),
    /// Degree of the Taylor polynomial of eʳ on |r| ≤ ½ ln 2.
    pub exp_degree: usize,
    /// Terms of the series of artanh after the first.
    pub ln_terms: usize,
    /// The smallest normal number.
    pub smallest_normal: f64,
    /// A power of two that makes every subnormal number normal, and its exponent.
    pub lift: (f64, f64),
}

macro_rules! float {
    ($float:ident, $format:expr) => {
        impl Float for $float {
            const ZERO: Self = 0.0;
            const NEGATIVE_INFINITY: Self = $float::NEG_INFINITY;
            const INFINITY: Self = $float::INFINITY;
            const EPSILON: Self = $float::EPSILON;
            const FORMAT: Format = $format;

            #[inline(always)]
            fn of(x: f64) -> Self {
                x as $float
            }
        }
    };
}

float!(
    f32,
    Format {
        rounder: 12582912.0, // 1.5 · 2²³
        // The first part has 15 significant bits, which leaves 9 of the 24 for exponents.
        ln2: (0.693145751953125, 1.4286068203094173e-6),
        exp_range: (-104.0, 89.0),
        exp_degree: 7,
        ln_terms: 5,
        smallest_normal: f32::MIN_POSITIVE as f64,
        lift: (16777216.0, 24.0), // 2²⁴
    }
);
float!(
    f64,
    Format {
        rounder: 6755399441055744.0, // 1.5 · 2⁵²
        // The first part has 32 significant bits.
        ln2: (0.6931471803691238, 1.9082149292705877e-10),
        exp_range: (-746.0, 710.0),
        exp_degree: 13,
        ln_terms: 11,
        smallest_normal: f64::MIN_POSITIVE,
        lift: (18014398509481984.0, 54.0), // 2⁵⁴
    }
);
