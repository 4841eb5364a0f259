use crate::verb::{self, Arguments, VARIABLE};
use crate::{Program, Registries, output};
use clap::FromArgMatches;
use clap_complete::CompleteEnv;
use kernels::simd::Level;
use std::process::ExitCode;

/// Does what the command line says, and returns the exit code: 0 for success, 1 if a check failed or
/// more runs failed than were allowed, 2 for an error of usage or input, 130 if the user interrupted
/// it.
///
/// `program` is the caller: [`program!()`](crate::program).
pub fn run(program: Program, registries: &Registries) -> ExitCode {
    let arguments = parse(program, registries);
    if let Some(warning) = warning(kernels::OPTIMIZED) {
        note!("{warning}");
    }
    let level = Level::cap_from_environment().map_err(anyhow::Error::from);
    if matches!(level, Ok(Some(Level::Portable))) && Level::detected() > Level::Portable {
        note!("note: without the instructions of this processor, runs take many times as long");
    }
    let ended = level.and_then(|_| arguments.verb.run(program, registries));
    let ended = ended.and_then(|exit| match output::failure() {
        Some(error) => Err(anyhow::Error::from(error).context("the output cannot be written")),
        None => Ok(exit),
    });
    match ended {
        Ok(exit) => ExitCode::from(exit as u8),
        Err(error) => {
            note!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// The arguments; help, version and errors of usage end the program.
fn parse(program: Program, registries: &Registries) -> Arguments {
    // A shell that asks for completions gets them, and the program ends here.
    CompleteEnv::with_factory(|| verb::command(program, registries)).var(VARIABLE).complete();
    let command = verb::command(program, registries);
    let parsed = Arguments::from_arg_matches(&command.get_matches());
    parsed.unwrap_or_else(|error| error.exit())
}

/// Profiles come from the workspace of the program: one of a user's has to ask for optimization.
fn warning(is_optimized: bool) -> Option<&'static str> {
    (!is_optimized).then_some(
        "warning: built without optimization, which is hundreds of times slower; use `--release`, or add to \
         the Cargo.toml of your workspace:\n\n[profile.dev]\nopt-level = 3\n",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_unoptimized_program_is_warned_of() {
        assert_eq!(warning(true), None);
        let warning = warning(false).expect("a warning");
        assert!(warning.starts_with("warning: "));
        let (_, lines) = warning.split_once("\n\n").expect("lines to add");
        let table: toml::Table = lines.parse().expect("TOML");
        assert_eq!(table["profile"]["dev"]["opt-level"].as_integer(), Some(3));
    }

    /// The profile of this workspace is optimized.
    #[test]
    fn this_build_is_optimized() {
        assert_eq!(warning(kernels::OPTIMIZED), None);
    }
}
