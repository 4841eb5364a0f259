//! Operations on the registers of each instruction set.

use super::Float;

/// A register of numbers. Every operation is the IEEE operation on each number.
///
/// Implementations for vector registers are only sound to call if the processor has their
/// instructions. Outside of this crate, nobody can name this trait or a type that has it but through
/// [`super::Dispatch`], which checks that first.
#[doc(hidden)]
pub trait Register<E>: Copy + 'static {
    /// How many numbers it holds.
    const LANES: usize;
    /// A truth value for each number.
    type Mask: Copy;

    /// `x` in every lane.
    fn splat(x: E) -> Self;
    /// Reads [`Register::LANES`] numbers.
    ///
    /// # Safety
    /// `from` is valid for reads of that many numbers; it need not be aligned.
    unsafe fn load(from: *const E) -> Self;
    /// Writes [`Register::LANES`] numbers.
    ///
    /// # Safety
    /// `to` is valid for writes of that many numbers; it need not be aligned.
    unsafe fn store(self, to: *mut E);
    /// self + b
    fn add(self, b: Self) -> Self;
    /// self − b
    fn sub(self, b: Self) -> Self;
    /// self · b
    fn mul(self, b: Self) -> Self;
    /// self / b
    fn div(self, b: Self) -> Self;
    /// self · b + c, rounded once
    fn mul_add(self, b: Self, c: Self) -> Self;
    /// self where self > b, else b (so b where either is NaN)
    fn max(self, b: Self) -> Self;
    /// self where self < b, else b (so b where either is NaN)
    fn min(self, b: Self) -> Self;
    /// √self
    fn sqrt(self) -> Self;
    /// self < b
    fn less(self, b: Self) -> Self::Mask;
    /// self = b
    fn equal(self, b: Self) -> Self::Mask;
    /// yes where the mask is true, else no
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self;
    /// self · 2ⁿ, rounded once, for numbers between ½ and 2 and integers n within twice the
    /// range of exponents of normal numbers.
    #[inline(always)]
    fn scale(self, n: Self) -> Self
    where
        E: Float,
    {
        // In two steps, because 2ⁿ may be out of range even if the result is not. The first product
        // is exact.
        let rounder = Self::splat(E::of(E::FORMAT.rounder));
        let half = n.mul_add(Self::splat(E::of(0.5)), rounder).sub(rounder);
        self.mul(half.exp2_integer()).mul(n.sub(half).exp2_integer())
    }
    /// 2ⁿ for an integer n that is an exponent of normal numbers.
    fn exp2_integer(self) -> Self;
    /// A positive normal number as (m, n) with m·2ⁿ = self and ½√2 ≤ m < √2.
    fn split(self) -> (Self, Self);
}

/// a · b + c, rounded once, where the processor has no instruction for it. A call of the C library for each
/// number takes ten times as long.
#[inline(always)]
fn fused(a: f32, b: f32, c: f32) -> f32 {
    if cfg!(target_feature = "fma") || !cfg!(target_arch = "x86_64") {
        return a.mul_add(b, c);
    }
    // The product is exact. The sum is rounded to 53 bits, and then to 24. That differs from rounding once only if
    // the sum, once rounded, is halfway between two numbers; of numbers below the normal ones it is not seen here.
    const HALF: u64 = 1 << 28;
    let (product, c) = (f64::from(a) * f64::from(b), f64::from(c));
    let sum = product + c;
    let is_halfway = sum.to_bits() & (2 * HALF - 1) == HALF;
    let is_small = sum.abs() < f64::from(f32::MIN_POSITIVE) && sum != 0.0;
    if is_halfway || is_small { rounded_once(product, c, sum) } else { sum as f32 }
}

