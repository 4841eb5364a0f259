//! What each estimator reaches, against the number of settings that are tried.

use super::cell::{CellSummary, resamples};
use super::metric::lower_is_better;
use super::summary::Summary;
use crate::experiment::Measure;
use statistics::{Estimate, expected_best_of};

/// What an estimator reaches with each number of settings.
#[derive(Clone, Debug)]
pub struct Budget {
    /// Index of its best cell.
    pub cell: usize,
    /// The ranking metric of the setting that is chosen from n random ones, for n from 1 up: a run
    /// chooses for itself, by the metric that chooses. Over seeds.
    pub reached: Vec<Estimate>,
}

impl Summary<'_> {
    /// The estimators of a task that have several settings, in the experiment's order.
    pub fn by_budget(&self, task: usize) -> Vec<Budget> {
        let mut budgets: Vec<Budget> =
            self.rivals.iter().filter_map(|rivals| self.budget(task, rivals)).collect();
        budgets.sort_by_key(|budget| budget.cell);
        budgets
    }

    fn budget(&self, task: usize, rivals: &[usize]) -> Option<Budget> {
        let cell = rivals.iter().copied().find(|&index| self.cells[index].best)?;
        let cells: Vec<&CellSummary<'_>> = rivals.iter().map(|&index| &self.cells[index]).collect();
        let is_refused = cells.iter().any(|cell| cell.refusal().is_some());
        if self.cells[cell].cell.task_index != task || cells.len() < 2 || is_refused {
            return None;
        }
        let measure = self.ranking_measure(task);
        let seeds = cells[0].runs.iter().map(|&(seed, _)| seed);
        let settings: Vec<Vec<(f64, f64)>> =
            seeds.filter_map(|seed| settings(&cells, seed, &measure)).collect();
        let reached = |n: usize| {
            let best = |settings: &Vec<(f64, f64)>| expected_best_of(settings, n);
            let scores: Vec<f64> = settings.iter().filter_map(best).collect();
            let values: Vec<f64> = scores.iter().map(|&x| lower_is_better(&measure, x)).collect();
            resamples(values.len()).estimate(&values)
        };
        let reached = (1..=cells.len()).map(reached).collect::<Option<_>>()?;
        Some(Budget { cell, reached })
    }
}

/// The choosing and the ranking metric of a seed in every cell, lower better; nothing if a run is
/// missing.
fn settings(cells: &[&CellSummary<'_>], seed: u64, measure: &Measure) -> Option<Vec<(f64, f64)>> {
    let of_cell = |cell: &&CellSummary<'_>| {
        let record = cell.record(seed)?;
        let score =
            |measure: &Measure| Some(lower_is_better(measure, cell.value(record, measure)?));
        Some((score(&cell.chooser.unwrap_or(*measure))?, score(measure)?))
    };
    cells.iter().map(of_cell).collect()
}
