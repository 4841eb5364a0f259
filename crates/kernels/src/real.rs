//! The two element types, and what a kernel needs to know of them.

use crate::elementary;
use crate::packed::Sixteen;
use crate::recycle::{Recycled, Shelf, shelf_of};
use crate::simd::{self, Machine, MachineKernel};
use std::ops::Neg;

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

/// A real number of the machine: `f32` (training) or `f64` (laws and reference tables).
///
/// Elementary functions of this workspace are its own ([`Real::exp`], [`Real::ln`]): those of the
/// platform differ in their last bit from one C library to the next, and results here may not.
pub trait Real:
    sealed::Sealed
    + Recycled
    + dfdx::dtypes::Dtype
    + Neg<Output = Self>
    + std::fmt::Display
    + std::fmt::LowerExp
    + std::iter::Sum
{
    /// The name of the type.
    const NAME: &'static str;
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
    /// This number as `f64`, without loss.
    fn widen(self) -> f64;
    /// Neither infinite nor NaN.
    fn is_finite(self) -> bool;
    /// `self · b + c`, rounded once.
    fn mul_add(self, b: Self, c: Self) -> Self;
    /// √self.
    fn sqrt(self) -> Self;
    /// |self|.
    fn abs(self) -> Self;
    /// eˣ within 1.06 (`f32`) or 2 (`f64`) units in the last place; the bits are the same on every
    /// machine.
    fn exp(self) -> Self;
    /// The natural logarithm within 0.83 (`f32`) or 2 (`f64`) units in the last place; the bits are
    /// the same on every machine. −∞ at 0 and NaN below.
    fn ln(self) -> Self;

    /// A uniform number of the open interval (0, 1) from 32 random bits: `(word + ½)·2⁻³²`, in
    /// `f32` rounded and kept below 1. One word a number for either type, so that both meet the
    /// same noise.
    fn uniform(word: u32) -> Self;

    /// Whole numbers from 0 up as words.
    #[doc(hidden)]
    fn to_words(numbers: &[Self]) -> std::rc::Rc<[u32]>;
    #[doc(hidden)]
    fn with_packed_shelf<R>(use_shelf: impl FnOnce(&mut Shelf<Sixteen<Self>>) -> R) -> Option<R>;
    /// eˣ, compiled for the caller's instruction set.
    #[doc(hidden)]
    fn exp_inline(x: Self) -> Self;
    #[doc(hidden)]
    fn on_machine<T: MachineKernel<Self>>(task: T) -> T::Output;
}

/// What the elementary functions need to know of a floating-point format.
#[doc(hidden)]
#[derive(Clone, Copy)]
pub struct Format {
    /// 1½ units of the first binade whose spacing is 1: adding it rounds to an integer.
    pub rounder: f64,
    /// ln 2 in two parts; an integer exponent times the first is exact.
    pub ln2: (f64, f64),
    /// Where eˣ has left the format for good: it is 0 below and ∞ above.
    pub exp_range: (f64, f64),
    /// Degree of the Taylor polynomial of eʳ on |r| ≤ ½ ln 2.
    pub exp_degree: usize,
    /// Terms of the series of artanh after its first.
    pub ln_terms: usize,
    /// The smallest normal number.
    pub smallest_normal: f64,
    /// A power of two that makes every subnormal number normal, and its exponent.
    pub lift: (f64, f64),
}

macro_rules! real {
    ($real:ident, $format:expr) => {
        impl Recycled for $real {
            fn with_shelf<R>(use_shelf: impl FnOnce(&mut Shelf<Self>) -> R) -> Option<R> {
                shelf_of!($real, use_shelf)
            }
        }
        impl Real for $real {
            const NAME: &'static str = stringify!($real);
            const ZERO: Self = 0.0;
            const NEGATIVE_INFINITY: Self = $real::NEG_INFINITY;
            const INFINITY: Self = $real::INFINITY;
            const EPSILON: Self = $real::EPSILON;
            const FORMAT: Format = $format;

            #[inline(always)]
            fn of(x: f64) -> Self {
                x as $real
            }
            #[inline(always)]
            fn widen(self) -> f64 {
                self as f64
            }
            #[inline(always)]
            fn is_finite(self) -> bool {
                $real::is_finite(self)
            }
            #[inline(always)]
            fn mul_add(self, b: Self, c: Self) -> Self {
                $real::mul_add(self, b, c)
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                $real::sqrt(self)
            }
            #[inline(always)]
            fn abs(self) -> Self {
                $real::abs(self)
            }
            fn exp(self) -> Self {
                struct Exp($real);
                impl MachineKernel<$real> for Exp {
                    type Output = $real;
                    #[inline(always)]
                    fn run<M: Machine<$real>>(self) -> $real {
                        elementary::exp(self.0)
                    }
                }
                Self::on_machine(Exp(self))
            }
            fn ln(self) -> Self {
                struct Ln($real);
                impl MachineKernel<$real> for Ln {
                    type Output = $real;
                    #[inline(always)]
                    fn run<M: Machine<$real>>(self) -> $real {
                        elementary::ln(self.0)
                    }
                }
                Self::on_machine(Ln(self))
            }
            #[inline(always)]
            fn uniform(word: u32) -> Self {
                const BELOW_ONE: $real = 1.0 - $real::EPSILON / 2.0;
                // The two parts and the product are exact, so that the sum is all that is rounded.
                let (high, low) = ((word >> 8) as i32 as $real, (word & 0xff) as i32 as $real);
                let u = high.mul_add(256.0, low + 0.5) * (1.0 / 4294967296.0);
                if u < BELOW_ONE { u } else { BELOW_ONE }
            }
            fn to_words(numbers: &[Self]) -> std::rc::Rc<[u32]> {
                numbers.iter().map(|&x| x as i32 as u32).collect()
            }
            fn with_packed_shelf<R>(
                use_shelf: impl FnOnce(&mut Shelf<Sixteen<$real>>) -> R,
            ) -> Option<R> {
                shelf_of!(Sixteen<$real>, use_shelf)
            }
            #[inline(always)]
            fn exp_inline(x: Self) -> Self {
                elementary::exp(x)
            }
            #[inline]
            fn on_machine<T: MachineKernel<Self>>(task: T) -> T::Output {
                simd::$real(task)
            }
        }
    };
}

real!(
    f32,
    Format {
        rounder: 12582912.0, // 1.5 · 2²³
        // The first part has 15 significant bits: exponents need 9 of the 24 there are.
        ln2: (0.693145751953125, 1.4286068203094173e-6),
        exp_range: (-104.0, 89.0),
        exp_degree: 7,
        ln_terms: 5,
        smallest_normal: f32::MIN_POSITIVE as f64,
        lift: (16777216.0, 24.0), // 2²⁴
    }
);
real!(
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
