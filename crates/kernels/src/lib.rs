//! Deterministic CPU kernels as dfdx tape operations, and named noise streams.
//!
//! Everything here gives the same bits on every machine, for any number of threads and any width of
//! vector registers: elementary functions are this crate's own, reductions have one fixed order, and
//! nothing in it starts a thread.

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

pub use network::{
    Activation, Adam, AdamConstants, Data, Dense, Initial, Input, Layer, Parameters, Perceptron,
    Vector,
};
pub use noise::Noise;
pub use packed::Packed;
pub use pool::Buffer;
pub use real::Real;