/// The sum of two numbers, rounded once, given the sum that is rounded to 53 bits.
#[cold]
fn rounded_once(product: f64, c: f64, sum: f64) -> f32 {
    // The error of the sum is known (Knuth's two-sum).
    let rest = sum - product;
    let error = (product - (sum - rest)) + (c - rest);
    // Rounded to odd instead of to nearest, so that rounding once more rounds as if it were the first time
    // (Boldo & Melquiond 2008): 53 bits are at least two more than 24.
    let bits = sum.to_bits();
    let is_inexact = error.abs() > 0.0;
    let step = if (error > 0.0) == (sum > 0.0) { 1 } else { u64::MAX };
    let odd = if is_inexact && bits & 1 == 0 { bits.wrapping_add(step) } else { bits };
    f64::from_bits(odd) as f32
}

macro_rules! scalar {
    ($real:ident, $fused:path, $bits:ident, $mantissa:literal, $bias:literal, $half_root:literal) => {
        impl Register<$real> for $real {
            const LANES: usize = 1;
            type Mask = bool;

            #[inline(always)]
            fn splat(x: $real) -> Self {
                x
            }
            #[inline(always)]
            unsafe fn load(from: *const $real) -> Self {
                // SAFETY: by the contract of this function.
                unsafe { from.read_unaligned() }
            }
            #[inline(always)]
            unsafe fn store(self, to: *mut $real) {
                // SAFETY: by the contract of this function.
                unsafe { to.write_unaligned(self) }
            }
            #[inline(always)]
            fn add(self, b: Self) -> Self {
                self + b
            }
            #[inline(always)]
            fn sub(self, b: Self) -> Self {
                self - b
            }
            #[inline(always)]
            fn mul(self, b: Self) -> Self {
                self * b
            }
            #[inline(always)]
            fn div(self, b: Self) -> Self {
                self / b
            }
            #[inline(always)]
            fn mul_add(self, b: Self, c: Self) -> Self {
                $fused(self, b, c)
            }
            #[inline(always)]
            fn max(self, b: Self) -> Self {
                if self > b { self } else { b }
            }
            #[inline(always)]
            fn min(self, b: Self) -> Self {
                if self < b { self } else { b }
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                $real::sqrt(self)
            }
            #[inline(always)]
            fn less(self, b: Self) -> bool {
                self < b
            }
            #[inline(always)]
            fn equal(self, b: Self) -> bool {
                self == b
            }
            #[inline(always)]
            fn select(mask: bool, yes: Self, no: Self) -> Self {
                if mask { yes } else { no }
            }
            #[inline(always)]
            fn exp2_integer(self) -> Self {
                let n = (self + <$real as Float>::FORMAT.rounder as $real).to_bits();
                $real::from_bits((n << $mantissa).wrapping_add(($bias as $bits) << $mantissa))
            }
            #[inline(always)]
            fn split(self) -> (Self, Self) {
                const ONE: $bits = ($bias as $bits) << $mantissa;
                const FIELD: $bits = (1 << $mantissa) - 1;
                let bits = self.to_bits().wrapping_add(ONE - $half_root);
                let n = ((bits >> $mantissa) as i32 - $bias) as $real;
                ($real::from_bits((bits & FIELD).wrapping_add($half_root)), n)
            }
        }
    };
}
scalar!(f32, fused, u32, 23, 127, 0x3f35_04f3);
scalar!(f64, f64::mul_add, u64, 52, 1023, 0x3fe6_a09e_667f_3bcd);

#[cfg(target_arch = "x86_64")]
mod x86_64 {
    use super::{Float, Register};
    use std::arch::x86_64::*;

