//! The tests of the crate in one binary. `levels.rs` is a process of its own, because it changes
//! the instruction set that kernels run on.

// A test that cannot be set up fails.
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
