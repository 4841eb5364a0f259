//! `sweep`: the missing runs of experiments, then their report.

use super::Exit;
use crate::cli::{Shard, Sweep};
use crate::experiment::Experiment;
use crate::interrupt::Signals;
use crate::progress::Progress;
use crate::record::{Outcome, Record};
use crate::results::Summary;
use crate::run::Run;
use crate::schedule::{Schedule, perform};
use crate::store::{Records, Writer, files, lock};
use crate::{Registries, report};
use anyhow::{Context, Result};
use std::fs::File;
use std::path::{Path, PathBuf};

/// Does the missing runs, and reports.
///
/// # Errors
/// If something cannot be read or written.
pub fn sweep(arguments: &Sweep, registries: &Registries) -> Result<Exit> {
    // Everything is read before anything runs.
    let selected = arguments.selection.read(registries)?;
    for (experiment, folder) in &selected {
        report::check_folder(folder, experiment)?;
    }
    let signals = Signals::listen()?;
    let mut exit = Exit::Ok;
    for (experiment, folder) in &selected {
        exit = exit.max(one(arguments, experiment, folder, registries, &signals)?);
        if exit == Exit::Interrupted {
            break;
        }
    }
    Ok(exit)
}

fn one(
    arguments: &Sweep,
    experiment: &Experiment,
    folder: &Path,
    registries: &Registries,
    signals: &Signals,
) -> Result<Exit> {
    std::fs::create_dir_all(folder)
        .with_context(|| format!("results folder {} cannot be made", folder.display()))?;
    if arguments.fresh {
        set_aside(folder)?;
    }
    let mut writer = Writer::open(&folder.join(file_name(arguments.shard)))?;
    let stored = report::stored(folder, experiment)?;
    let runs = experiment.runs(registries)?;
    let ours: Vec<&Run> = match arguments.shard {
        None => runs.iter().collect(),
        Some(Shard { index, count }) => runs.iter().skip(index - 1).step_by(count).collect(),
    };
    let is_missing = |run: &&Run| match stored.get(&run.id) {
        None => true,
        Some(record) => arguments.retry.iter().any(|status| status == record.outcome.name()),
    };
    let missing: Vec<&Run> = ours.iter().copied().filter(is_missing).collect();
    let progress = Progress::new(&experiment.name, ours.len(), missing.len(), arguments.quiet);
    let reports = !arguments.no_report && arguments.shard.is_none();
    let (complete, records) = match missing.as_slice() {
        [] => (true, stored),
        missing => {
            let schedule = Schedule { jobs: jobs(arguments), timeout: arguments.timeout };
            let mut failed = 0;
            let bound = arguments.max_failures.unwrap_or(u32::MAX);
            // What a run saw is on the disk: in memory a sweep of any length keeps how it ended.
            let mut outlines = stored.outlines();
            let complete = perform(experiment, missing, registries, schedule, signals, |record| {
                writer.append(&record)?;
                failed += u32::from(matches!(record.outcome, Outcome::Failed { .. }));
                progress.tick(&record);
                outlines.insert_outline(record)?;
                Ok(failed < bound)
            })?;
            (complete, if reports { Records::read(folder)? } else { outlines })
        }
    };
    progress.finish();
    let summary = Summary::new(experiment, &runs, &records);
    if reports && summary.progress().0 > 0 {
        report::write(&summary, folder, registries)?;
    }
    tell(arguments, &summary, folder, missing.len(), &records);
    Ok(if signals.stopped() {
        Exit::Interrupted
    } else if !complete || has_failed(&ours, &records, arguments) {
        Exit::Failed
    } else {
        Exit::Ok
    })
}

fn jobs(arguments: &Sweep) -> usize {
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    arguments.jobs.map_or_else(cores, usize::from)
}

/// The record file: one for each part, as a file has one writer.
fn file_name(shard: Option<Shard>) -> String {
    match shard {
        None => "runs.jsonl".to_owned(),
        Some(Shard { index, count }) => format!("runs.{index}-of-{count}.jsonl"),
    }
}

/// Whether so many runs failed that it is an error.
fn has_failed(runs: &[&Run], records: &Records, arguments: &Sweep) -> bool {
    let is_failed = |record: &&Record| matches!(record.outcome, Outcome::Failed { .. });
    let failed = runs.iter().filter_map(|run| records.get(&run.id)).filter(is_failed).count();
    failed >= arguments.max_failures.unwrap_or(1) as usize
}

/// Renames the record files, so that nothing of them is lost and nothing of them counts; none if
/// another sweep is writing one.
fn set_aside(folder: &Path) -> Result<()> {
    let paths = files(folder)?;
    let _locks: Vec<File> = paths.iter().map(|path| lock(path)).collect::<Result<_>>()?;
    for path in &paths {
        let free = |n: &usize| !isolated(path, *n).exists();
        let to = isolated(path, (1..).find(free).unwrap_or(0));
        std::fs::rename(path, &to)
            .with_context(|| format!("{} cannot be set aside", path.display()))?;
        eprintln!("note: {} is now {}", path.display(), to.display());
    }
    Ok(())
}

fn isolated(path: &Path, n: usize) -> PathBuf {
    path.with_extension(format!("jsonl.{n}.old"))
}

/// Says what happened, in a line or two.
fn tell(arguments: &Sweep, summary: &Summary<'_>, folder: &Path, begun: usize, records: &Records) {
    if arguments.quiet {
        return;
    }
    let name = &summary.experiment.name;
    let (there, all) = summary.progress();
    if begun == 0 {
        say!("{name}: nothing to do, all runs are there");
    }
    let misses: usize = summary.cells.iter().map(|cell| cell.failures()).sum();
    let misses = if misses == 0 { String::new() } else { format!(", {misses} of them missed") };
    say!("{name}: {there} of {all} runs{misses}, in {}", folder.display());
    let others = records.len() - there;
    if others > 0 {
        say!("{name}: {others} stored runs are of other settings and do not count here");
    }
    if arguments.no_report || arguments.shard.is_some() {
        return;
    }
    say!("{name}: report in {}", folder.join("report.html").display());
}