    /// The operations that differ between registers only in the names of the intrinsics.
    macro_rules! arithmetic {
        ($real:ident, $splat:ident, $load:ident, $store:ident, $add:ident, $sub:ident, $mul:ident,
         $div:ident, $mul_add:ident, $max:ident, $min:ident, $sqrt:ident) => {
            #[inline(always)]
            fn splat(x: $real) -> Self {
                // SAFETY: the processor has the instruction (see the trait).
                unsafe { $splat(x) }
            }
            #[inline(always)]
            unsafe fn load(from: *const $real) -> Self {
                // SAFETY: by the contract of this function and the trait.
                unsafe { $load(from) }
            }
            #[inline(always)]
            unsafe fn store(self, to: *mut $real) {
                // SAFETY: by the contract of this function and the trait.
                unsafe { $store(to, self) }
            }
            #[inline(always)]
            fn add(self, b: Self) -> Self {
                // SAFETY: the processor has the instruction (see the trait).
                unsafe { $add(self, b) }
            }
            #[inline(always)]
            fn sub(self, b: Self) -> Self {
                // SAFETY: as above.
                unsafe { $sub(self, b) }
            }
            #[inline(always)]
            fn mul(self, b: Self) -> Self {
                // SAFETY: as above.
                unsafe { $mul(self, b) }
            }
            #[inline(always)]
            fn div(self, b: Self) -> Self {
                // SAFETY: as above.
                unsafe { $div(self, b) }
            }
            #[inline(always)]
            fn mul_add(self, b: Self, c: Self) -> Self {
                // SAFETY: as above.
                unsafe { $mul_add(self, b, c) }
            }
            #[inline(always)]
            fn max(self, b: Self) -> Self {
                // SAFETY: as above.
                unsafe { $max(self, b) }
            }
            #[inline(always)]
            fn min(self, b: Self) -> Self {
                // SAFETY: as above.
                unsafe { $min(self, b) }
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                // SAFETY: as above.
                unsafe { $sqrt(self) }
            }
        };
    }

    /// Comparison and selection with AVX2: a mask is a register of all-ones and all-zeros.
    macro_rules! compare_avx2 {
        ($compare:ident, $blend:ident) => {
            type Mask = Self;
            #[inline(always)]
            fn less(self, b: Self) -> Self {
                // SAFETY: the processor has the instruction (see the trait).
                unsafe { $compare::<_CMP_LT_OQ>(self, b) }
            }
            #[inline(always)]
            fn equal(self, b: Self) -> Self {
                // SAFETY: as above.
                unsafe { $compare::<_CMP_EQ_OQ>(self, b) }
            }
            #[inline(always)]
            fn select(mask: Self, yes: Self, no: Self) -> Self {
                // SAFETY: as above.
                unsafe { $blend(no, yes, mask) }
            }
        };
    }

    /// Comparison and selection with AVX-512: a mask is a word of bits.
    macro_rules! compare_avx512 {
        ($mask:ident, $compare:ident, $blend:ident) => {
            type Mask = $mask;
            #[inline(always)]
            fn less(self, b: Self) -> $mask {
                // SAFETY: the processor has the instruction (see the trait).
                unsafe { $compare::<_CMP_LT_OQ>(self, b) }
            }
            #[inline(always)]
            fn equal(self, b: Self) -> $mask {
                // SAFETY: as above.
                unsafe { $compare::<_CMP_EQ_OQ>(self, b) }
            }
            #[inline(always)]
            fn select(mask: $mask, yes: Self, no: Self) -> Self {
                // SAFETY: as above.
                unsafe { $blend(mask, no, yes) }
            }
        };
    }

