//! Deterministic CPU kernels as dfdx tape operations, and named noise streams.
//!
//! Everything here gives the same bits on every machine, for any number of threads and any width of
//! vector registers: elementary functions are this crate's own, reductions have one fixed order, and
//! nothing in it starts a thread.

mod dense;
mod elementary;
mod noise;
mod normal;
mod optimizer;
mod packed;
mod parameters;
mod perceptron;
pub mod product;
mod real;
mod recycle;
pub mod rows;
mod rowwise;
pub mod simd;
pub mod tape;

pub use dense::{Activation, Dense};
pub use elementary::tanh;
pub use noise::Noise;
pub use optimizer::{Optimizer, OptimizerState};
pub use packed::Packed;
pub use parameters::{Initial, Layer, Parameters};
pub use perceptron::{Data, Input, Perceptron};
pub use real::Real;
pub use recycle::Buffer;
