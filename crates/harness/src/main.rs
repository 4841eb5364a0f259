//! The command line of argmax-lab.

use harness::{Registries, run};
use std::process::ExitCode;

fn main() -> ExitCode {
    run(&Registries::standard())
}
