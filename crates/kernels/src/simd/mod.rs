//! One source, every instruction set, the same bits.
//!
//! The body of a [`Kernel`] is written once over [`Lanes`]: sixteen numbers that are processed
//! together, one for each of sixteen rows. [`run`] compiles it for each instruction set and calls
//! the widest one that the processor has. Every operation is the IEEE operation on each lane,
//! multiply-adds are fused exactly where the source says so, and no reduction crosses lanes. So the
//! result does not depend on the instruction set.

pub(crate) mod elementary;
mod float;
mod lanes;
mod level;
mod register;
mod words;

pub use float::{Float, Format};
pub use lanes::{LANES, Lanes};
pub(crate) use lanes::{Pack, Sixteen};
pub use level::{Level, UnknownLevel};
pub(crate) use register::Register;
pub(crate) use words::Words;

/// A kernel over lanes. Mark [`Kernel::run`] `#[inline(always)]`: only inlined code is compiled for
/// the instruction set it runs on.
pub trait Kernel<E: Float> {
    /// What the kernel returns.
    type Output;
    /// The body.
    fn run<V: Lanes<E>>(self) -> Self::Output;
}

/// Runs a kernel on the widest instruction set of this processor.
#[inline]
pub fn run<E: Dispatch, K: Kernel<E>>(kernel: K) -> K::Output {
    struct OnLanes<K>(K);
    impl<E: Float, K: Kernel<E>> MachineKernel<E> for OnLanes<K> {
        type Output = K::Output;
        #[inline(always)]
        fn run<M: Machine<E>>(self) -> K::Output {
            self.0.run::<M::Lanes>()
        }
    }
    E::on_machine(OnLanes(kernel))
}

/// A floating-point type that kernels are compiled for.
pub trait Dispatch: Float {
    /// Runs a kernel on the widest instruction set of this processor.
    #[doc(hidden)]
    fn on_machine<K: MachineKernel<Self>>(kernel: K) -> K::Output;
}

mod sealed {
    /// Registers have safe methods that need their instructions, so nobody else may name some.
    pub trait Sealed {}
}
use sealed::Sealed;

/// The registers of an instruction set, for kernels that need more than lanes (matrix products).
///
/// Sealed: [`Dispatch::on_machine`] chooses among the implementations, by what the processor has.
#[doc(hidden)]
pub trait Machine<E: Float>: Sealed {
    /// The widest register.
    type Wide: Register<E>;
    /// The widest register of words.
    type Words: Words;
    /// Sixteen numbers, in as many registers as that takes.
    type Lanes: Lanes<E>;
    /// Whether there are 32 registers rather than 16.
    const MANY_REGISTERS: bool;

    /// Transposes a square.
    #[inline(always)]
    fn transpose(square: &mut [Self::Lanes; LANES]) {
        let mut turned = [[E::ZERO; LANES]; LANES];
        for (i, row) in square.iter().enumerate() {
            for (turned, x) in turned.iter_mut().zip(row.to_array()) {
                turned[i] = x;
            }
        }
        for (row, turned) in square.iter_mut().zip(&turned) {
            *row = Self::Lanes::of(turned);
        }
    }
}

/// A kernel over the registers of one instruction set.
#[doc(hidden)]
pub trait MachineKernel<E: Float> {
    /// What the kernel returns.
    type Output;
    /// The body; `#[inline(always)]`.
    fn run<M: Machine<E>>(self) -> Self::Output;
}

struct Portable;
impl Sealed for Portable {}
impl<E: Float + Register<E>> Machine<E> for Portable {
    type Wide = E;
    type Words = u32;
    type Lanes = Pack<E, E, 16>;
    const MANY_REGISTERS: bool = false;
}

#[cfg(target_arch = "x86_64")]
mod x86_64 {
    use super::{LANES, Machine, MachineKernel, Pack, Sealed};
    use std::arch::x86_64::*;

