//! Registers of 32-bit words, for random number generators.

/// A register of words.
///
/// As with [`super::Register`], implementations are only sound to call if the processor has the
/// instructions.
#[doc(hidden)]
pub trait Words: Copy + 'static {
    /// How many words it holds.
    const LANES: usize;
    /// `x` in every lane.
    fn splat(x: u32) -> Self;
    /// Reads [`Words::LANES`] words.
    ///
    /// # Panics
    /// If there are fewer.
    fn read(from: &[u32]) -> Self;
    /// self + b, modulo 2³²
    fn add(self, b: Self) -> Self;
    /// self ⊕ b
    fn xor(self, b: Self) -> Self;
    /// Rotates the bits left by `N`; `REST` is 32 − `N`.
    fn rotate<const N: i32, const REST: i32>(self) -> Self;
    /// Writes [`Words::LANES`] words.
    ///
    /// # Panics
    /// If they do not fit.
    fn write(self, to: &mut [u32]);
}

impl Words for u32 {
    const LANES: usize = 1;
    #[inline(always)]
    fn splat(x: u32) -> Self {
        x
    }
    #[inline(always)]
    fn read(from: &[u32]) -> Self {
        from[0]
    }
    #[inline(always)]
    fn add(self, b: Self) -> Self {
        self.wrapping_add(b)
    }
    #[inline(always)]
    fn xor(self, b: Self) -> Self {
        self ^ b
    }
    #[inline(always)]
    fn rotate<const N: i32, const REST: i32>(self) -> Self {
        self.rotate_left(N as u32)
    }
    #[inline(always)]
    fn write(self, to: &mut [u32]) {
        to[0] = self;
    }
}

#[cfg(target_arch = "x86_64")]
mod x86_64 {
    use super::Words;
    use std::arch::x86_64::*;

    impl Words for __m256i {
        const LANES: usize = 8;
        #[inline(always)]
        fn splat(x: u32) -> Self {
            // SAFETY: the processor has the instruction (see the trait).
            unsafe { _mm256_set1_epi32(x as i32) }
        }
        #[inline(always)]
        fn read(from: &[u32]) -> Self {
            let from: &[u32] = &from[..Self::LANES];
            // SAFETY: as above, and there are eight words; the load is unaligned.
            unsafe { _mm256_loadu_si256(from.as_ptr().cast()) }
        }
        #[inline(always)]
        fn add(self, b: Self) -> Self {
            // SAFETY: as above.
            unsafe { _mm256_add_epi32(self, b) }
        }
        #[inline(always)]
        fn xor(self, b: Self) -> Self {
            // SAFETY: as above.
            unsafe { _mm256_xor_si256(self, b) }
        }
        #[inline(always)]
        fn rotate<const N: i32, const REST: i32>(self) -> Self {
            const { assert!(N + REST == 32) };
            // SAFETY: as above.
            unsafe {
                _mm256_or_si256(_mm256_slli_epi32::<N>(self), _mm256_srli_epi32::<REST>(self))
            }
        }
        #[inline(always)]
        fn write(self, to: &mut [u32]) {
            let to: &mut [u32] = &mut to[..Self::LANES];
            // SAFETY: as above, and there is room for eight words; the store is unaligned.
            unsafe { _mm256_storeu_si256(to.as_mut_ptr().cast(), self) }
        }
    }

    impl Words for __m512i {
        const LANES: usize = 16;
        #[inline(always)]
        fn splat(x: u32) -> Self {
            // SAFETY: the processor has the instruction (see the trait).
            unsafe { _mm512_set1_epi32(x as i32) }
        }
        #[inline(always)]
        fn read(from: &[u32]) -> Self {
            let from: &[u32] = &from[..Self::LANES];
            // SAFETY: as above, and there are sixteen words; the load is unaligned.
            unsafe { _mm512_loadu_si512(from.as_ptr().cast()) }
        }
        #[inline(always)]
        fn add(self, b: Self) -> Self {
            // SAFETY: as above.
            unsafe { _mm512_add_epi32(self, b) }
        }
        #[inline(always)]
        fn xor(self, b: Self) -> Self {
            // SAFETY: as above.
            unsafe { _mm512_xor_si512(self, b) }
        }
        #[inline(always)]
        fn rotate<const N: i32, const REST: i32>(self) -> Self {
            // SAFETY: as above.
            unsafe { _mm512_rol_epi32::<N>(self) }
        }
        #[inline(always)]
        fn write(self, to: &mut [u32]) {
            let to: &mut [u32] = &mut to[..Self::LANES];
            // SAFETY: as above, and there is room for sixteen words; the store is unaligned.
            unsafe { _mm512_storeu_si512(to.as_mut_ptr().cast(), self) }
        }
    }
}
