use super::rows::table;
use super::selection::jobs;
use super::{Exit, Format, Selection};
use crate::Registries;
use crate::experiment::Experiment;
use crate::machine::peak_memory;
use crate::record::{self, Outcome};
use crate::report::words::{counted, time};
use crate::results::{CellSummary, Summary};
use crate::run::cost::{Cost, Source, costs, duration};
use anyhow::Result;
use clap::Args;
use serde::Serialize;

/// Show what a sweep would do, and about how long it would take.
///
/// Times are those of stored runs that are alike; where there are none, those of a probe of 20 steps.
#[derive(Debug, Args)]
pub struct Plan {
    /// The runs
    #[command(flatten)]
    pub selection: Selection,
    /// Show every cell, and not only how many there are of each estimator
    #[arg(long)]
    pub cells: bool,
    /// Show only what has missing runs
    #[arg(long)]
    pub missing: bool,
    /// Do not estimate the time, which takes up to ten seconds
    #[arg(long)]
    pub no_estimate: bool,
    /// Number of runs at a time, for the time [default: one per core]
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub jobs: Option<u16>,
    /// Output format
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
}

/// The plan of an experiment.
#[derive(Serialize)]
struct Planned {
    experiment: String,
    /// The folder of its results.
    folder: String,
    /// Seconds on all cores for the missing runs, if they were estimated and are known.
    seconds: Option<f64>,
    /// How the time is known.
    known_by: Option<&'static str>,
    /// Bytes for as many runs as there are at a time, if they were probed.
    memory: Option<u64>,
    cells: Vec<Line>,
}

/// A cell of a plan, or several.
#[derive(Clone, Serialize)]
struct Line {
    task: String,
    estimator: String,
    optimizer: String,
    runs: u64,
    done: usize,
    failed: usize,
    missing: u64,
    /// Seconds of a core for the missing runs, if they are known.
    seconds: Option<f64>,
    refused: Option<String>,
}

impl Plan {
    /// Shows every cell with its finished, failed and missing runs.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub fn run(&self, registries: &Registries) -> Result<Exit> {
        let mut plans = vec![];
        for (experiment, folder) in self.selection.read(registries)? {
            let records = record::stored_outcomes(&folder, &experiment.name)?;
            let runs = experiment.runs()?;
            let summary = Summary::new(&experiment, &runs, &records);
            plans.push(self.planned(&summary, &experiment, folder.display().to_string()));
        }
        match self.format {
            Format::Table => plans.iter().for_each(|plan| self.print(plan)),
            Format::Json => say!("{}", serde_json::to_string_pretty(&plans)?),
        }
        Ok(Exit::Ok)
    }

    fn planned(&self, summary: &Summary<'_>, experiment: &Experiment, folder: String) -> Planned {
        let refusals = summary.refusals();
        let before = peak_memory();
        let costs = match self.no_estimate {
            true => vec![],
            false => costs(summary, &refusals),
        };
        let is_probed = costs.iter().any(|cost| cost.source == Source::Probe);
        let jobs = jobs(self.jobs);
        let memory = before.zip(peak_memory()).filter(|_| is_probed);
        let memory = memory.map(|(before, after)| before + jobs as u64 * (after - before));
        let cells = summary.cells.iter().zip(refusals).enumerate();
        let cells: Vec<Line> = cells
            .map(|(index, (cell, refused))| line(cell, experiment, costs.get(index), refused))
            .collect();
        let source = costs.iter().map(|cost| cost.source).max();
        Planned {
            experiment: experiment.name.clone(),
            folder,
            seconds: duration(&costs, jobs as u64).filter(|_| !self.no_estimate),
            known_by: source.and_then(words),
            memory,
            cells,
        }
    }

    fn print(&self, plan: &Planned) {
        let Planned { experiment, folder, cells, .. } = plan;
        let rows = if self.cells { cells.clone() } else { grouped(cells) };
        let third = if self.cells { "optimizer" } else { "cells" };
        let rows: Vec<Line> =
            rows.into_iter().filter(|line| !self.missing || line.missing > 0).collect();
        // A task that all lines share stands above them.
        let shared = rows.first().filter(|first| rows.iter().all(|line| line.task == first.task));
        if let Some(Line { task, .. }) = shared {
            say!("task {task}");
        }
        let header = ["task", "estimator", third, "runs", "done", "failed", "missing", "time", ""];
        let refuses = rows.iter().any(|line| line.refused.is_some());
        let columns = usize::from(shared.is_some())..header.len() - usize::from(!refuses);
        let mut table = table(&header[columns.clone()]);
        for line in &rows {
            let seconds = line.seconds.filter(|_| line.missing > 0 && line.refused.is_none());
            let cells = [
                line.task.clone(),
                line.estimator.clone(),
                line.optimizer.clone(),
                line.runs.to_string(),
                line.done.to_string(),
                line.failed.to_string(),
                line.missing.to_string(),
                seconds.map_or_else(String::new, time),
                line.refused.as_ref().map_or_else(String::new, |why| format!("refused: {why}")),
            ];
            table.add_row(&cells[columns.clone()]);
        }
        say!("{table}");
        let sum = |number: fn(&Line) -> u64| cells.iter().map(number).sum::<u64>();
        say!(
            "{experiment}: {}, {}: {} done, {} failed, {} missing, in {folder}",
            counted(cells.len() as u64, "cell"),
            counted(sum(|line| line.runs), "run"),
            sum(|line| line.done as u64),
            sum(|line| line.failed as u64),
            sum(|line| line.missing),
        );
        if sum(|line| line.missing) == 0 || self.no_estimate {
            return;
        }
        let jobs = jobs(self.jobs);
        let at_a_time = counted(jobs as u64, "run");
        let by = plan.known_by.unwrap_or_default();
        match plan.seconds {
            Some(seconds) => {
                say!("{experiment}: about {} with {at_a_time} at a time, {by}", time(seconds));
            }
            None => say!("{experiment}: the time is not known: {by}"),
        }
        if let Some(memory) = plan.memory {
            let megabytes = memory.div_ceil(1 << 20);
            say!("{experiment}: about {megabytes} MB of memory, by the same probe");
        }
    }
}

