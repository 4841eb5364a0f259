//! Deterministic CPU kernels as dfdx tape operations, and named noise streams.
//!
//! Every result has the same bits on every machine, for any number of threads and any width of
//! vector registers: the crate has its own elementary functions, each reduction has one fixed
//! order, and nothing starts a thread.

mod device;
mod network;
mod noise;
mod normal;
mod packed;
mod pool;
pub mod product;
mod real;
pub mod rows;
mod rowwise;
pub mod simd;
pub mod tape;

#[doc(hidden)]
pub use device::{HasDevice, HasVec, OnCpu};
pub use network::{
    Activation, Adam, AdamConstants, Data, Dense, Initial, Initialization, Input, Layer,
    Parameters, Perceptron, Vector,
};
pub use noise::Noise;
pub use packed::Packed;
pub use pool::Buffer;
pub use real::Real;

/// Whether this crate is compiled with optimization (level 2 or 3). Without it a training step takes
/// hundreds of times as long.
///
/// Cargo takes profiles from the workspace of the program, so a program outside this workspace says in
/// its own `Cargo.toml`:
///
/// ```toml
/// [profile.dev]
/// opt-level = 3
/// ```
pub const OPTIMIZED: bool = cfg!(optimized);
