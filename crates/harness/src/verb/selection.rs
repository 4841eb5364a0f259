use crate::experiment::{Experiment, Overrides, lacks_a_file};
use crate::results::Summary;
use crate::{Registries, files, record};
use anyhow::{Result, bail};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// The runs that a verb is about.
#[derive(Clone, Debug, Default, Args)]
pub struct Selection {
    /// Experiment files, names of built-in experiments, or folders of experiment files
    #[arg(value_name = "EXPERIMENT", default_value = "argmax")]
    pub experiments: Vec<PathBuf>,
    /// Results folder; each experiment has its own folder in it
    #[arg(long, value_name = "DIR", default_value = "results")]
    pub results: PathBuf,
    /// Number of seeds per cell, instead of the experiment's
    #[arg(long, value_name = "N")]
    pub seeds: Option<u64>,
    /// Use only estimators of this kind; can be repeated
    #[arg(long, value_name = "KIND")]
    pub estimator: Vec<String>,
    /// Set a value of the experiment, such as steps=500 or task.categories=4; can be repeated
    #[arg(long, value_name = "KEY.PATH=VALUE")]
    pub set: Vec<String>,
    /// Use the experiment's own results folder although --seeds, --estimator or --set change its
    /// settings; without it, other settings have a folder of their own beside it
    #[arg(long)]
    pub force: bool,
    /// Folder of data sets such as MNIST [default: that of $ARGMAX_LAB_DATA, else `data`]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

/// Digits of a digest that name a folder.
const DIGITS: usize = 8;

impl Selection {
    /// Reads the experiments, each with the folder of its results.
    ///
    /// # Errors
    /// If an experiment is invalid, or two would share a folder.
    pub fn read(&self, registries: &Registries) -> Result<Vec<(Experiment, PathBuf)>> {
        let overrides = Overrides {
            seeds: self.seeds,
            estimators: self.estimator.clone(),
            set: self.set.clone(),
            data: self.data.clone(),
            known: vec![],
        };
        let mut selected: Vec<(Experiment, PathBuf)> = vec![];
        for path in self.files()? {
            let experiment = match Experiment::read(&path, &overrides, registries) {
                Err(error) if lacks_a_file(&error) => {
                    let known = record::known_data(&self.results)?;
                    Experiment::read(&path, &Overrides { known, ..overrides.clone() }, registries)?
                }
                read => read?,
            };
            let folder = self.results.join(self.folder(&experiment)?);
            if selected.iter().any(|(_, other)| *other == folder) {
                bail!("two experiments would share the folder {}", folder.display());
            }
            selected.push((experiment, folder));
        }
        Ok(selected)
    }

    /// The experiment files, with those of folders.
    fn files(&self) -> Result<Vec<PathBuf>> {
        let mut paths = vec![];
        for path in &self.experiments {
            if !path.is_dir() {
                paths.push(path.clone());
                continue;
            }
            let found = files::with_extension(path, "toml")?;
            if found.is_empty() {
                bail!("folder {} has no experiment files, which end with .toml", path.display());
            }
            paths.extend(found);
        }
        Ok(paths)
    }

    /// The name of the folder of an experiment's results: that of the experiment, with a digest of its
    /// settings where the command line changes them.
    fn folder(&self, experiment: &Experiment) -> Result<String> {
        let name = &experiment.name;
        Ok(match self.force || experiment.has_own_settings {
            true => name.clone(),
            false => format!("{name}-{}", &experiment.settings()?[..DIGITS]),
        })
    }
}

/// The format of what a verb prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Table,
    /// For programs
    Json,
}

/// The number of jobs: one per core unless given.
pub(super) fn jobs(given: Option<u16>) -> usize {
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    given.map_or_else(cores, usize::from)
}

/// Says on standard error what a reader of the rankings has to be warned of.
pub(super) fn warn(summary: &Summary<'_>) {
    let origins = summary.origins();
    if origins.len() > 1 {
        note!("warning: not all runs are of one revision, processor and instruction set:");
        origins.iter().for_each(|(origin, runs)| note!("    {runs} by {origin}"));
    }
    for task in summary.tasks() {
        for warning in summary.warnings(task) {
            note!("warning: {}: {warning}", summary.task_label(task));
        }
    }
}
