//! Tests of the program from outside, in one binary to save link time.

// Helpers outside of #[test] functions may unwrap, as the tests do.
#![allow(clippy::unwrap_used)]

mod around_a_sweep;
mod bad_input;
mod bench;
mod committed;
mod compare;
mod damage;
mod data_sets;
mod expected;
mod fuzz;
mod gradient_protocol;
mod independent;
mod isolation;
mod laws_of_the_pipeline;
mod layers;
mod life_of_a_sweep;
mod network;
mod other_settings;
mod report;
mod schema;
mod slurm;
mod support;
mod tasks;
mod tuning;
mod verify;
mod worked_results;
