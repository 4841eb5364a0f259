mod columns;
mod events;
mod row;

use super::{Exit, Selection};
use crate::experiment::Measure;
use crate::record::{self, Record};
use crate::report::words::counted;
use crate::results::{CellSummary, Summary};
use crate::{Registries, files};
use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use row::Row;
use std::io::{BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// Write the curve of every run as a table, or for TensorBoard.
#[derive(Debug, Args)]
pub struct Export {
    /// The runs
    #[command(flatten)]
    pub selection: Selection,
    /// What to write
    #[arg(long, value_enum, default_value_t = ExportFormat::Csv)]
    pub format: ExportFormat,
    /// Use only this metric; can be repeated
    #[arg(long, value_name = "NAME")]
    pub metric: Vec<String>,
    /// File to write, or folder for TensorBoard [default: standard output]
    #[arg(long, value_name = "PATH")]
    pub out: Option<PathBuf>,
}

/// What can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// A row for each number: task, estimator, optimizer, seed, status, metric, step, value
    Csv,
    /// The same rows in columns; needs a program built with `--features parquet`
    Parquet,
    /// A folder for each run, as TensorBoard reads it
    Tensorboard,
}

/// A stored run with its place.
#[derive(Clone, Copy)]
struct Stored<'a> {
    cell: &'a CellSummary<'a>,
    seed: u64,
    record: &'a Record,
}

impl Export {
    /// Writes the curves of all stored runs.
    ///
    /// # Errors
    /// If there are no stored runs, a metric is unknown, or something cannot be written.
    pub fn run(&self, registries: &Registries) -> Result<Exit> {
        let selected = self.selection.read(registries)?;
        let [(experiment, folder)] = &selected[..] else {
            bail!("export writes the runs of one experiment; {} are given", selected.len());
        };
        let records = record::stored(folder, &experiment.name)?;
        let runs = experiment.runs()?;
        let summary = Summary::new(experiment, &runs, &records);
        summary.require_runs(folder)?;
        self.check_metrics(&summary)?;
        let of_cell = |cell| {
            let stored = move |&(seed, record)| Stored { cell, seed, record };
            cell.runs.iter().map(stored)
        };
        let stored = summary.cells.iter().flat_map(of_cell);
        match (self.format, &self.out) {
            (ExportFormat::Csv, None) => self.print(stored)?,
            (ExportFormat::Csv, Some(path)) => {
                files::replace_with(path, |file| self.csv(stored, file))?;
            }
            (ExportFormat::Parquet, None) => {
                bail!("--format parquet writes a file; name it with --out")
            }
            (ExportFormat::Parquet, Some(path)) => {
                files::replace_with(path, |file| columns::write(self.rows(stored), file))?;
            }
            (ExportFormat::Tensorboard, None) => {
                bail!("--format tensorboard writes a folder; name it with --out")
            }
            (ExportFormat::Tensorboard, Some(folder)) => self.tensorboard(stored, folder)?,
        }
        if let Some(path) = &self.out {
            let runs = counted(summary.progress().0 as u64, "run");
            note!("{}: {runs}, in {}", experiment.name, path.display());
        }
        Ok(Exit::Ok)
    }

    fn check_metrics(&self, summary: &Summary<'_>) -> Result<()> {
        let known = summary.cells.iter().flat_map(|cell| cell.measures.iter());
        let mut known: Vec<&str> = known.map(|measure| measure.name).collect();
        known.sort_unstable();
        known.dedup();
        match self.metric.iter().find(|name| !known.contains(&name.as_str())) {
            Some(name) => Err(registry::UnknownName::new("metric", name, known).into()),
            None => Ok(()),
        }
    }

    /// The numbers of a run: metric, step and value. What is not finite is left out.
    fn numbers<'a>(&'a self, stored: Stored<'a>) -> impl Iterator<Item = (&'a Measure, u64, f64)> {
        let is_wanted = |measure: &&Measure| {
            self.metric.is_empty() || self.metric.iter().any(|name| name == measure.name)
        };
        stored.cell.measures.iter().filter(is_wanted).flat_map(move |measure| {
            let curves = measure.curves(stored.record);
            let values = curves.metrics.get(measure.name).into_iter().flatten();
            let steps = curves.steps.iter().zip(values);
            steps.filter_map(move |(&step, value)| Some((measure, step, (*value)?)))
        })
    }

    /// A row for each number of all runs.
    fn rows<'a>(
        &'a self,
        stored: impl Iterator<Item = Stored<'a>>,
    ) -> impl Iterator<Item = Row<'a>> {
        stored.flat_map(|stored| {
            let CellSummary { task, estimator, tuning, .. } = stored.cell;
            let (seed, status) = (stored.seed, stored.record.outcome.name());
            self.numbers(stored).map(move |(measure, step, value)| {
                let (optimizer, metric) = (tuning, measure.name);
                Row { task, estimator, optimizer, seed, status, metric, step, value }
            })
        })
    }

    fn print<'a>(&'a self, stored: impl Iterator<Item = Stored<'a>>) -> Result<()> {
        match self.csv(stored, &mut std::io::stdout().lock()) {
            // A reader such as `head` has enough.
            Err(error) if is_broken_pipe(&error) => Ok(()),
            printed => printed.context("the output cannot be written"),
        }
    }

    fn csv<'a>(
        &'a self,
        stored: impl Iterator<Item = Stored<'a>>,
        to: &mut dyn Write,
    ) -> Result<()> {
        // The header stands there even if no row does.
        let mut writer =
            csv::WriterBuilder::new().has_headers(false).from_writer(BufWriter::new(to));
        writer.write_record(Row::COLUMNS)?;
        self.rows(stored).try_for_each(|row| writer.serialize(row))?;
        Ok(writer.flush()?)
    }

    fn tensorboard<'a>(
        &self,
        stored: impl Iterator<Item = Stored<'a>>,
        folder: &Path,
    ) -> Result<()> {
        for stored in stored {
            let CellSummary { task, estimator, tuning, .. } = stored.cell;
            let parts = [task, estimator, tuning].map(|part| part.replace(['/', '\\'], "_"));
            let run = parts.iter().fold(folder.to_owned(), |path, part| path.join(part));
            let path = run.join(format!("seed {}", stored.seed)).join(events::FILE);
            let mut file = events::Events::new();
            for (measure, step, value) in self.numbers(stored) {
                file.push(measure.name, step, value);
            }
            files::replace(&path, &file.bytes())?;
        }
        Ok(())
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let of_csv = |error: &csv::Error| match error.kind() {
        csv::ErrorKind::Io(error) => error.kind() == ErrorKind::BrokenPipe,
        _ => false,
    };
    let of_io = |error: &std::io::Error| error.kind() == ErrorKind::BrokenPipe;
    error.downcast_ref().is_some_and(of_csv) || error.downcast_ref().is_some_and(of_io)
}
