//! The command line of argmax-lab, with one more estimator.

use harness::{Registries, program, run};
use own_estimator::HardArgmax;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut registries = Registries::standard();
    registries.estimators = registries.estimators.with::<HardArgmax>();
    run(program!(), &registries)
}
