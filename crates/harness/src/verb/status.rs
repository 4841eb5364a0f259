use super::rows::table;
use super::{Exit, Format, Selection};
use crate::Registries;
use crate::experiment::Experiment;
use crate::record::{self, Holder, Records, files, holder_of};
use crate::report::words::time;
use anyhow::{Context, Result};
use clap::Args;
use serde::Serialize;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// Show how far sweeps are, also while they run, here or on other machines.
#[derive(Debug, Args)]
pub struct Status {
    /// The runs
    #[command(flatten)]
    pub selection: Selection,
    /// Output format
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
}

/// How far an experiment is.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct State {
    experiment: String,
    folder: String,
    runs: usize,
    done: usize,
    diverged: usize,
    refused: usize,
    failed: usize,
    timed_out: usize,
    missing: usize,
    /// Runs that all writers together finish in a second, if there are any.
    per_second: Option<f64>,
    files: Vec<Part>,
}

/// A record file.
#[derive(Serialize)]
struct Part {
    file: String,
    records: usize,
    writer: Option<Holder>,
}

impl Status {
    /// Shows how many runs are done, who does them, and when they will be done.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub fn run(&self, registries: &Registries) -> Result<Exit> {
        let mut states = vec![];
        for (experiment, folder) in self.selection.read(registries)? {
            states.push(state(&experiment, &folder)?);
        }
        match self.format {
            Format::Table => states.iter().for_each(print),
            Format::Json => say!("{}", serde_json::to_string_pretty(&states)?),
        }
        Ok(Exit::Ok)
    }
}

fn state(experiment: &Experiment, folder: &Path) -> Result<State> {
    record::check_folder(folder, &experiment.name)?;
    let (mut records, mut parts) = (Records::default(), vec![]);
    let mut rate = None;
    for path in files(folder)? {
        let mut count = 0;
        record::each_outcome(&path, |_, _, record| {
            count += 1;
            if let Ok(record) = record {
                records.insert_outcome(record);
            }
        })?;
        let writer = holder_of(&path);
        if let Some(holder) = &writer {
            *rate.get_or_insert(0.0) += finished(&path, holder)?;
        }
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        parts.push(Part { file, records: count, writer });
    }
    let runs = experiment.runs()?;
    let outcomes = || runs.iter().filter_map(|run| records.get(&run.id)).map(|r| r.outcome.name());
    let count = |name: &str| outcomes().filter(|found| *found == name).count();
    Ok(State {
        experiment: experiment.name.clone(),
        folder: folder.display().to_string(),
        runs: runs.len(),
        done: count("done"),
        diverged: count("diverged"),
        refused: count("refused"),
        failed: count("failed"),
        timed_out: count("timed-out"),
        missing: runs.len() - outcomes().count(),
        per_second: rate,
        files: parts,
    })
}

/// Runs that a writer has finished in a second, since it began.
fn finished(path: &Path, holder: &Holder) -> Result<f64> {
    let named = || format!("{} cannot be read", path.display());
    let mut file = std::fs::File::open(path).with_context(named)?;
    file.seek(SeekFrom::Start(holder.length)).with_context(named)?;
    let mut new = vec![];
    file.read_to_end(&mut new).with_context(named)?;
    let lines = new.iter().filter(|byte| **byte == b'\n').count();
    let seconds = jiff::Timestamp::now().duration_since(holder.started).as_secs_f64();
    Ok(lines as f64 / seconds.max(1.0))
}

fn print(state: &State) {
    if !state.files.is_empty() {
        let mut table = table(&["file", "records", "writer"]);
        for part in &state.files {
            let writer = part.writer.as_ref().map_or_else(|| "–".to_owned(), Holder::describe);
            table.add_row([part.file.clone(), part.records.to_string(), writer]);
        }
        say!("{table}");
    }
    let others = [
        (state.diverged, "diverged"),
        (state.refused, "refused"),
        (state.failed, "failed"),
        (state.timed_out, "timed out"),
    ];
    let others = others.iter().filter(|(count, _)| *count > 0);
    let others: String = others.map(|(count, name)| format!(", {count} {name}")).collect();
    let State { experiment, runs, done, missing, folder, .. } = state;
    say!("{experiment}: {done} of {runs} runs done{others}, {missing} missing, in {folder}");
    let left = |rate: f64| match (missing, rate > 0.0) {
        (0, _) => None,
        (_, true) => Some(format!("about {} left", time(*missing as f64 / rate))),
        (_, false) => Some("the first runs are not done yet".to_owned()),
    };
    if let Some(left) = state.per_second.and_then(left) {
        say!("{experiment}: {left}");
    }
}
