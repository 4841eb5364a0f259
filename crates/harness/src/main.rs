//! The command line of argmax-lab.

use harness::{Registries, program, run};
use std::process::ExitCode;

fn main() -> ExitCode {
    run(program!(), &Registries::standard())
}
