//! What can be typed.

use crate::bench::WORKLOADS;
use crate::record::Outcome;
use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use std::time::Duration;

const ENVIRONMENT: &str = "\
Environment:
  ARGMAX_LAB_SIMD  portable, avx2 or avx512: the widest instruction set; results are the same";

/// Which estimator trains a network through argmax? Runs seeded sweeps of gradient estimators, and
/// reports convergence, bias and variance.
#[derive(Debug, Parser)]
#[command(name = "harness", version, max_term_width = 100, after_help = ENVIRONMENT)]
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
    /// Show what a sweep would do: every cell, with the runs that are done and missing
    Plan(Plan),
    /// Write tables, plots and report again, from the stored runs
    Report(Report),
    /// Show the estimators, tasks or experiments there are, or the page of one
    List(List),
    /// Hold estimators against reference tables: mean, variance, loss and parameter gradients
    Verify(Verify),
    /// Time training steps of a fixed workload
    Bench(Bench),
}

/// Which runs.
#[derive(Clone, Debug, Args)]
pub struct Selection {
    /// Experiment files
    #[arg(value_name = "EXPERIMENT.toml", default_value = "experiments/argmax.toml")]
    pub experiments: Vec<PathBuf>,
    /// Folder of the results; each experiment has a folder of its name in it
    #[arg(long, value_name = "DIR", default_value = "results")]
    pub results: PathBuf,
    /// Seeds of each cell, in place of the experiment's
    #[arg(long, value_name = "N")]
    pub seeds: Option<u64>,
    /// Only estimators of this kind; may be given several times
    #[arg(long, value_name = "KIND")]
    pub estimator: Vec<String>,
    /// A value in place of the experiment's, as steps=500 or task.categories=4
    #[arg(long, value_name = "KEY.PATH=VALUE")]
    pub set: Vec<String>,
}

/// Do the missing runs of experiments.
#[derive(Debug, Args)]
pub struct Sweep {
    /// Which runs
    #[command(flatten)]
    pub selection: Selection,
    /// Runs at a time [default: one a core]
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub jobs: Option<u16>,
    /// Only the I-th of N parts of the runs; each part has a record file of its own
    #[arg(long, value_name = "I/N")]
    pub shard: Option<Shard>,
    /// Set the stored runs aside and do all of them again
    #[arg(long)]
    pub fresh: bool,
    /// Begin no more runs once so many have failed; fewer failures are no error
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub max_failures: Option<u32>,
    /// Do runs again that ended so; may be given several times
    #[arg(long, value_name = "STATUS", value_parser = Outcome::NAMES)]
    pub retry: Vec<String>,
    /// The longest that a run may take, as 90s or 15m
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub timeout: Option<Duration>,
    /// Write no tables, plots and report
    #[arg(long)]
    pub no_report: bool,
    /// Say nothing but errors
    #[arg(long, short)]
    pub quiet: bool,
}

/// Show what a sweep would do.
#[derive(Debug, Args)]
pub struct Plan {
    /// Which runs
    #[command(flatten)]
    pub selection: Selection,
    /// How to show it
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
}

/// Write tables, plots and report again.
#[derive(Debug, Args)]
pub struct Report {
    /// Which runs
    #[command(flatten)]
    pub selection: Selection,
    /// Write each ranking into this file too, between the marks <!-- ranking NAME --> and
    /// <!-- end ranking -->
    #[arg(long, value_name = "FILE")]
    pub readme: Option<PathBuf>,
}

/// Show what there is.
#[derive(Debug, Args)]
pub struct List {
    /// Of what
    #[arg(value_enum)]
    pub what: What,
    /// The one whose page is wanted
    pub name: Option<String>,
    /// Folder of the experiments
    #[arg(long, value_name = "DIR", default_value = "experiments")]
    pub experiments: PathBuf,
    /// How to show all estimators
    #[arg(long, value_enum, default_value_t = ListFormat::Table)]
    pub format: ListFormat,
}

/// How all estimators are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    /// For people, a line each
    Table,
    /// Every page, as docs/estimators.md
    Markdown,
}

/// Hold estimators against reference tables.
#[derive(Debug, Args)]
pub struct Verify {
    /// Tables, or folders of them [default: those of this project]
    #[arg(value_name = "FILE.json|DIR")]
    pub tables: Vec<PathBuf>,
    /// Estimates drawn for each row of a table
    #[arg(long, value_name = "N", default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(100..))]
    pub draws: u32,
    /// Seed of the draws
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
}

/// Time training steps of a fixed workload.
#[derive(Debug, Args)]
pub struct Bench {
    /// What is trained
    #[arg(long, value_name = "NAME", default_value = WORKLOADS[0].name, value_parser = workloads())]
    pub workload: String,
    /// An estimator to time; may be given several times [default: those of the workload]
    #[arg(long, value_name = "KIND")]
    pub estimator: Vec<String>,
    /// Runs at a time [default: one a core]
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub jobs: Option<u16>,
    /// Seconds that each estimator is timed for
    #[arg(long, value_name = "S", default_value_t = 2.0, value_parser = seconds)]
    pub seconds: f64,
    /// How to show it
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
}

/// What can be listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum What {
    /// Estimators
    Estimators,
    /// Tasks
    Tasks,
    /// Experiment files
    Experiments,
}

/// How something is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Table,
    /// For programs
    Json,
}

/// One of several equal parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Which, from 1.
    pub index: usize,
    /// Of how many.
    pub count: usize,
}

impl std::str::FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('/').and_then(|(index, count)| {
            Some(Self { index: index.parse().ok()?, count: count.parse().ok()? })
        });
        parts
            .filter(|shard| (1..=shard.count).contains(&shard.index))
            .ok_or_else(|| "a part is written I/N, with I from 1 to N, as 1/4".to_owned())
    }
}

/// The names of the workloads.
fn workloads() -> PossibleValuesParser {
    PossibleValuesParser::new(WORKLOADS.iter().map(|workload| workload.name))
}

/// A number of seconds.
fn seconds(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| format!("`{text}` is no number"))?;
    let holds = number > 0.0 && number <= 3600.0;
    holds.then_some(number).ok_or_else(|| "a number above 0, and 3600 at most".to_owned())
}

/// A number with a unit: ms, s, m or h.
fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let seconds = match unit {
        "ms" => 0.001,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return Err("a duration has a unit: ms, s, m or h, as 90s".to_owned()),
    };
    let number: f64 = number.parse().map_err(|_| format!("`{number}` is no number"))?;
    Duration::try_from_secs_f64(number * seconds)
        .ok()
        .filter(|duration| !duration.is_zero())
        .ok_or_else(|| "a duration is above 0".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn parts_durations_and_seconds() {
        assert_eq!("2/4".parse(), Ok(Shard { index: 2, count: 4 }));
        for text in ["0/4", "5/4", "1", "a/b", "1/0"] {
            assert!(text.parse::<Shard>().is_err(), "{text}");
        }
        assert_eq!(duration("1.5m"), Ok(Duration::from_secs(90)));
        assert_eq!(seconds("0.05"), Ok(0.05));
        for text in ["0", "-1", "NaN", "inf", "2s"] {
            assert!(seconds(text).is_err(), "{text}");
        }
        for text in ["90", "0s", "s", "1d", "-1s"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