    pub(super) struct Avx2;
    impl Sealed for Avx2 {}
    impl Machine<f32> for Avx2 {
        type Wide = __m256;
        type Words = __m256i;
        type Lanes = Pack<f32, __m256, 2>;
        const MANY_REGISTERS: bool = false;
        #[inline(always)]
        fn transpose(square: &mut [Self::Lanes; LANES]) {
            // SAFETY: this machine has AVX2 (see `dispatch`).
            unsafe { transpose_quarters(square) }
        }
    }
    impl Machine<f64> for Avx2 {
        type Wide = __m256d;
        type Words = __m256i;
        type Lanes = Pack<f64, __m256d, 4>;
        const MANY_REGISTERS: bool = false;
    }

    pub(super) struct Avx512;
    impl Sealed for Avx512 {}
    impl Machine<f32> for Avx512 {
        type Wide = __m512;
        type Words = __m512i;
        type Lanes = Pack<f32, __m512, 1>;
        const MANY_REGISTERS: bool = true;
        #[inline(always)]
        fn transpose(square: &mut [Self::Lanes; LANES]) {
            // SAFETY: this machine has AVX-512 (see `dispatch`).
            unsafe { transpose_whole(square) }
        }
    }
    impl Machine<f64> for Avx512 {
        type Wide = __m512d;
        type Words = __m512i;
        type Lanes = Pack<f64, __m512d, 2>;
        const MANY_REGISTERS: bool = true;
    }

    /// Interleaves pairs, then quadruples, then halves of eight rows.
    ///
    /// # Safety
    /// The processor has AVX2.
    #[inline(always)]
    unsafe fn transpose_8x8(r: [__m256; 8]) -> [__m256; 8] {
        // SAFETY: by the contract.
        unsafe {
            let mut pairs = r;
            for i in 0..4 {
                pairs[2 * i] = _mm256_unpacklo_ps(r[2 * i], r[2 * i + 1]);
                pairs[2 * i + 1] = _mm256_unpackhi_ps(r[2 * i], r[2 * i + 1]);
            }
            let mut fours = pairs;
            for i in 0..2 {
                let (a, b) = (4 * i, 4 * i + 2);
                fours[a] = _mm256_shuffle_ps::<0x44>(pairs[a], pairs[b]);
                fours[a + 1] = _mm256_shuffle_ps::<0xee>(pairs[a], pairs[b]);
                fours[a + 2] = _mm256_shuffle_ps::<0x44>(pairs[a + 1], pairs[b + 1]);
                fours[a + 3] = _mm256_shuffle_ps::<0xee>(pairs[a + 1], pairs[b + 1]);
            }
            let mut turned = fours;
            for i in 0..4 {
                turned[i] = _mm256_permute2f128_ps::<0x20>(fours[i], fours[i + 4]);
                turned[i + 4] = _mm256_permute2f128_ps::<0x31>(fours[i], fours[i + 4]);
            }
            turned
        }
    }

    /// Transposes a 16 × 16 square as four of 8 × 8.
    ///
    /// # Safety
    /// The processor has AVX2.
    #[inline(always)]
    unsafe fn transpose_quarters(square: &mut [Pack<f32, __m256, 2>; LANES]) {
        let mut quarters = [[[square[0].registers()[0]; 8]; 2]; 2];
        for i in 0..LANES {
            let [left, right] = square[i].registers();
            quarters[i / 8][0][i % 8] = left;
            quarters[i / 8][1][i % 8] = right;
        }
        // SAFETY: by the contract.
        unsafe {
            quarters[0][0] = transpose_8x8(quarters[0][0]);
            quarters[0][1] = transpose_8x8(quarters[0][1]);
            quarters[1][0] = transpose_8x8(quarters[1][0]);
            quarters[1][1] = transpose_8x8(quarters[1][1]);
        }
        for i in 0..LANES {
            square[i] = Pack::new([quarters[0][i / 8][i % 8], quarters[1][i / 8][i % 8]]);
        }
    }

