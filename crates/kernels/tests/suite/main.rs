//! The kernels, tested through their public interface: one binary, as each has to be linked.
//! `levels.rs` has a process of its own, since it changes the instruction set of the process.

// A test that cannot be set up has failed.
#![allow(clippy::unwrap_used)]

mod edges;
mod elementary;
mod noise;
mod optimizer;
mod packed;
mod parameters;
mod product;
mod reference;
mod rows;
mod sources;
mod tape;
