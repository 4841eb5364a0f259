use super::cells::{Cell, TaskVariant};
use super::expected_value::ExpectedValue;
use super::file::{FigureSpec, GradientPlan, SlurmSpec, ThresholdSpec};
use super::metrics::{ALONG_TRAINING, DRAWS, MEAN_SQUARED_ERROR, Measure};
use super::protocol::Protocol;
use std::path::PathBuf;
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
    /// What the command line changes of it, as options.
    pub overrides: Vec<String>,
    /// Whether its settings are those of the file all the same: a question, for example, is no part of
    /// them.
    pub has_own_settings: bool,
    /// What is asked.
    pub question: String,
    /// What an engineer should make of the answer; written after looking.
    pub reading: String,
    /// The digest of the settings that the reading was written for, if it says so.
    pub reading_of: Option<String>,
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
    /// The number of settings that every estimator is tuned over, if it is declared.
    pub budget: Option<usize>,
    /// A level of the ranking metric that estimators take steps to reach.
    pub threshold: Option<ThresholdSpec>,
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
    /// What each of them does, and its source, in the same order.
    pub about: Vec<(&'static str, &'static str)>,
    /// How `slurm` divides its runs.
    pub slurm: SlurmSpec,
    /// The file with overrides, sweeps and defaults resolved, as a table.
    pub resolved: Table,
}

impl Experiment {
    /// Whether its runs take steps.
    pub fn trains(&self) -> bool {
        self.protocol == Protocol::Training
    }

    /// The arguments of a command line that name it, with what they change.
    pub fn arguments(&self) -> String {
        let path = self.path.display().to_string();
        [&[path], self.overrides.as_slice()].concat().join(" ")
    }

    /// The family of an estimator's kind.
    pub fn family(&self, kind: &str) -> &'static str {
        let found = self.families.iter().find(|(known, _)| *known == kind);
        found.map_or("", |(_, family)| family)
    }

    /// Everything that the runs of a cell measure, in order of name.
    pub fn measures(&self, cell: &Cell) -> Vec<Measure> {
        let mut measures: Vec<Measure> = vec![];
        if self.trains() {
            measures.extend(cell.task.built.metrics().into_iter().map(Measure::of_network));
        }
        if !self.trains() || self.gradient.is_some() {
            measures.extend(ALONG_TRAINING.map(Measure::of_gradient));
        }
        if !self.trains() {
            measures.push(Measure::of_gradient(DRAWS));
        }
        measures.sort_by_key(|measure| measure.name);
        measures
    }

    /// The metric that ranks estimators on a task: the first one that the task declares, or the mean
    /// squared error of an estimate where no steps are taken.
    pub fn ranking_measure(&self, task_index: usize) -> Measure {
        let first = self.tasks[task_index].built.metrics().first().copied();
        match first.filter(|_| self.trains()) {
            Some(metric) => Measure::of_network(metric),
            None => Measure::of_gradient(MEAN_SQUARED_ERROR),
        }
    }

    /// The metric that chooses the setting of an estimator and the stopping step of a run, where the
    /// ranking metric of the cell's task names one.
    pub fn choosing_measure(&self, cell: &Cell) -> Option<Measure> {
        let name = self.ranking_measure(cell.task_index).chosen_by?;
        self.measure(cell, name)
    }

    /// The measure of that name on a cell's task.
    pub fn measure(&self, cell: &Cell, name: &str) -> Option<Measure> {
        self.measures(cell).into_iter().find(|measure| measure.name == name)
    }
}
