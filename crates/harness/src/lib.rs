//! The command line of argmax-lab, as a library: experiments in, results and report out.
//!
//! With an estimator or a task of your own, the whole command line is ten lines:
//!
//! ```no_run
//! use harness::{Registries, run};
//! use std::process::ExitCode;
//!
//! fn main() -> ExitCode {
//!     let registries = Registries::standard();
//!     // registries.estimators = registries.estimators.with::<MyEstimator>();
//!     run(&registries)
//! }
//! ```

/// Prints a line; a reader that has gone away, as `head` does, is no fault.
macro_rules! say {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stdout().lock(), $($text)*);
    }};
}

pub mod bench;
pub mod cli;
pub mod execute;
pub mod experiment;
pub mod figures;
pub mod interrupt;
pub mod manifest;
pub mod page;
pub mod progress;
pub mod record;
pub mod report;
pub mod results;
pub mod run;
pub mod schedule;
pub mod store;
pub mod verb;

use clap::Parser;
use cli::{Arguments, Verb};
use kernels::simd::Level;
use std::process::ExitCode;

/// What an experiment file can name.
#[derive(Clone)]
pub struct Registries {
    /// The estimators.
    pub estimators: estimators::Registry,
    /// The tasks.
    pub tasks: model::Registry,
}

impl Registries {
    /// The estimators and tasks of this workspace.
    pub fn standard() -> Self {
        Self { estimators: estimators::Registry::standard(), tasks: model::Registry::standard() }
    }
}

/// Does what the command line says, and returns the exit code: 0 if all is well, 1 if runs failed
/// beyond what was allowed, 2 for an error of usage or input, 130 if the user stopped it.
pub fn run(registries: &Registries) -> ExitCode {
    let arguments = Arguments::parse();
    let begun = Level::cap_of_environment().map_err(anyhow::Error::from);
    let ended = begun.and_then(|_| match &arguments.verb {
        Verb::Sweep(sweep) => verb::sweep(sweep, registries),
        Verb::Plan(plan) => verb::plan(plan, registries),
        Verb::Report(report) => verb::report(report, registries),
        Verb::List(list) => verb::list(list, registries),
        Verb::Verify(verify) => verb::verify(verify, registries),
        Verb::Bench(bench) => verb::bench(bench, registries),
    });
    match ended {
        Ok(exit) => ExitCode::from(exit as u8),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}
