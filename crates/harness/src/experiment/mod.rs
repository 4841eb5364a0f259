//! An experiment file: a question, and the runs that answer it.

mod cell;
mod expand;
mod expected;
mod file;
mod names;
mod protocol;
mod selection;
mod set;

pub use cell::{Cell, Choice};
pub use expected::{ExpectedSpec, ExpectedValue};
pub use file::{FigureSpec, GradientPlan, Overrides};
pub use protocol::{CellDraws, GradientProtocol, Protocol};

use anyhow::{Context, Result};
use kernels::Optimizer;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use toml::Table;

use crate::Registries;

/// A question, read and resolved: every value that decides a number is in it.
#[derive(Clone, Debug)]
pub struct Experiment {
    /// The file's name without its ending: the name of its results folder.
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
    /// Steps of a run; none under the protocol that takes none.
    pub steps: u64,
    /// Steps between evaluations.
    pub evaluate_every: u64,
    /// Rows of a batch.
    pub batch: usize,
    /// How gradients are measured along training, if they are, and training there is.
    pub gradient: Option<GradientPlan>,
    /// Parameters over which the best cell of each estimator is chosen.
    pub tuned: Vec<String>,
    /// What is compared: every task with every estimator and optimiser.
    pub cells: Vec<Cell>,
    /// The kinds of its tasks, with their data, in the order of the cells' task indices.
    pub tasks: Vec<LoadedTask>,
    /// Figures beside the standard ones.
    pub figures: Vec<FigureSpec>,
    /// Where the expected values are from, if there are any.
    pub expected_source: Option<String>,
    /// What metrics are known to be.
    pub expected: Vec<ExpectedValue>,
    /// The file with overrides, sweeps and defaults resolved, as a table.
    pub resolved: Table,
}

/// A task of an experiment, with its data.
#[derive(Clone)]
pub struct LoadedTask {
    /// Its kind and parameters.
    pub choice: Choice,
    /// What trains on it.
    pub task: Arc<dyn model::Task>,
}

impl std::fmt::Debug for LoadedTask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LoadedTask").field("choice", &self.choice).finish_non_exhaustive()
    }
}

impl Experiment {
    /// Whether its runs train.
    pub fn takes_steps(&self) -> bool {
        self.protocol == Protocol::Training
    }

    /// Reads an experiment file and applies overrides to it.
    ///
    /// # Errors
    /// If the file cannot be read, or says something that cannot be. The message names the file,
    /// and the key and value with what is allowed.
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
        file::resolve(path, table, overrides, registries).with_context(named)
    }
}

/// Experiment files of the same folder.
fn siblings(path: &Path) -> Vec<String> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let Ok(entries) = std::fs::read_dir(folder.unwrap_or(Path::new("."))) else { return vec![] };
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.ok().map(|entry| path.with_file_name(entry.file_name())))
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .map(|path| path.display().to_string())
        .collect();
    names.sort();
    names
}

/// The optimiser that a resolved table says.
pub(crate) fn optimizer(choice: &Choice) -> Optimizer {
    let number =
        |key: &str| choice.parameters.get(key).and_then(toml::Value::as_float).unwrap_or_default();
    match choice.kind.as_str() {
        "sgd" => {
            Optimizer::Sgd { learning_rate: number("learning-rate"), momentum: number("momentum") }
        }
        _ => Optimizer::Adam {
            learning_rate: number("learning-rate"),
            beta1: number("beta1"),
            beta2: number("beta2"),
            epsilon: number("epsilon"),
        },
    }
}