    /// Interleaves pairs, then quadruples of sixteen rows, then exchanges quarters of registers.
    ///
    /// # Safety
    /// The processor has AVX-512 F.
    #[inline(always)]
    unsafe fn transpose_whole(square: &mut [Pack<f32, __m512, 1>; LANES]) {
        let mut r = [square[0].registers()[0]; LANES];
        for i in 0..LANES {
            r[i] = square[i].registers()[0];
        }
        // SAFETY: by the contract.
        unsafe {
            let mut pairs = r;
            for i in 0..8 {
                pairs[2 * i] = _mm512_unpacklo_ps(r[2 * i], r[2 * i + 1]);
                pairs[2 * i + 1] = _mm512_unpackhi_ps(r[2 * i], r[2 * i + 1]);
            }
            // Register 4i + c: columns c, c + 4, c + 8 and c + 12 of rows 4i to 4i + 3.
            let mut fours = pairs;
            for i in 0..4 {
                let (a, b) = (4 * i, 4 * i + 2);
                fours[a] = _mm512_shuffle_ps::<0x44>(pairs[a], pairs[b]);
                fours[a + 1] = _mm512_shuffle_ps::<0xee>(pairs[a], pairs[b]);
                fours[a + 2] = _mm512_shuffle_ps::<0x44>(pairs[a + 1], pairs[b + 1]);
                fours[a + 3] = _mm512_shuffle_ps::<0xee>(pairs[a + 1], pairs[b + 1]);
            }
            for c in 0..4 {
                let even = _mm512_shuffle_f32x4::<0x88>(fours[c], fours[c + 4]);
                let odd = _mm512_shuffle_f32x4::<0xdd>(fours[c], fours[c + 4]);
                let more_even = _mm512_shuffle_f32x4::<0x88>(fours[c + 8], fours[c + 12]);
                let more_odd = _mm512_shuffle_f32x4::<0xdd>(fours[c + 8], fours[c + 12]);
                r[c] = _mm512_shuffle_f32x4::<0x88>(even, more_even);
                r[c + 4] = _mm512_shuffle_f32x4::<0x88>(odd, more_odd);
                r[c + 8] = _mm512_shuffle_f32x4::<0xdd>(even, more_even);
                r[c + 12] = _mm512_shuffle_f32x4::<0xdd>(odd, more_odd);
            }
        }
        for i in 0..LANES {
            square[i] = Pack::new([r[i]]);
        }
    }

    macro_rules! machine {
        ($real:ident, $avx2:ident, $avx512:ident) => {
            #[target_feature(enable = "avx2,fma,bmi2")]
            pub(super) fn $avx2<K: MachineKernel<$real>>(kernel: K) -> K::Output {
                kernel.run::<Avx2>()
            }
            #[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx2,fma,bmi2")]
            pub(super) fn $avx512<K: MachineKernel<$real>>(kernel: K) -> K::Output {
                kernel.run::<Avx512>()
            }
        };
    }
    machine!(f32, single_avx2, single_avx512);
    machine!(f64, double_avx2, double_avx512);
}

macro_rules! dispatch {
    ($real:ident, $avx2:ident, $avx512:ident) => {
        impl Dispatch for $real {
            #[inline]
            fn on_machine<K: MachineKernel<Self>>(kernel: K) -> K::Output {
                match Level::current() {
                    // SAFETY: a level is current only if the processor has its instructions.
                    #[cfg(target_arch = "x86_64")]
                    Level::Avx512 => unsafe { x86_64::$avx512(kernel) },
                    // SAFETY: as above.
                    #[cfg(target_arch = "x86_64")]
                    Level::Avx2 => unsafe { x86_64::$avx2(kernel) },
                    _ => kernel.run::<Portable>(),
                }
            }
        }
    };
}
dispatch!(f32, single_avx2, single_avx512);
dispatch!(f64, double_avx2, double_avx512);
