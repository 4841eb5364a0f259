use crate::Registries;
use crate::verb::Arguments;
use clap::Parser;
use kernels::simd::Level;
use std::process::ExitCode;

/// Does what the command line says, and returns the exit code: 0 for success, 1 if a check failed or
/// more runs failed than were allowed, 2 for an error of usage or input, 130 if the user interrupted
/// it.
pub fn run(registries: &Registries) -> ExitCode {
    let arguments = Arguments::parse();
    let level = Level::cap_from_environment().map_err(anyhow::Error::from);
    match level.and_then(|_| arguments.verb.run(registries)) {
        Ok(exit) => ExitCode::from(exit as u8),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}
