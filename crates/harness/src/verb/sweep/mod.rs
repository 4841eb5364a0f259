mod stored;

use super::quantities::{duration, size};
use super::selection::{jobs, warn};
use super::{Exit, Selection, Shard};
use crate::experiment::Experiment;
use crate::plan::Run;
use crate::record::{self, Outcome, Record, Records, Writer, files, is_compressed, lock};
use crate::results::Summary;
use crate::run::{Interrupt, Progress, Signals, Workers, perform};
use crate::{Program, Registries, report};
use anyhow::{Context, Result, bail};
use clap::Args;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use stored::{known, repair, set_aside};

/// Do the missing runs of experiments.
#[derive(Debug, Default, Args)]
pub struct Sweep {
    /// The runs
    #[command(flatten)]
    pub selection: Selection,
    /// Number of runs at a time [default: one per core]
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub jobs: Option<u16>,
    /// Do only the I-th of N parts of the runs; each part has its own record file
    #[arg(long, value_name = "I/N")]
    pub shard: Option<Shard>,
    /// Set the stored runs aside and repeat all of them
    #[arg(long)]
    pub fresh: bool,
    /// Stop after N failed runs; fewer do not fail the sweep
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub max_failures: Option<u32>,
    /// Repeat runs with this status; can be repeated
    #[arg(long, value_name = "STATUS", value_parser = Outcome::NAMES)]
    pub retry: Vec<String>,
    /// Time limit of a run, such as 90s or 15m
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub timeout: Option<Duration>,
    /// Do runs in processes of their own: one that hangs is ended at its time limit, and one that ends its
    /// process, as when memory is used up, is a failed run
    #[arg(long)]
    pub isolate: bool,
    /// Memory limit of each process, such as 4GB; needs --isolate
    #[arg(long, value_name = "SIZE", value_parser = size, requires = "isolate")]
    pub memory: Option<u64>,
    /// Begin although very many runs are missing
    #[arg(long, short)]
    pub yes: bool,
    /// Write no tables, plots and report
    #[arg(long)]
    pub no_report: bool,
    /// Print only errors
    #[arg(long, short)]
    pub quiet: bool,
}

/// More missing runs than these need --yes.
const MANY: usize = 20_000;

impl Sweep {
    /// Does the missing runs, and reports.
    ///
    /// # Errors
    /// If a file cannot be read or written.
    pub fn run(&self, program: Program, registries: &Registries) -> Result<Exit> {
        // Everything is read before anything runs.
        let selected = self.selection.read(registries)?;
        for (experiment, folder) in &selected {
            record::check_folder(folder, &experiment.name)?;
            experiment.require_data()?;
        }
        let signals = Signals::listen()?;
        let mut exit = Exit::Ok;
        for (experiment, folder) in &selected {
            exit = exit.max(self.sweep(program, experiment, folder, &signals)?);
            if exit == Exit::Interrupted {
                break;
            }
        }
        Ok(exit)
    }