/// How times are known, by what is least certain.
fn words(source: Source) -> Option<&'static str> {
    match source {
        Source::Nothing => None,
        Source::Same => Some("by stored runs of the same cells"),
        Source::Like => Some("by stored runs of like cells"),
        Source::Probe => Some("by a probe of 20 steps, without the references of the task"),
        Source::Unknown => Some("some probes failed, or took too long"),
    }
}

fn line(
    cell: &CellSummary<'_>,
    experiment: &Experiment,
    cost: Option<&Cost>,
    refused: Option<String>,
) -> Line {
    let is_done = |record: &&&crate::record::Record| record.outcome == Outcome::Done;
    let missing = experiment.seeds - cell.runs.len() as u64;
    Line {
        task: cell.task.clone(),
        estimator: cell.cell.estimator.label(),
        optimizer: cell.cell.optimizer_label(),
        runs: experiment.seeds,
        done: cell.records().iter().filter(is_done).count(),
        failed: cell.failures(),
        missing,
        seconds: cost.and_then(Cost::seconds),
        refused,
    }
}

/// One line for the cells of a task that have the same kind of estimator, in order; their number is where
/// the optimizer is. The kind is the first word of the label.
fn grouped(cells: &[Line]) -> Vec<Line> {
    let mut groups: Vec<(u64, Line)> = vec![];
    for line in cells {
        let kind = line.estimator.split(' ').next().unwrap_or_default();
        let is_same = |(_, group): &&mut (u64, Line)| {
            group.task == line.task && group.estimator == kind && group.refused == line.refused
        };
        match groups.iter_mut().rev().find(is_same) {
            Some((count, group)) => {
                *count += 1;
                group.runs += line.runs;
                group.done += line.done;
                group.failed += line.failed;
                group.missing += line.missing;
                group.seconds = group.seconds.zip(line.seconds).map(|(a, b)| a + b);
            }
            None => groups.push((1, Line { estimator: kind.to_owned(), ..line.clone() })),
        }
    }
    let with_count = |(count, line): (u64, Line)| Line { optimizer: count.to_string(), ..line };
    groups.into_iter().map(with_count).collect()
}
