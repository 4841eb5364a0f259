//! The element types of matrices.

use crate::elementary;
use crate::float::Float;
use crate::recycle::{Recycled, Shelf, shelf_of};
use crate::simd::{Dispatch, Machine, MachineKernel};
use crate::sixteen::Sixteen;

/// A real number of the machine: `f32` (training) or `f64` (laws and reference tables).
///
/// Elementary functions of this workspace are its own ([`Real::exp`], [`Real::ln`]): those of the
/// platform differ in their last bit from one C library to the next, and results here may not.
pub trait Real: Float + Dispatch + Recycled {
    /// eˣ within 1.06 (`f32`) or 2 (`f64`) units in the last place; the bits are the same on every
    /// machine.
    fn exp(self) -> Self;
    /// The natural logarithm within 0.83 (`f32`) or 2 (`f64`) units in the last place; the bits are
    /// the same on every machine. −∞ at 0 and NaN below.
    fn ln(self) -> Self;

    #[doc(hidden)]
    fn with_packed_shelf<R>(use_shelf: impl FnOnce(&mut Shelf<Sixteen<Self>>) -> R) -> Option<R>;
    /// eˣ, compiled for the caller's instruction set.
    #[doc(hidden)]
    fn exp_inline(x: Self) -> Self;
}

macro_rules! real {
    ($real:ident) => {
        impl Recycled for $real {
            fn with_shelf<R>(use_shelf: impl FnOnce(&mut Shelf<Self>) -> R) -> Option<R> {
                shelf_of!($real, use_shelf)
            }
        }
        impl Real for $real {
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
            fn with_packed_shelf<R>(
                use_shelf: impl FnOnce(&mut Shelf<Sixteen<$real>>) -> R,
            ) -> Option<R> {
                shelf_of!(Sixteen<$real>, use_shelf)
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
