//! The stored runs of an experiment, cell by cell, and the best cell of each estimator.

use super::cell::{CellSummary, compares_optimizers, compares_schedules};
use super::metric::lower_is_better;
use super::place::Place;
use crate::experiment::{Cell, Experiment, Measure};
use crate::plan::Run;
use crate::record::Records;
use anyhow::{Result, bail};
use rayon::prelude::*;
use statistics::interquartile_mean;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, OnceLock};

/// Paths of parameters with their values.
pub(super) type Parameters = Vec<(String, String)>;

/// An experiment's stored runs, cell by cell.
pub struct Summary<'a> {
    /// The experiment.
    pub experiment: &'a Experiment,
    /// Its cells, in order.
    pub cells: Vec<CellSummary<'a>>,
    /// [`Experiment::settings`].
    pub settings: String,
    /// The indices of cells that differ only in tuned parameters, group by group, each in order.
    pub(super) rivals: Vec<Vec<usize>>,
    /// The index of the group of each cell.
    group: Vec<usize>,
    /// The ranking of each task, computed when first needed.
    pub(super) rankings: Vec<OnceLock<Vec<Place>>>,
}

impl<'a> Summary<'a> {
    /// Sorts records by the cells they belong to, for all runs of the experiment. Records of other runs
    /// are ignored.
    pub fn new(experiment: &'a Experiment, runs: &[Run], records: &'a Records) -> Self {
        let says_optimizer = compares_optimizers(experiment);
        let schedules = compares_schedules(experiment);
        // What runs measure depends on their task only.
        let mut measures: BTreeMap<usize, Arc<[Measure]>> = BTreeMap::new();
        let mut of_cell = |cell: &'a Cell| {
            let shared = measures.entry(cell.task_index);
            let shared = shared.or_insert_with(|| experiment.measures(cell).into());
            let says_schedule = schedules.contains(cell.estimator.kind);
            let measures = Arc::clone(shared);
            CellSummary::new(experiment, cell, measures, says_optimizer, says_schedule)
        };
        let mut cells: Vec<CellSummary<'a>> = experiment.cells.iter().map(&mut of_cell).collect();
        for run in runs {
            if let Some(record) = records.get(&run.id) {
                cells[run.cell].runs.push((run.seed, record));
            }
        }
        let settings = experiment.settings_of(runs);
        let rivals = rivals(experiment);
        let mut group = vec![0; cells.len()];
        for (index, rivals) in rivals.iter().enumerate() {
            rivals.iter().for_each(|&cell| group[cell] = index);
        }
        let rankings = experiment.tasks.iter().map(|_| OnceLock::new()).collect();
        let mut summary = Self { experiment, cells, settings, rivals, group, rankings };
        summary.choose_best();
        summary
    }

    /// Marks, among rivals, the cell that ends best by the metric that chooses: the first of equals.
    fn choose_best(&mut self) {
        let best = |rivals: &Vec<usize>| {
            let scored = rivals.iter().map(|&index| (self.score(&self.cells[index]), index));
            scored.reduce(|best, other| if other.0 < best.0 { other } else { best })
        };
        let best: Vec<(f64, usize)> = self.rivals.iter().filter_map(best).collect();
        for (_, index) in best {
            self.cells[index].best = true;
        }
    }

    /// The cells that differ from a cell in tuned parameters only, itself among them.
    pub fn rivals_of(&self, cell: usize) -> &[usize] {
        &self.rivals[self.group[cell]]
    }

    /// What a cell is chosen by, as a number that is better where it is lower.
    pub(super) fn score(&self, cell: &CellSummary<'_>) -> f64 {
        let ranking = self.ranking_measure(cell.cell.task_index);
        let measure = cell.chooser.unwrap_or(ranking);
        let value = interquartile_mean(&cell.sample(&measure));
        value.map_or(f64::INFINITY, |value| lower_is_better(&measure, value))
    }

    /// The metric that ranks estimators on a task.
    pub fn ranking_measure(&self, task: usize) -> Measure {
        self.experiment.ranking_measure(task)
    }

    /// Computes on all cores what tables and figures need.
    pub fn estimate(&self) {
        self.cells.par_iter().for_each(|cell| cell.prepare());
    }

    /// Indices of the tasks that have cells, in order.
    pub fn tasks(&self) -> Vec<usize> {
        let tasks: BTreeSet<usize> = self.cells.iter().map(|cell| cell.cell.task_index).collect();
        tasks.into_iter().collect()
    }

    /// The label of a task.
    pub fn task_label(&self, task: usize) -> String {
        self.experiment.tasks[task].label()
    }

    /// The best cells of a task, in the experiment's order.
    pub fn best_cells(&self, task: usize) -> impl Iterator<Item = (usize, &CellSummary<'a>)> {
        let cells = self.cells.iter().enumerate();
        cells.filter(move |(_, cell)| cell.cell.task_index == task && cell.best)
    }

    /// For each cell why its estimator does not support its task, or `None` if it does.
    pub fn refusals(&self) -> Vec<Option<String>> {
        self.cells.par_iter().map(|cell| cell.cell.refusal(self.experiment.batch)).collect()
    }

    /// The number of runs by what did them, as far as it is known.
    pub fn origins(&self) -> BTreeMap<&str, usize> {
        let records = self.cells.iter().flat_map(|cell| &cell.runs);
        let mut origins = BTreeMap::new();
        for origin in records.filter_map(|(_, record)| record.origin.as_deref()) {
            *origins.entry(origin).or_default() += 1;
        }
        origins
    }

    /// Rejects a folder without runs of the selection.
    ///
    /// # Errors
    /// If none is stored.
    pub fn require_runs(&self, folder: &Path) -> Result<()> {
        let (stored, all) = self.progress();
        if stored == 0 {
            bail!(
                "{} has none of the {all} runs of experiment `{}`; run `sweep {}` first",
                folder.display(),
                self.experiment.name,
                self.experiment.arguments()
            );
        }
        Ok(())
    }

    /// The number of the selection's runs that are stored, and the number of all.
    pub fn progress(&self) -> (usize, usize) {
        let stored = self.cells.iter().map(|cell| cell.runs.len()).sum();
        (stored, self.cells.len() * self.experiment.seeds as usize)
    }
}

/// [`Summary::rivals`] of an experiment.
fn rivals(experiment: &Experiment) -> Vec<Vec<usize>> {
    let mut groups: BTreeMap<(usize, Parameters), Vec<usize>> = BTreeMap::new();
    for (index, cell) in experiment.cells.iter().enumerate() {
        groups.entry((cell.task_index, untuned(cell))).or_default().push(index);
    }
    groups.into_values().collect()
}

/// The parameters of estimator and optimizer that are not tuned, with their kinds.
pub(super) fn untuned(cell: &Cell) -> Parameters {
    let fixed = [
        ("estimator".to_owned(), cell.estimator.kind.to_owned()),
        ("optimizer".to_owned(), cell.value("optimizer.kind").unwrap_or_default()),
    ];
    let is_kept = |(path, _): &(String, String)| !cell.tuned.contains(path);
    fixed.into_iter().chain(cell.parameters().filter(is_kept)).collect()
}
