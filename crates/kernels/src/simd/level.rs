//! The instruction set that kernels run on.

use std::fmt;
use std::sync::atomic::{AtomicU8, Ordering};

/// An instruction set that kernels are compiled for. It affects speed, never results.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Scalar code with fused multiply-add (in software if the processor has none).
    Portable,
    /// AVX2 with FMA: x86-64 from 2013 on.
    Avx2,
    /// AVX-512 F, DQ, BW, VL.
    Avx512,
}

/// The environment variable that caps the instruction set.
const VARIABLE: &str = "ARGMAX_LAB_SIMD";
const UNKNOWN: u8 = u8::MAX;
static CURRENT: AtomicU8 = AtomicU8::new(UNKNOWN);

/// An unknown level in the environment variable `ARGMAX_LAB_SIMD`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownLevel(String);

impl fmt::Display for UnknownLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let allowed = Level::ALL.map(Level::name).join(", ");
        write!(f, "unknown instruction set {VARIABLE} = `{}`; allowed: {allowed}", self.0)
    }
}

impl std::error::Error for UnknownLevel {}

impl Level {
    /// All levels, narrowest first.
    pub const ALL: [Self; 3] = [Self::Portable, Self::Avx2, Self::Avx512];

    /// The widest level that the environment variable `ARGMAX_LAB_SIMD` (`portable`, `avx2`,
    /// `avx512`) allows, or `None` if it is unset or empty.
    ///
    /// # Errors
    /// If it is not the name of a level.
    pub fn cap_from_environment() -> Result<Option<Self>, UnknownLevel> {
        let value = std::env::var_os(VARIABLE).unwrap_or_default();
        match value.to_string_lossy() {
            name if name.is_empty() => Ok(None),
            name => Self::named(&name).map(Some).ok_or_else(|| UnknownLevel(name.into_owned())),
        }
    }

    /// The level that kernels run on: the widest of this processor that
    /// [`Self::cap_from_environment`] allows. An invalid cap is ignored.
    #[inline]
    pub fn current() -> Self {
        match CURRENT.load(Ordering::Relaxed) {
            0 => Self::Portable,
            1 => Self::Avx2,
            2 => Self::Avx512,
            _ => Self::Avx512.cap(Self::cap_from_environment().ok().flatten()),
        }
    }

    /// Makes the kernels of this process run on `level`, or on the widest level below it that the
    /// processor has, and returns that level. For tests and benchmarks that compare levels.
    pub fn force(level: Self) -> Self {
        level.cap(None)
    }

    /// The widest level of this processor.
    pub fn detected() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            let avx2 = is_x86_feature_detected!("avx2")
                && is_x86_feature_detected!("fma")
                && is_x86_feature_detected!("bmi2");
            let avx512 = is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512vl");
            match (avx2, avx512) {
                (true, true) => Self::Avx512,
                (true, false) => Self::Avx2,
                _ => Self::Portable,
            }
        }
        #[cfg(not(target_arch = "x86_64"))]
        Self::Portable
    }

    /// The level's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Portable => "portable",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
        }
    }

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.name() == name)
    }

    #[cold]
    fn cap(self, cap: Option<Self>) -> Self {
        let level = self.min(cap.unwrap_or(self)).min(Self::detected());
        CURRENT.store(level as u8, Ordering::Relaxed);
        level
    }
}
