//! An experiment file: a question, and the runs that answer it.

mod cells;
mod expected;
mod file;
pub mod metrics;
mod overrides;
mod protocol;
mod read;
mod schedules;
mod selection;
mod sweep;
mod validate;
mod written;

pub use cells::{Cell, EstimatorVariant, OptimizerVariant, TaskVariant};
pub use expected::ExpectedValue;
pub use file::{ExpectedSpec, FigureKind, FigureSpec, GradientPlan};
pub use metrics::Measure;
pub use overrides::Overrides;
pub use protocol::{CellDraws, GradientProtocol, Protocol};

use crate::Registries;
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use toml::Table;

/// A question, read and resolved: every value that decides a number is in it, and every kind that it
/// names is built.
#[derive(Clone)]
pub struct Experiment {
    /// The file's name without its extension: the name of its results folder.
    pub name: String,
    /// The file.
    pub path: PathBuf,
    /// What is asked.
    pub question: String,
    /// What an engineer should make of the answer; written after looking.
    pub reading: String,
    /// How a run measures.
    pub protocol: Protocol,
    /// Runs of each cell, with seeds from 0.
    pub seeds: u64,
    /// Steps of a run; 0 where no steps are taken.
    pub steps: u64,
    /// Steps between evaluations.
    pub evaluate_every: u64,
    /// Rows of a batch.
    pub batch: usize,
    /// How gradients are measured along training, if they are.
    pub gradient: Option<GradientPlan>,
    /// Parameters over which the best cell of each estimator is chosen.
    pub tuned: Vec<String>,
    /// What is compared: every task with every estimator and optimizer.
    pub cells: Vec<Cell>,
    /// The tasks, in the order of the cells' task indices.
    pub tasks: Vec<Arc<TaskVariant>>,
    /// Figures beside the standard ones.
    pub figures: Vec<FigureSpec>,
    /// Where the expected values are from, if there are any.
    pub expected_source: Option<String>,
    /// Known values of metrics.
    pub expected: Vec<ExpectedValue>,
    /// Every registered estimator with its family, in the registry's order: they decide colors.
    pub families: Vec<(&'static str, &'static str)>,
    /// The file with overrides, sweeps and defaults resolved, as a table.
    pub resolved: Table,
}

impl Experiment {
    /// Whether its runs take steps.
    pub fn trains(&self) -> bool {
        self.protocol == Protocol::Training
    }

    /// The family of an estimator's kind.
    pub fn family(&self, kind: &str) -> &'static str {
        let found = self.families.iter().find(|(known, _)| *known == kind);
        found.map_or("", |(_, family)| family)
    }

    /// Reads an experiment file and applies overrides to it.
    ///
    /// # Errors
    /// If the file cannot be read or something in it is invalid. The message names the file, the key
    /// and the value, and what is expected.
    pub fn read(path: &Path, overrides: &Overrides, registries: &Registries) -> Result<Self> {
        let named = || format!("experiment {}", path.display());
        let text = std::fs::read_to_string(path).with_context(|| {
            let there = siblings(path);
            let hint = if there.is_empty() {
                String::new()
            } else {
                format!("; there are {}", there.join(", "))
            };
            format!("{} cannot be read{hint}", named())
        })?;
        let table: Table = toml::from_str(&text).with_context(named)?;
        read::resolve(path, table, overrides, registries).with_context(named)
    }
}

/// Experiment files in the same folder.
fn siblings(path: &Path) -> Vec<String> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let found = crate::files::with_extension(folder.unwrap_or(Path::new(".")), "toml");
    let shown = |found: PathBuf| path.with_file_name(found.file_name().unwrap_or_default());
    found.unwrap_or_default().into_iter().map(|found| shown(found).display().to_string()).collect()
}
