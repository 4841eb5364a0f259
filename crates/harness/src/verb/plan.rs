use super::selection::table;
use super::{Exit, Format, Selection};
use crate::Registries;
use crate::experiment::Experiment;
use crate::record::{self, Outcome};
use crate::results::Summary;
use anyhow::Result;
use clap::Args;
use serde::Serialize;

/// Show what a sweep would do.
#[derive(Debug, Args)]
pub struct Plan {
    /// The runs
    #[command(flatten)]
    pub selection: Selection,
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
    cells: Vec<Line>,
}

/// A cell of a plan.
#[derive(Serialize)]
struct Line {
    task: String,
    estimator: String,
    optimizer: String,
    runs: u64,
    done: usize,
    failed: usize,
    missing: u64,
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
            let records = record::stored(&folder, &experiment.name)?;
            let runs = experiment.runs()?;
            let summary = Summary::new(&experiment, &runs, &records);
            let cells = lines(&summary, &experiment);
            plans.push(Planned {
                experiment: experiment.name.clone(),
                folder: folder.display().to_string(),
                cells,
            });
        }
        match self.format {
            Format::Table => plans.iter().for_each(print),
            Format::Json => say!("{}", serde_json::to_string_pretty(&plans)?),
        }
        Ok(Exit::Ok)
    }
}

fn lines(summary: &Summary<'_>, experiment: &Experiment) -> Vec<Line> {
    let line = |cell: &crate::results::CellSummary<'_>| {
        let is_done = |record: &&&crate::record::Record| record.outcome == Outcome::Done;
        Line {
            task: cell.task.clone(),
            estimator: cell.cell.estimator.label(),
            optimizer: cell.cell.optimizer_label(),
            runs: experiment.seeds,
            done: cell.records().iter().filter(is_done).count(),
            failed: cell.failures(),
            missing: experiment.seeds - cell.runs.len() as u64,
            refused: cell.cell.refusal(experiment.batch),
        }
    };
    summary.cells.iter().map(line).collect()
}

fn print(Planned { experiment, folder, cells }: &Planned) {
    let mut table =
        table(&["task", "estimator", "optimizer", "runs", "done", "failed", "missing", ""]);
    for line in cells {
        table.add_row([
            line.task.clone(),
            line.estimator.clone(),
            line.optimizer.clone(),
            line.runs.to_string(),
            line.done.to_string(),
            line.failed.to_string(),
            line.missing.to_string(),
            line.refused.as_ref().map_or_else(String::new, |why| format!("refused: {why}")),
        ]);
    }
    say!("{table}");
    let sum = |number: fn(&Line) -> u64| cells.iter().map(number).sum::<u64>();
    say!(
        "{experiment}: {} cells, {} runs: {} done, {} failed, {} missing, in {}",
        cells.len(),
        sum(|line| line.runs),
        sum(|line| line.done as u64),
        sum(|line| line.failed as u64),
        sum(|line| line.missing),
        folder
    );
}
