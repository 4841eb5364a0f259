//! The verbs of the command line, one file each: the arguments of a verb and what it does.

mod bench;
mod compare;
mod completions;
mod exit;
mod export;
mod figure;
mod init;
mod list;
mod list_for;
mod list_keys;
mod list_pages;
mod merge;
mod picture;
mod plan;
mod predict;
mod quantities;
mod report;
mod reproduce;
mod rows;
mod schema;
mod selection;
mod slurm;
mod status;
mod sweep;
mod train;
mod verify;
mod work;

pub use bench::Bench;
pub use compare::Compare;
pub(crate) use completions::VARIABLE;
pub use completions::{Completions, Man, command};
pub use exit::Exit;
pub use export::Export;
pub use figure::Figure;
pub use init::Init;
pub use list::List;
pub use merge::Merge;
pub use plan::Plan;
pub use predict::Predict;
pub use quantities::Shard;
pub use report::Report;
pub use reproduce::Reproduce;
pub use schema::SchemaOf;
pub use selection::{Format, Selection};
pub use slurm::Slurm;
pub use status::Status;
pub use sweep::Sweep;
pub use train::Train;
pub use verify::Verify;
pub use work::Work;

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
    /// Write an experiment of your own to start from
    Init(Init),
    /// Do the missing runs of experiments, then write tables, plots and report
    Sweep(Sweep),
    /// Show what a sweep would do: its cells, with finished, failed and missing runs
    Plan(Plan),
    /// Show how far sweeps are, also while they run
    Status(Status),
    /// Collect the runs of other results folders, and write the report of all
    Merge(Merge),
    /// Write job scripts for Slurm, and submit them if you like
    Slurm(Slurm),
    /// Write tables, plots and report again, from the stored runs
    Report(Report),
    /// Draw one figure of stored runs: a task, a few estimators, a width; as SVG or PNG
    Figure(Figure),
    /// Compare two results, cell by cell and paired by seed
    Compare(Compare),
    /// Do all runs afresh, and compare the results with those that are there
    Reproduce(Reproduce),
    /// Write the curve of every run as a table, or for TensorBoard
    Export(Export),
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
    /// Print the JSON Schema of experiment files, for editors
    Schema(SchemaOf),
    /// Print what a shell needs to complete commands, kinds and experiments
    Completions(Completions),
    /// Print the manual page
    Man(Man),
    /// Do runs for `sweep --isolate`
    #[command(hide = true)]
    Work(Work),
}

impl Verb {
    /// Does what the verb says.
    ///
    /// # Errors
    /// If the arguments or the input are invalid, or a file cannot be read or written.
    pub fn run(&self, program: Program, registries: &Registries) -> Result<Exit> {
        match self {
            Self::Init(init) => init.run(program, registries),
            Self::Sweep(sweep) => sweep.run(program, registries),
            Self::Plan(plan) => plan.run(registries),
            Self::Status(status) => status.run(registries),
            Self::Merge(merge) => merge.run(program, registries),
            Self::Slurm(slurm) => slurm.run(program, registries),
            Self::Report(report) => report.run(program, registries),
            Self::Figure(figure) => figure.run(registries),
            Self::Compare(compare) => compare.run(),
            Self::Reproduce(reproduce) => reproduce.run(program, registries),
            Self::Export(export) => export.run(registries),
            Self::Train(train) => train.run(program, registries),
            Self::Predict(predict) => predict.run(),
            Self::List(list) => list.run(program, registries),
            Self::Verify(verify) => verify.run(registries),
            Self::Bench(bench) => bench.run(registries),
            Self::Schema(schema) => schema.run(registries),
            Self::Completions(completions) => completions.run(program),
            Self::Man(man) => man.run(program, registries),
            Self::Work(work) => work.run(registries),
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
