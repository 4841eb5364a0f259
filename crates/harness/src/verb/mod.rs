//! The verbs of the command line, one file each: the arguments of a verb and what it does.

mod bench;
mod exit;
mod figure;
mod list;
mod list_for;
mod list_keys;
mod list_pages;
mod picture;
mod plan;
mod predict;
mod report;
mod selection;
mod sweep;
mod train;
mod verify;

pub use bench::Bench;
pub use exit::Exit;
pub use figure::Figure;
pub use list::List;
pub use plan::Plan;
pub use predict::Predict;
pub use report::Report;
pub use selection::{Format, Selection};
pub use sweep::{Shard, Sweep};
pub use train::Train;
pub use verify::Verify;

use crate::{Program, Registries};
use anyhow::Result;
use clap::{Parser, Subcommand};

const ENVIRONMENT: &str = "\
Environment:
  ARGMAX_LAB_SIMD  Widest instruction set to use: portable, avx2 or avx512; results are the same";

/// Find out which estimator trains a network through argmax: run seeded sweeps of gradient
/// estimators and report convergence, bias and variance.
#[derive(Debug, Parser)]
#[command(name = Program::HARNESS.name, version, max_term_width = 100, after_help = ENVIRONMENT)]
pub struct Arguments {
    /// What to do
    #[command(subcommand)]
    pub verb: Verb,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Do the missing runs of experiments, then write tables, plots and report
    Sweep(Sweep),
    /// Show what a sweep would do: its cells, with finished, failed and missing runs
    Plan(Plan),
    /// Write tables, plots and report again, from the stored runs
    Report(Report),
    /// Draw one figure of stored runs: a task, a few estimators, a width; as SVG or PNG
    Figure(Figure),
    /// Train one network of an experiment, and store it for `predict`
    Train(Train),
    /// Predict the rows of a CSV file with a network that `train` wrote
    Predict(Predict),
    /// List estimators, tasks, optimizers, experiments or keys of experiment files, or show the page of one
    List(List),
    /// Check estimators against reference tables: mean, variance, loss and parameter gradients
    Verify(Verify),
    /// Time the training steps of a fixed workload
    Bench(Bench),
}

impl Verb {
    /// Does what the verb says.
    ///
    /// # Errors
    /// If the arguments or the input are invalid, or a file cannot be read or written.
    pub fn run(&self, program: Program, registries: &Registries) -> Result<Exit> {
        match self {
            Self::Sweep(sweep) => sweep.run(program, registries),
            Self::Plan(plan) => plan.run(registries),
            Self::Report(report) => report.run(program, registries),
            Self::Figure(figure) => figure.run(registries),
            Self::Train(train) => train.run(program, registries),
            Self::Predict(predict) => predict.run(),
            Self::List(list) => list.run(program, registries),
            Self::Verify(verify) => verify.run(registries),
            Self::Bench(bench) => bench.run(registries),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }
}
