//! The program, tested from outside: one binary, as each has to be linked.

// Helpers outside of #[test] functions fail by unwrapping, as the tests do.
#![allow(clippy::unwrap_used)]

mod bad_input;
mod bench;
mod gradient_protocol;
mod layers;
mod life_of_a_sweep;
mod support;
mod tasks;
mod verify;
