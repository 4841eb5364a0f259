//! How estimators compare across the tasks of an experiment.

use super::cell::BOOTSTRAP;
use super::metric::lower_is_better;
use super::ranking::REFERENCE;
use super::summary::{Parameters, Summary, untuned};
use statistics::{Estimate, performance_profile, pooled_ranks, probability_of_improvement};
use std::collections::BTreeMap;

/// Final values, lower better: `[tasks][runs]`.
type Measured = Vec<Vec<f64>>;

/// The cell of an estimator on the first task, and its final values.
type OnTasks = (usize, Measured);

/// Ranks at which performance profiles are computed.
const THRESHOLDS: usize = 101;

/// An estimator across all tasks, by the metric that ranks on each.
#[derive(Clone, Debug)]
pub struct Across {
    /// Index of its cell on the first task.
    pub cell: usize,
    /// The probability that a run is better than one of the reference, on a task taken at random.
    /// None for the reference itself, or without one.
    pub improvement: Option<Estimate>,
    /// For ascending ranks from 0 (best of all runs on a task) to 1: the rank, and the share of the
    /// runs that are at least that good.
    pub profile: Vec<(f64, Estimate)>,
}

impl Summary<'_> {
    /// The estimators that have runs on every task, most probable improvement first. Empty with fewer
    /// than two tasks, or without training.
    pub fn across_tasks(&self) -> Vec<Across> {
        let tasks = self.tasks();
        if tasks.len() < 2 || !self.experiment.trains() {
            return vec![];
        }
        let (cells, samples): (Vec<usize>, Vec<Measured>) =
            self.on_every_task(&tasks).into_iter().unzip();
        let is_reference = |&cell: &usize| self.cells[cell].cell.estimator.kind == REFERENCE;
        let reference = cells.iter().position(is_reference);
        let across = |(index, ranks): (usize, Vec<Vec<f64>>)| Across {
            cell: cells[index],
            improvement: reference.filter(|&reference| reference != index).and_then(|reference| {
                probability_of_improvement(&samples[index], &samples[reference], BOOTSTRAP)
            }),
            profile: profile(&ranks),
        };
        let ranks = pooled_ranks(&samples).into_iter();
        let mut across: Vec<Across> = ranks.enumerate().map(across).collect();
        // The reference is as good as itself.
        let chance = |row: &Across| row.improvement.map_or(0.5, |estimate| estimate.value);
        across.sort_by(|a, b| chance(b).total_cmp(&chance(a)));
        across
    }

    /// The first cell and the final values, lower better, of each estimator that has runs on every
    /// task.
    fn on_every_task(&self, tasks: &[usize]) -> Vec<OnTasks> {
        let mut estimators: BTreeMap<Parameters, OnTasks> = BTreeMap::new();
        for &task in tasks {
            let measure = self.ranking_measure(task);
            for (index, cell) in self.best_cells(task) {
                let values = cell.sample(&measure).into_iter();
                let values: Vec<f64> = values.map(|x| lower_is_better(&measure, x)).collect();
                if !values.is_empty() {
                    let found = estimators.entry(untuned(cell.cell));
                    found.or_insert_with(|| (index, vec![])).1.push(values);
                }
            }
        }
        let mut complete: Vec<OnTasks> =
            estimators.into_values().filter(|(_, samples)| samples.len() == tasks.len()).collect();
        complete.sort_by_key(|&(cell, _)| cell);
        complete
    }
}

fn profile(ranks: &[Vec<f64>]) -> Vec<(f64, Estimate)> {
    let last = (THRESHOLDS - 1) as f64;
    let thresholds: Vec<f64> = (0..THRESHOLDS).map(|i| i as f64 / last).collect();
    let profile = performance_profile(ranks, &thresholds, BOOTSTRAP).unwrap_or_default();
    thresholds.into_iter().zip(profile).collect()
}
