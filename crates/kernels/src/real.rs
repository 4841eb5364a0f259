//! The two element types of matrices.

use crate::device::{HasDevice, HasVec, OnCpu};
use crate::pool::{Pool, Pooled, pool_of};
use crate::simd::{Dispatch, Machine, MachineKernel, Sixteen, elementary};
use dfdx::prelude::{Device, Storage};

/// An element type: `f32` (training) or `f64` (laws and reference tables).
///
/// The workspace has its own elementary functions ([`Real::exp`], [`Real::ln`]), because those of
/// the platform differ in the last bit between C libraries, and results here must not.
///
/// `E: Real` implies `Cpu: Device<E>`, so generic code can use every operation of dfdx:
///
/// ```
/// use dfdx::prelude::*;
/// use kernels::{Real, tape::Taped};
///
/// /// softmax(θ/τ) over the last axis.
/// fn tempered<E: Real>(theta: Taped<(usize, usize), E>, tau: f64) -> Taped<(usize, usize), E> {
///     (theta / E::of(tau)).softmax::<Axis<1>>()
/// }
///
/// let theta = Cpu::default().tensor_from_vec(vec![0.0f64, 2.0 * 3f64.ln()], (1, 2));
/// let p = tempered(theta.leaky_trace(), 2.0).as_vec();
/// assert!((p[0] - 0.25).abs() < 1e-15 && (p[1] - 0.75).abs() < 1e-15);
/// ```
pub trait Real:
    Dispatch
    + Pooled
    + std::fmt::Display
    + std::fmt::LowerExp
    + std::iter::Sum
    + OnCpu
    + HasDevice<Device: Device<Self> + Storage<Self, Vec = <Self as HasVec>::Vec>>
    + HasVec
{
    /// The name of the type.
    const NAME: &'static str;

    /// This number as `f64`, without loss.
    fn widen(self) -> f64;
    /// Whether it is neither infinite nor NaN.
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

    /// A uniform number in the open interval (0, 1) from 32 random bits: `(word + ½)·2⁻³²`, which
    /// `f32` rounds and keeps below 1. Both types use one word per number, so both see the same
    /// noise.
    fn uniform(word: u32) -> Self;

    /// Converts nonnegative integers to words.
    #[doc(hidden)]
    fn to_words(numbers: &[Self]) -> std::rc::Rc<[u32]>;
    #[doc(hidden)]
    fn with_packed_pool<R>(use_pool: impl FnOnce(&mut Pool<Sixteen<Self>>) -> R) -> Option<R>;
    /// eˣ, compiled for the caller's instruction set.
    #[doc(hidden)]
    fn exp_inline(x: Self) -> Self;
}

impl<E: Real> Pooled for Sixteen<E> {
    fn with_pool<R>(use_pool: impl FnOnce(&mut Pool<Self>) -> R) -> Option<R> {
        E::with_packed_pool(use_pool)
    }
}

macro_rules! real {
    ($real:ident) => {
        impl Pooled for $real {
            fn with_pool<R>(use_pool: impl FnOnce(&mut Pool<Self>) -> R) -> Option<R> {
                pool_of!($real, use_pool)
            }
        }
        impl Real for $real {
            const NAME: &'static str = stringify!($real);

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
                // The two parts and the product are exact, so only the sum is rounded.
                let (high, low) = ((word >> 8) as i32 as $real, (word & 0xff) as i32 as $real);
                let u = high.mul_add(256.0, low + 0.5) * (1.0 / 4294967296.0);
                if u < BELOW_ONE { u } else { BELOW_ONE }
            }
            fn to_words(numbers: &[Self]) -> std::rc::Rc<[u32]> {
                numbers.iter().map(|&x| x as i32 as u32).collect()
            }
            fn with_packed_pool<R>(
                use_pool: impl FnOnce(&mut Pool<Sixteen<$real>>) -> R,
            ) -> Option<R> {
                pool_of!(Sixteen<$real>, use_pool)
            }
            #[inline(always)]
            fn exp_inline(x: Self) -> Self {
                elementary::exp(x)
            }
        }
    };
}

real!(f32);
real!(f64);
