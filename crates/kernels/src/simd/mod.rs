//! One source, every instruction set, the same bits.
//!
//! A kernel is a [`Task`]: its body is written once over [`Lanes`], sixteen numbers that are worked
//! on side by side, one for each of sixteen rows. [`run`] compiles it for each instruction set and
//! calls the widest that the processor has. Every operation is an IEEE operation on each lane
//! alone, with the fused multiply-add where the source says so, and no reduction runs across lanes:
//! so the result does not depend on which was called.

mod lanes;
mod level;
mod register;

pub use lanes::{LANES, Lanes, Pack};
pub use level::Level;
pub use register::Register;

use crate::Real;

/// A kernel over lanes. Mark [`Task::run`] `#[inline(always)]`: only what is inlined is compiled
/// for the instruction set it runs on.
pub trait Task<E: Real> {
    /// What the kernel returns.
    type Output;
    /// The body.
    fn run<V: Lanes<E>>(self) -> Self::Output;
}

/// Runs a kernel on the widest instruction set of this processor.
#[inline]
pub fn run<E: Real, T: Task<E>>(task: T) -> T::Output {
    struct OnLanes<T>(T);
    impl<E: Real, T: Task<E>> MachineTask<E> for OnLanes<T> {
        type Output = T::Output;
        #[inline(always)]
        fn run<M: Machine<E>>(self) -> T::Output {
            self.0.run::<M::Lanes>()
        }
    }
    E::on_machine(OnLanes(task))
}

/// The registers of an instruction set, for kernels that need them by name (matrix products).
#[doc(hidden)]
pub trait Machine<E: Real> {
    /// The widest register.
    type Wide: Register<E>;
    /// One of half that width.
    type Half: Register<E>;
    /// Sixteen numbers in as many registers as they need.
    type Lanes: Lanes<E>;
    /// Whether there are 32 registers rather than 16.
    const MANY_REGISTERS: bool;

    /// Exchanges rows and columns of a square tile.
    #[inline(always)]
    fn transpose(tile: &mut [[E; TILE]; TILE]) {
        let rows = *tile;
        for (i, row) in tile.iter_mut().enumerate() {
            for (x, from) in row.iter_mut().zip(&rows) {
                *x = from[i];
            }
        }
    }
}

/// Side of the tiles that [`Machine::transpose`] exchanges.
#[doc(hidden)]
pub const TILE: usize = 8;

/// A kernel over the registers of one instruction set.
#[doc(hidden)]
pub trait MachineTask<E: Real> {
    /// What the kernel returns.
    type Output;
    /// The body; `#[inline(always)]`.
    fn run<M: Machine<E>>(self) -> Self::Output;
}

struct Portable;
impl<E: Real + Register<E>> Machine<E> for Portable {
    type Wide = E;
    type Half = E;
    type Lanes = Pack<E, E, 16>;
    const MANY_REGISTERS: bool = false;
}

#[cfg(target_arch = "x86_64")]
mod x86_64 {
    use super::{Machine, MachineTask, Pack, TILE};
    use std::arch::x86_64::*;

    pub(super) struct Avx2;
    impl Machine<f32> for Avx2 {
        type Wide = __m256;
        type Half = __m256;
        type Lanes = Pack<f32, __m256, 2>;
        const MANY_REGISTERS: bool = false;
        #[inline(always)]
        fn transpose(tile: &mut [[f32; TILE]; TILE]) {
            // SAFETY: this machine has AVX2 (see `dispatch`).
            unsafe { transpose_8x8(tile) }
        }
    }
    impl Machine<f64> for Avx2 {
        type Wide = __m256d;
        type Half = __m256d;
        type Lanes = Pack<f64, __m256d, 4>;
        const MANY_REGISTERS: bool = false;
    }

    pub(super) struct Avx512;
    impl Machine<f32> for Avx512 {
        type Wide = __m512;
        type Half = __m256;
        type Lanes = Pack<f32, __m512, 1>;
        const MANY_REGISTERS: bool = true;
        #[inline(always)]
        fn transpose(tile: &mut [[f32; TILE]; TILE]) {
            // SAFETY: this machine has AVX2 (see `dispatch`).
            unsafe { transpose_8x8(tile) }
        }
    }
    impl Machine<f64> for Avx512 {
        type Wide = __m512d;
        type Half = __m256d;
        type Lanes = Pack<f64, __m512d, 2>;
        const MANY_REGISTERS: bool = true;
    }

    /// Pairs, quadruples and halves of rows are interleaved in turn.
    ///
    /// # Safety
    /// The processor has AVX2.
    #[inline(always)]
    unsafe fn transpose_8x8(tile: &mut [[f32; TILE]; TILE]) {
        // SAFETY: AVX2 by the contract; each row is eight numbers, read and written unaligned.
        unsafe {
            let mut r = [_mm256_setzero_ps(); TILE];
            for i in 0..TILE {
                r[i] = _mm256_loadu_ps(tile[i].as_ptr());
            }
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
            for i in 0..4 {
                let low = _mm256_permute2f128_ps::<0x20>(fours[i], fours[i + 4]);
                let high = _mm256_permute2f128_ps::<0x31>(fours[i], fours[i + 4]);
                _mm256_storeu_ps(tile[i].as_mut_ptr(), low);
                _mm256_storeu_ps(tile[i + 4].as_mut_ptr(), high);
            }
        }
    }

    macro_rules! machine {
        ($real:ident, $avx2:ident, $avx512:ident) => {
            #[target_feature(enable = "avx2,fma,bmi2")]
            pub(super) fn $avx2<T: MachineTask<$real>>(task: T) -> T::Output {
                task.run::<Avx2>()
            }
            #[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx2,fma,bmi2")]
            pub(super) fn $avx512<T: MachineTask<$real>>(task: T) -> T::Output {
                task.run::<Avx512>()
            }
        };
    }
    machine!(f32, single_avx2, single_avx512);
    machine!(f64, double_avx2, double_avx512);
}

macro_rules! dispatch {
    ($real:ident, $avx2:ident, $avx512:ident) => {
        #[inline]
        pub(crate) fn $real<T: MachineTask<$real>>(task: T) -> T::Output {
            match Level::current() {
                // SAFETY: a level is current only if the processor has its instructions.
                #[cfg(target_arch = "x86_64")]
                Level::Avx512 => unsafe { x86_64::$avx512(task) },
                // SAFETY: as above.
                #[cfg(target_arch = "x86_64")]
                Level::Avx2 => unsafe { x86_64::$avx2(task) },
                _ => task.run::<Portable>(),
            }
        }
    };
}
dispatch!(f32, single_avx2, single_avx512);
dispatch!(f64, double_avx2, double_avx512);
