//! The command line of argmax-lab, as a library: experiments in, results and report out.
//!
//! The modules are the steps from a question to its report, in this order: [`experiment`] (the
//! question), [`plan`] (its runs), [`mod@run`] (executing them), [`record`] (what is stored), [`results`]
//! (statistics of the records), [`report`] (tables, figures and pages), [`verb`] (the command line).
//!
//! With an estimator, a task or an optimizer of your own, the whole command line is ten lines, as in the crate
//! `docs/own-estimator`:
//!
//! ```no_run
//! use harness::{Registries, program, run};
//! use std::process::ExitCode;
//!
//! fn main() -> ExitCode {
//!     let registries = Registries::standard();
//!     // registries.estimators = registries.estimators.with::<MyEstimator>();
//!     run(program!(), &registries)
//! }
//! ```

// `say!` and `note!` survive that nobody reads them.
#![deny(clippy::print_stdout, clippy::print_stderr)]

/// Prints a line of what was asked for.
macro_rules! say {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        $crate::output::result(writeln!(std::io::stdout().lock(), $($text)*));
    }};
}

/// Prints a line for the user beside what was asked for. That nobody reads it changes nothing.
macro_rules! note {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr().lock(), $($text)*);
    }};
}

pub mod comparison;
pub mod experiment;
pub mod files;
mod machine;
pub mod plan;
pub mod record;
mod registries;
pub mod report;
pub mod results;
pub mod run;
mod shell;
pub mod throughput;
pub mod verb;

pub use command_line::run;
pub use program::Program;
pub use registries::Registries;

mod command_line;
mod output;
mod program;
