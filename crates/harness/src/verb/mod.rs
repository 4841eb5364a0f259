//! What the program does: one file a verb.

mod bench;
mod list;
mod plan;
mod report;
mod sweep;
mod verify;

pub use bench::bench;
pub use list::list;
pub use plan::plan;
pub use report::report;
pub use sweep::sweep;
pub use verify::verify;

use crate::Registries;
use crate::cli::Selection;
use crate::experiment::{Experiment, Overrides};
use anyhow::{Result, bail};
use std::path::PathBuf;

/// How a verb ended, as an exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// All is well.
    Ok = 0,
    /// More runs failed than were allowed, or a check did.
    Failed = 1,
    /// The user stopped it.
    Interrupted = 130,
}

impl Selection {
    /// Reads the experiments, each with the folder of its results.
    fn read(&self, registries: &Registries) -> Result<Vec<(Experiment, PathBuf)>> {
        let overrides = Overrides {
            seeds: self.seeds,
            estimators: self.estimator.clone(),
            set: self.set.clone(),
        };
        let mut selected: Vec<(Experiment, PathBuf)> = vec![];
        for path in &self.experiments {
            let experiment = Experiment::read(path, &overrides, registries)?;
            let folder = self.results.join(&experiment.name);
            if selected.iter().any(|(_, other)| *other == folder) {
                bail!("two experiments would share the folder {}", folder.display());
            }
            selected.push((experiment, folder));
        }
        Ok(selected)
    }
}