    /// Does the missing runs of one experiment, and reports it.
    fn sweep(
        &self,
        program: Program,
        experiment: &Experiment,
        folder: &Path,
        signals: &Signals,
    ) -> Result<Exit> {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("results folder {} cannot be created", folder.display()))?;
        let own = folder.join(self.file_name());
        if self.fresh {
            set_aside(folder, self.shard.is_some().then_some(own.as_path()))?;
        }
        let mut writer = Writer::open(&own)?;
        self.check_others(folder, &own)?;
        // What the other shards did is none of this one's runs: however many they are, it takes no time.
        let wanted = |path: &Path| !self.is_sibling(path, &own);
        let stored = record::outcomes_in(folder, &experiment.name, wanted)?;
        repair(&mut writer, &own, &stored)?;
        let runs = experiment.runs()?;
        let ours = self.ours(&runs);
        let is_missing = |(_, run): &(usize, &Run)| self.is_missing(run, &stored);
        let missing: Vec<(usize, &Run)> = ours.iter().copied().filter(is_missing).collect();
        if missing.len() > MANY && !self.yes {
            bail!(
                "{} runs are missing, more than {MANY}: `plan {}` says how long they take; if you mean it, add \
                 --yes",
                missing.len(),
                experiment.arguments()
            );
        }
        let progress = Progress::new(&experiment.name, ours.len(), missing.len(), self.quiet);
        // The numbers are on the disk: memory holds only how runs ended.
        let mut outcomes = stored;
        let complete = match missing.as_slice() {
            [] => true,
            missing => {
                let command = || self.worker(experiment);
                let isolated: Option<&(dyn Fn() -> Command + Sync)> =
                    if self.isolate { Some(&command) } else { None };
                let workers = Workers {
                    jobs: jobs(self.jobs),
                    timeout: self.timeout,
                    isolated,
                    begins: &|run| progress.begin(experiment, run),
                };
                let mut failed = 0;
                let bound = self.max_failures.unwrap_or(u32::MAX);
                let known = match self.retry.as_slice() {
                    [] => BTreeMap::new(),
                    _ => known(missing, &Records::read(folder)?),
                };
                perform(experiment, missing, workers, signals, |record| {
                    if known.get(&record.id).is_some_and(|known| known.contradicts(&record)) {
                        bail!(
                            "run {} gave other numbers than before, so nothing was stored: its estimator or \
                             task is not deterministic, or gives other numbers without another version",
                            record.id
                        );
                    }
                    writer.append(&record)?;
                    failed += u32::from(matches!(record.outcome, Outcome::Failed { .. }));
                    progress.tick(&record);
                    outcomes.insert_outcome(record);
                    Ok(failed < bound)
                })?
            }
        };
        progress.finish();
        let records = if self.reports() { Records::read(folder)? } else { outcomes };
        let summary = Summary::new(experiment, &runs, &records);
        // Whoever interrupts twice does not want to wait for a report either.
        let has_report = self.reports() && summary.progress().0 > 0 && !signals.abandon();
        if has_report {
            report::write(&summary, folder, program)?;
        }
        self.tell(&summary, folder, (ours.len(), missing.len()), &records, has_report);
        Ok(if signals.stopped() {
            Exit::Interrupted
        } else if !complete || self.has_failed(&ours, &records) {
            Exit::Failed
        } else {
            Exit::Ok
        })
    }

    /// The command of a process that does runs of an experiment ([`super::Work`]).
    fn worker(&self, experiment: &Experiment) -> Command {
        let program = std::env::current_exe().unwrap_or_else(|_| PathBuf::from("harness"));
        let mut command = Command::new(program);
        command.arg("work").arg(&experiment.path);
        let Selection { seeds, estimator, set, data, .. } = &self.selection;
        if let Some(seeds) = seeds {
            command.arg(format!("--seeds={seeds}"));
        }
        command.args(estimator.iter().map(|kind| format!("--estimator={kind}")));
        command.args(set.iter().map(|assignment| format!("--set={assignment}")));
        if let Some(data) = data {
            command.arg("--data").arg(data);
        }
        if let Some(timeout) = self.timeout {
            command.arg("--timeout").arg(format!("{}ms", timeout.as_millis().max(1)));
        }
        if let Some(memory) = self.memory {
            command.arg("--memory").arg(format!("{memory}B"));
        }
        command
    }

    /// A part of the runs has no report.
    fn reports(&self) -> bool {
        !self.no_report && self.shard.is_none()
    }

    /// The runs of this shard.
    fn ours<'a>(&self, runs: &'a [Run]) -> Vec<(usize, &'a Run)> {
        let is_ours = |(_, run): &(usize, &Run)| self.shard.is_none_or(|shard| shard.has(run));
        runs.iter().enumerate().filter(is_ours).collect()
    }

    fn is_missing(&self, run: &Run, stored: &Records) -> bool {
        match stored.get(&run.id) {
            // What a shard repeats can be in the file of another one, too.
            _ if self.fresh => true,
            None => true,
            Some(record) => self.retry.iter().any(|status| status == record.outcome.name()),
        }
    }

    /// Rejects a sweep beside another one that does some of the same runs: a shard beside a whole sweep,
    /// or shards of two partitions.
    fn check_others(&self, folder: &Path, own: &Path) -> Result<()> {
        for path in files(folder)? {
            if path != own && !self.is_sibling(&path, own) && !is_compressed(&path) {
                lock(&path).context("both would do the same runs")?;
            }
        }
        Ok(())
    }

    /// Whether a record file is that of another shard of the same partition.
    fn is_sibling(&self, path: &Path, own: &Path) -> bool {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let end = |shard: Shard| format!("-of-{}.jsonl", shard.count);
        path != own && self.shard.is_some_and(|shard| name.ends_with(&end(shard)))
    }

    /// The record file: one for each shard, as a file has one writer.
    fn file_name(&self) -> String {
        match self.shard {
            None => "runs.jsonl".to_owned(),
            Some(Shard { index, count }) => format!("runs.{index}-of-{count}.jsonl"),
        }
    }

    /// Whether more runs failed than are allowed.
    fn has_failed(&self, runs: &[(usize, &Run)], records: &Records) -> bool {
        // A divergence is a result; a run without one because of its time limit is not.
        let is_failed = |record: &&Record| {
            matches!(record.outcome, Outcome::Failed { .. } | Outcome::TimedOut { .. })
        };
        let failed =
            runs.iter().filter_map(|(_, run)| records.get(&run.id)).filter(is_failed).count();
        failed >= self.max_failures.unwrap_or(1) as usize
    }

    /// Says what happened, in a line or two.
    fn tell(
        &self,
        summary: &Summary<'_>,
        folder: &Path,
        (ours, started): (usize, usize),
        records: &Records,
        has_report: bool,
    ) {
        if self.quiet {
            return;
        }
        let name = &summary.experiment.name;
        let (stored, all) = summary.progress();
        if started == 0 {
            say!("{name}: nothing to do, all runs are done");
        }
        let failed: usize = summary.cells.iter().map(|cell| cell.failures()).sum();
        let failed = if failed == 0 { String::new() } else { format!(", {failed} of them failed") };
        let (all, part) = match self.shard {
            None => (all, String::new()),
            Some(Shard { index, count }) => (ours, format!(" of part {index} of {count}")),
        };
        say!("{name}: {stored} of {all} runs{part}{failed}, in {}", folder.display());
        let others = records.len() - stored;
        if others > 0 {
            say!("{name}: ignoring {others} stored runs with other settings");
        }
        if let Some(Shard { index, count }) = self.shard {
            say!(
                "{name}: part {index} has no report; when all {count} parts are done, `report` combines them"
            );
        }
        if has_report {
            warn(summary);
            say!("{name}: report in {}", folder.join("report.html").display());
        }
    }
}
