//! What packed matrices and their buffers are made of.

use crate::simd::LANES;

/// [`LANES`] numbers, aligned for every register.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, Default)]
#[repr(C, align(64))]
pub struct Sixteen<E>(pub(crate) [E; LANES]);
