//! Sixteen numbers that are processed together.

use super::{Float, Register, elementary};
use std::marker::PhantomData;
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub};

/// How many numbers are processed together.
pub const LANES: usize = 16;

/// One number for each of sixteen rows. A formula over lanes reads like a formula over one number,
/// and applies to each row independently.
///
/// Sealed: [`super::run`] chooses among the implementations.
pub trait Lanes<E: Float>:
    Copy
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + Plain<E>
{
    /// A truth value for each row.
    type Mask: Copy;

    /// `x` for every row.
    fn splat(x: E) -> Self;
    /// These numbers, one per row.
    fn of(rows: &[E; LANES]) -> Self;
    /// The number of each row.
    fn to_array(self) -> [E; LANES];
    /// self · b + c, rounded once
    fn mul_add(self, b: Self, c: Self) -> Self;
    /// The larger of the two; b where either is NaN.
    fn max(self, b: Self) -> Self;
    /// The smaller of the two; b where either is NaN.
    fn min(self, b: Self) -> Self;
    /// √self
    fn sqrt(self) -> Self;
    /// eˣ, as [`crate::Real::exp`]
    fn exp(self) -> Self;
    /// ln, as [`crate::Real::ln`]
    fn ln(self) -> Self;
    /// self < b
    fn less(self, b: Self) -> Self::Mask;
    /// self = b
    fn equal(self, b: Self) -> Self::Mask;
    /// `yes` where the mask is true, else `no`
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self;

    /// 0 for every row.
    #[inline(always)]
    fn zero() -> Self {
        Self::splat(E::ZERO)
    }
    /// |self|
    #[inline(always)]
    fn abs(self) -> Self {
        self.max(-self)
    }
    /// 1 where the mask is true, else 0.
    #[inline(always)]
    fn indicator(mask: Self::Mask) -> Self {
        Self::select(mask, Self::splat(E::ONE), Self::zero())
    }
}

/// [`LANES`] numbers, aligned for every register.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, Default)]
#[repr(C, align(64))]
pub struct Sixteen<E>(pub(crate) [E; LANES]);

/// A type whose memory is exactly sixteen numbers.
///
/// # Safety
/// The size is that of `[E; 16]`, the alignment is at most 64, and the bit patterns of any sixteen
/// numbers are a valid value.
#[doc(hidden)]
pub unsafe trait Plain<E> {
    /// Does not compile where this is not so.
    const IS_PLAIN: ();
}

/// [`LANES`] numbers in `N` registers.
#[doc(hidden)]
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Pack<E, R, const N: usize>([R; N], PhantomData<E>);

// SAFETY: whoever reads memory as a value of this type, or makes one, evaluates the assertion first.
unsafe impl<E: Float, R: Register<E>, const N: usize> Plain<E> for Pack<E, R, N> {
    const IS_PLAIN: () = assert!(
        R::LANES * N == LANES
            && size_of::<Self>() == size_of::<[E; LANES]>()
            && align_of::<Self>() <= 64
    );
}

impl<E: Float, R: Register<E>, const N: usize> Pack<E, R, N> {
    #[inline(always)]
    pub(super) fn new(registers: [R; N]) -> Self {
        const { <Self as Plain<E>>::IS_PLAIN };
        Self(registers, PhantomData)
    }

    #[inline(always)]
    pub(super) fn registers(self) -> [R; N] {
        self.0
    }
}

/// Applies an expression to each of `N` registers. This is a loop over indices without closures:
/// the body of a closure is compiled for the instruction set only if it happens to be inlined, and
/// an iterator that takes an array by value moves it through memory.
macro_rules! each {
    ($i:ident, $value:expr) => {{
        let $i = 0;
        let mut all = [$value; N];
        for $i in 1..N {
            all[$i] = $value;
        }
        all
    }};
}

macro_rules! operator {
    ($trait:ident, $method:ident) => {
        impl<E: Float, R: Register<E>, const N: usize> $trait for Pack<E, R, N> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, b: Self) -> Self {
                Self::new(each!(i, self.0[i].$method(b.0[i])))
            }
        }
    };
}
operator!(Add, add);
operator!(Sub, sub);
operator!(Mul, mul);
operator!(Div, div);

impl<E: Float, R: Register<E>, const N: usize> Neg for Pack<E, R, N> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        Self::new(each!(i, R::splat(-E::ZERO).sub(self.0[i])))
    }
}
impl<E: Float, R: Register<E>, const N: usize> AddAssign for Pack<E, R, N> {
    #[inline(always)]
    fn add_assign(&mut self, b: Self) {
        *self = *self + b;
    }
}

impl<E: Float, R: Register<E>, const N: usize> Lanes<E> for Pack<E, R, N> {
    type Mask = [R::Mask; N];

    #[inline(always)]
    fn splat(x: E) -> Self {
        Self::new([R::splat(x); N])
    }
    #[inline(always)]
    fn of(rows: &[E; LANES]) -> Self {
        // SAFETY: register i reads numbers i·R::LANES.. of all LANES = N·R::LANES.
        Self::new(each!(i, unsafe { R::load(rows.as_ptr().add(i * R::LANES)) }))
    }
    #[inline(always)]
    fn to_array(self) -> [E; LANES] {
        let mut rows = [E::ZERO; LANES];
        for i in 0..N {
            // SAFETY: register i writes numbers i·R::LANES.. of all LANES = N·R::LANES.
            unsafe { self.0[i].store(rows.as_mut_ptr().add(i * R::LANES)) }
        }
        rows
    }
    #[inline(always)]
    fn mul_add(self, b: Self, c: Self) -> Self {
        Self::new(each!(i, self.0[i].mul_add(b.0[i], c.0[i])))
    }
    #[inline(always)]
    fn max(self, b: Self) -> Self {
        Self::new(each!(i, self.0[i].max(b.0[i])))
    }
    #[inline(always)]
    fn min(self, b: Self) -> Self {
        Self::new(each!(i, self.0[i].min(b.0[i])))
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        Self::new(each!(i, self.0[i].sqrt()))
    }
    #[inline(always)]
    fn exp(self) -> Self {
        Self::new(each!(i, elementary::exp(self.0[i])))
    }
    #[inline(always)]
    fn ln(self) -> Self {
        Self::new(each!(i, elementary::ln(self.0[i])))
    }
    #[inline(always)]
    fn less(self, b: Self) -> Self::Mask {
        each!(i, self.0[i].less(b.0[i]))
    }
    #[inline(always)]
    fn equal(self, b: Self) -> Self::Mask {
        each!(i, self.0[i].equal(b.0[i]))
    }
    #[inline(always)]
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self {
        Self::new(each!(i, R::select(mask[i], yes.0[i], no.0[i])))
    }
}