    /// Operations on the exponent bits, as integers of the same width.
    macro_rules! exponent_single {
        ($to_bits:ident, $from_bits:ident, $splat:ident, $add:ident, $sub:ident, $and:ident,
         $left:ident, $right:ident, $to_real:ident) => {
            #[inline(always)]
            fn exp2_integer(self) -> Self {
                let rounder = <f32 as Float>::FORMAT.rounder as f32;
                // SAFETY: the processor has the instructions (see the trait).
                unsafe {
                    let n = $left::<23>($to_bits(self.add(Self::splat(rounder))));
                    $from_bits($add(n, $splat(127 << 23)))
                }
            }
            #[inline(always)]
            fn split(self) -> (Self, Self) {
                const HALF_ROOT: i32 = 0x3f35_04f3;
                // SAFETY: the processor has the instructions (see the trait).
                unsafe {
                    let bits = $add($to_bits(self), $splat((127 << 23) - HALF_ROOT));
                    let n = $to_real($sub($right::<23>(bits), $splat(127)));
                    let m = $add($and(bits, $splat((1 << 23) - 1)), $splat(HALF_ROOT));
                    ($from_bits(m), n)
                }
            }
        };
    }
    macro_rules! exponent_double {
        ($to_bits:ident, $from_bits:ident, $splat:ident, $add:ident, $and:ident, $or:ident,
         $left:ident, $right:ident) => {
            #[inline(always)]
            fn exp2_integer(self) -> Self {
                let rounder = <f64 as Float>::FORMAT.rounder;
                // SAFETY: the processor has the instructions (see the trait).
                unsafe {
                    let n = $left::<52>($to_bits(self.add(Self::splat(rounder))));
                    $from_bits($add(n, $splat(1023 << 52)))
                }
            }
            #[inline(always)]
            fn split(self) -> (Self, Self) {
                const HALF_ROOT: i64 = 0x3fe6_a09e_667f_3bcd;
                // 2⁵²: its bits with a small integer in the mantissa are 2⁵² plus that integer.
                const TWO52: f64 = 4503599627370496.0;
                // SAFETY: the processor has the instructions (see the trait).
                unsafe {
                    let bits = $add($to_bits(self), $splat((1023 << 52) - HALF_ROOT));
                    let n = $or($right::<52>(bits), $splat(TWO52.to_bits() as i64));
                    let n = $from_bits(n).sub(Self::splat(TWO52 + 1023.0));
                    let m = $add($and(bits, $splat((1 << 52) - 1)), $splat(HALF_ROOT));
                    ($from_bits(m), n)
                }
            }
        };
    }

    impl Register<f32> for __m256 {
        const LANES: usize = 8;
        arithmetic!(
            f32,
            _mm256_set1_ps,
            _mm256_loadu_ps,
            _mm256_storeu_ps,
            _mm256_add_ps,
            _mm256_sub_ps,
            _mm256_mul_ps,
            _mm256_div_ps,
            _mm256_fmadd_ps,
            _mm256_max_ps,
            _mm256_min_ps,
            _mm256_sqrt_ps
        );
        compare_avx2!(_mm256_cmp_ps, _mm256_blendv_ps);
        exponent_single!(
            _mm256_castps_si256,
            _mm256_castsi256_ps,
            _mm256_set1_epi32,
            _mm256_add_epi32,
            _mm256_sub_epi32,
            _mm256_and_si256,
            _mm256_slli_epi32,
            _mm256_srli_epi32,
            _mm256_cvtepi32_ps
        );
    }
    impl Register<f64> for __m256d {
        const LANES: usize = 4;
        arithmetic!(
            f64,
            _mm256_set1_pd,
            _mm256_loadu_pd,
            _mm256_storeu_pd,
            _mm256_add_pd,
            _mm256_sub_pd,
            _mm256_mul_pd,
            _mm256_div_pd,
            _mm256_fmadd_pd,
            _mm256_max_pd,
            _mm256_min_pd,
            _mm256_sqrt_pd
        );
        compare_avx2!(_mm256_cmp_pd, _mm256_blendv_pd);
        exponent_double!(
            _mm256_castpd_si256,
            _mm256_castsi256_pd,
            _mm256_set1_epi64x,
            _mm256_add_epi64,
            _mm256_and_si256,
            _mm256_or_si256,
            _mm256_slli_epi64,
            _mm256_srli_epi64
        );
    }
    impl Register<f32> for __m512 {
        const LANES: usize = 16;
        arithmetic!(
            f32,
            _mm512_set1_ps,
            _mm512_loadu_ps,
            _mm512_storeu_ps,
            _mm512_add_ps,
            _mm512_sub_ps,
            _mm512_mul_ps,
            _mm512_div_ps,
            _mm512_fmadd_ps,
            _mm512_max_ps,
            _mm512_min_ps,
            _mm512_sqrt_ps
        );
        compare_avx512!(__mmask16, _mm512_cmp_ps_mask, _mm512_mask_blend_ps);
        #[inline(always)]
        fn scale(self, n: Self) -> Self {
            // SAFETY: the processor has the instruction (see the trait).
            unsafe { _mm512_scalef_ps(self, n) }
        }
        exponent_single!(
            _mm512_castps_si512,
            _mm512_castsi512_ps,
            _mm512_set1_epi32,
            _mm512_add_epi32,
            _mm512_sub_epi32,
            _mm512_and_si512,
            _mm512_slli_epi32,
            _mm512_srli_epi32,
            _mm512_cvtepi32_ps
        );
    }
    impl Register<f64> for __m512d {
        const LANES: usize = 8;
        arithmetic!(
            f64,
            _mm512_set1_pd,
            _mm512_loadu_pd,
            _mm512_storeu_pd,
            _mm512_add_pd,
            _mm512_sub_pd,
            _mm512_mul_pd,
            _mm512_div_pd,
            _mm512_fmadd_pd,
            _mm512_max_pd,
            _mm512_min_pd,
            _mm512_sqrt_pd
        );
        compare_avx512!(__mmask8, _mm512_cmp_pd_mask, _mm512_mask_blend_pd);
        #[inline(always)]
        fn scale(self, n: Self) -> Self {
            // SAFETY: the processor has the instruction (see the trait).
            unsafe { _mm512_scalef_pd(self, n) }
        }
        exponent_double!(
            _mm512_castpd_si512,
            _mm512_castsi512_pd,
            _mm512_set1_epi64,
            _mm512_add_epi64,
            _mm512_and_si512,
            _mm512_or_si512,
            _mm512_slli_epi64,
            _mm512_srli_epi64
        );
    }
}

