use super::compare::print;
use super::selection::jobs;
use super::{Exit, Selection, Sweep};
use crate::comparison::{Comparison, Side, Verdict};
use crate::files::with_extension;
use crate::{Program, Registries};
use anyhow::{Context, Result, bail};
use clap::Args;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Do all runs afresh, and compare the results with those that are there.
///
/// They are identical bit for bit, equal within intervals, or different. Exit code 1 if some are different.
#[derive(Debug, Args)]
pub struct Reproduce {
    /// Experiment files, or names of built-in experiments [default: those in `experiments` that have results]
    #[arg(value_name = "EXPERIMENT")]
    pub experiments: Vec<PathBuf>,
    /// Results folder to compare with
    #[arg(long, value_name = "DIR", default_value = "results")]
    pub results: PathBuf,
    /// Folder for the new results, which are kept there; if some runs are there already, only the others are
    /// done [default: a temporary folder]
    #[arg(long, value_name = "DIR")]
    pub work: Option<PathBuf>,
    /// Folder of data sets such as MNIST [default: that of $ARGMAX_LAB_DATA, else `data`]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Number of runs at a time [default: one per core]
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub jobs: Option<u16>,
    /// Print only errors and what differs
    #[arg(long, short)]
    pub quiet: bool,
}

/// Files that depend on the machine.
const MACHINE: [&str; 3] = ["manifest.json", "timing.csv", "timing.svg"];

impl Reproduce {
    /// Does all runs and compares.
    ///
    /// # Errors
    /// If there are no results to compare with, or a file cannot be read or written.
    pub fn run(&self, program: Program, registries: &Registries) -> Result<Exit> {
        let experiments = self.experiments(registries)?;
        let temporary;
        let work = match &self.work {
            Some(work) => work.as_path(),
            None => {
                temporary = tempfile::tempdir().context("no temporary folder")?;
                temporary.path()
            }
        };
        let mut exit = Exit::Ok;
        for path in experiments {
            let ended = self.sweep(&path, work).run(program, registries)?;
            if ended == Exit::Interrupted {
                return Ok(ended);
            }
            let name = name(&path);
            let same = compare(&self.results.join(&name), &work.join(&name), &name)?;
            exit = exit.max(if same { Exit::Ok } else { Exit::Failed });
        }
        Ok(exit)
    }

    /// The experiments, all of which have results. Of those that nobody named, the ones without their data are left
    /// out.
    fn experiments(&self, registries: &Registries) -> Result<Vec<PathBuf>> {
        let has_results =
            |path: &PathBuf| self.results.join(name(path)).join("manifest.json").exists();
        if self.experiments.is_empty() {
            let mut found = with_extension(Path::new("experiments"), "toml")?;
            found.retain(has_results);
            if found.is_empty() {
                bail!("no experiment in `experiments` has results in {}", self.results.display());
            }
            return self.with_data(found, registries);
        }
        match self.experiments.iter().find(|path| !has_results(path)) {
            Some(path) => bail!(
                "{} has no results in {} to compare with; run `sweep` first",
                path.display(),
                self.results.display()
            ),
            None => Ok(self.experiments.clone()),
        }
    }

    /// Those of the experiments whose data files are here; a note names the others.
    fn with_data(&self, all: Vec<PathBuf>, registries: &Registries) -> Result<Vec<PathBuf>> {
        let (mut found, mut absent, mut why) = (vec![], vec![], String::new());
        for path in all {
            let read = self.selection(&path, &self.results).read(registries)?;
            match read.iter().try_for_each(|(experiment, _)| experiment.require_data()) {
                Ok(()) => found.push(path),
                Err(error) => {
                    absent.push(name(&path).display().to_string());
                    why = error.to_string();
                }
            }
        }
        match (absent.is_empty(), found.is_empty()) {
            (true, _) => {}
            (false, false) => note!("note: {} left out: {why}", absent.join(", ")),
            (false, true) => bail!("{} cannot be reproduced: {why}", absent.join(", ")),
        }
        Ok(found)
    }

    fn selection(&self, path: &Path, results: &Path) -> Selection {
        Selection {
            experiments: vec![path.to_owned()],
            results: results.to_owned(),
            data: self.data.clone(),
            ..Selection::default()
        }
    }

    fn sweep(&self, path: &Path, work: &Path) -> Sweep {
        let jobs = u16::try_from(jobs(self.jobs)).ok();
        Sweep { selection: self.selection(path, work), jobs, quiet: self.quiet, ..Sweep::default() }
    }
}

/// The name of an experiment and of its results folder.
fn name(path: &Path) -> PathBuf {
    PathBuf::from(path.file_stem().unwrap_or_default())
}

/// Says how new results compare with old ones, and returns whether they are the same.
fn compare(old: &Path, new: &Path, name: &Path) -> Result<bool> {
    let (name, differing) = (name.display(), differing(old, new)?);
    if differing.is_empty() {
        say!("{name}: identical, bit for bit");
        return Ok(true);
    }
    let comparison = Comparison::of(&Side::read(old)?, &Side::read(new)?);
    let count = |verdict: Verdict| comparison.count(verdict);
    let others = comparison.only_first.len() + comparison.only_second.len();
    let unequal =
        count(Verdict::Better) + count(Verdict::Worse) + count(Verdict::Different) + others;
    if unequal == 0 && count(Verdict::Equal) > 0 {
        say!("{name}: equal within intervals, with other numbers in {}", differing.join(", "));
        return Ok(true);
    }
    if unequal > 0 {
        print(&comparison);
    }
    say!("{name}: different, in {}", differing.join(", "));
    Ok(false)
}

/// The files that differ, of those that do not depend on the machine. Records are not compared: they hold
/// timings, and what follows from them does not.
fn differing(old: &Path, new: &Path) -> Result<Vec<String>> {
    let mut names = derived(old)?;
    names.extend(derived(new)?);
    let read = |folder: &Path, name: &str| std::fs::read(folder.join(name)).ok();
    Ok(names.into_iter().filter(|name| read(old, name) != read(new, name)).collect())
}

/// The files in a results folder and the folders in it that are made of its records.
fn derived(folder: &Path) -> Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    for inner in ["", "plots", "artifacts"] {
        let path = folder.join(inner);
        if !path.is_dir() {
            continue;
        }
        let named = || format!("{} cannot be read", path.display());
        for entry in std::fs::read_dir(&path).with_context(named)? {
            let entry = entry.with_context(named)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_derived = !name.starts_with("runs") && !name.starts_with('.');
            if entry.path().is_file() && is_derived && !MACHINE.contains(&&*name) {
                let full = Path::new(inner).join(name);
                names.insert(full.display().to_string());
            }
        }
    }
    Ok(names)
}