#[cfg(test)]
mod tests {
    use super::fused;

    /// Bit patterns of all kinds, with exponents that are close to each other more often than not.
    #[test]
    fn multiply_adds_are_rounded_once() {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut next = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        let near = |bits: u64| f32::from_bits((bits as u32 & 0x81ff_ffff) | 0x3e00_0000);
        for round in 0..2_000_000u32 {
            let [x, y, z] = [next(), next(), next()];
            let any = |bits: u64| f32::from_bits((bits >> 16) as u32);
            let (a, b, c) = match round % 4 {
                0 => (any(x), any(y), any(z)),
                1 => (near(x), near(y), near(z)),
                // The sum nearly vanishes, or a tie is nearly one.
                2 => (near(x), near(y), -(near(x) * near(y))),
                _ => (near(x), f32::EPSILON * near(y), near(z)),
            };
            let (found, expected) = (fused(a, b, c), a.mul_add(b, c));
            let is_same =
                found.to_bits() == expected.to_bits() || found.is_nan() && expected.is_nan();
            assert!(is_same, "{a:e} · {b:e} + {c:e}: {found:e}, not {expected:e}");
        }
        // Just beside a tie, of normal numbers and of smaller ones.
        let above = 1.0 + f32::EPSILON;
        let below = 1.0 - f32::EPSILON;
        let [half, quarter] = [0.5 * f32::EPSILON, f32::from_bits(0x1a00_0000)];
        let small = |bits: u32| f32::from_bits((1 << 20) + bits);
        let ties = [
            (above, below * half, 1.0),
            (above, below * half, above),
            (above, -below * half, above),
            (above, above * half, 1.0),
            (above * quarter, below * quarter, small(0)),
            (above * quarter, below * quarter, small(1)),
            (above * quarter, -below * quarter, small(1)),
            (above * quarter, above * quarter, small(0)),
        ];
        for (a, b, c) in ties.into_iter().chain([
            (f32::MAX, 2.0, f32::NEG_INFINITY),
            (f32::INFINITY, 0.0, 1.0),
            (0.0, -1.0, 0.0),
            (-0.0, 1.0, -0.0),
            (f32::MIN_POSITIVE, f32::MIN_POSITIVE, f32::from_bits(1)),
            (f32::MIN_POSITIVE, 0.5, -f32::from_bits(1)),
            (f32::MAX, f32::MAX, 1.0),
        ]) {
            let (found, expected) = (fused(a, b, c), a.mul_add(b, c));
            assert!(found.to_bits() == expected.to_bits() || expected.is_nan() && found.is_nan());
        }
    }
}
