//! Cells, the best of each estimator, and their ranking.

use super::cell::{BOOTSTRAP, CellSummary};
use crate::experiment::Experiment;
use crate::run::Run;
use crate::store::Records;
use rayon::prelude::*;
use statistics::{
    Estimate, differences, holm, interquartile_mean, paired_difference, wilcoxon_signed_rank,
};
use std::collections::BTreeSet;

/// The kind that others are compared with.
pub const REFERENCE: &str = "exact";

/// An experiment's stored runs, cell by cell.
pub struct Summary<'a> {
    /// The experiment.
    pub experiment: &'a Experiment,
    /// Its cells, in order.
    pub cells: Vec<CellSummary<'a>>,
}

/// A cell's place among the best of each estimator.
#[derive(Clone, Debug)]
pub struct Ranking {
    /// Index of the cell.
    pub cell: usize,
    /// Its final headline metric.
    pub headline: Option<Estimate>,
    /// How it compares with the reference.
    pub comparison: Option<Comparison>,
}

/// A paired comparison with the reference.
#[derive(Clone, Copy, Debug)]
pub struct Comparison {
    /// The difference, negative where it is better than the reference.
    pub difference: Estimate,
    /// Probability of so large a difference if there were none (Wilcoxon signed-rank, two-sided),
    /// adjusted for the number of comparisons (Holm).
    pub p_value: f64,
}

impl<'a> Summary<'a> {
    /// Sorts records by the cells they belong to. Records of other runs are not looked at.
    pub fn new(experiment: &'a Experiment, runs: &[Run], records: &'a Records) -> Self {
        let mut cells: Vec<CellSummary<'a>> =
            experiment.cells.iter().map(|cell| CellSummary::new(experiment, cell)).collect();
        for run in runs {
            if let Some(record) = records.get(&run.id) {
                cells[run.cell].runs.push((run.seed, record));
            }
        }
        let mut summary = Self { experiment, cells };
        summary.choose_best();
        summary
    }

    /// Marks, among cells that differ in tuned parameters alone, the one whose final headline
    /// metric is best: the first of equals.
    fn choose_best(&mut self) {
        let scores: Vec<f64> = (0..self.cells.len())
            .map(|cell| interquartile_mean(&self.cells[cell].finals(&self.experiment.headline())))
            .map(|score| score.unwrap_or(f64::INFINITY))
            .collect();
        for cell in 0..self.cells.len() {
            let rivals = (0..self.cells.len()).filter(|&other| self.is_rival(cell, other));
            let best = rivals.min_by(|&a, &b| scores[a].total_cmp(&scores[b]));
            self.cells[cell].best = best == Some(cell);
        }
    }

    fn is_rival(&self, a: usize, b: usize) -> bool {
        let (a, b) = (&self.cells[a], &self.cells[b]);
        let untuned = |cell: &CellSummary<'_>| {
            let experiment = self.experiment;
            let mut kept = vec![];
            for (part, choice) in
                [("estimator", &cell.cell.estimator), ("optimizer", &cell.cell.optimizer)]
            {
                for (key, value) in &choice.parameters {
                    if !experiment.tuned.contains(&format!("{part}.{key}")) {
                        kept.push(format!("{part}.{key}={value}"));
                    }
                }
            }
            kept
        };
        a.cell.task == b.cell.task
            && a.cell.estimator.kind == b.cell.estimator.kind
            && a.cell.optimizer.kind == b.cell.optimizer.kind
            && untuned(a) == untuned(b)
    }

    /// Estimates on all cores what tables and figures ask for.
    pub fn estimate(&self) {
        self.cells.par_iter().for_each(|cell| cell.prepare());
    }

    /// Indices of tasks that have cells, in order.
    pub fn tasks(&self) -> Vec<usize> {
        let tasks: BTreeSet<usize> = self.cells.iter().map(|cell| cell.cell.task).collect();
        tasks.into_iter().collect()
    }

    /// The best cells of a task, best first; those without a run come last.
    pub fn ranking(&self, task: usize) -> Vec<Ranking> {
        let best = (0..self.cells.len())
            .filter(|&cell| self.cells[cell].cell.task == task && self.cells[cell].best);
        let mut ranking: Vec<Ranking> = best
            .map(|cell| {
                let headline = self.cells[cell].estimate(&self.experiment.headline());
                Ranking { cell, headline, comparison: None }
            })
            .collect();
        let score = |place: &Ranking| place.headline.map_or(f64::INFINITY, |x| x.value);
        ranking.sort_by(|a, b| {
            let known = |place: &Ranking| place.headline.is_none();
            known(a).cmp(&known(b)).then(score(a).total_cmp(&score(b)))
        });
        self.compare(&mut ranking);
        ranking
    }

    /// Compares each place with the reference's, paired by seed.
    fn compare(&self, ranking: &mut [Ranking]) {
        let is_reference = |cell: usize| self.cells[cell].cell.estimator.kind == REFERENCE;
        let Some(reference) =
            ranking.iter().map(|place| place.cell).find(|&cell| is_reference(cell))
        else {
            return;
        };
        let mut compared = vec![];
        for (place, entry) in ranking.iter().enumerate().filter(|(_, p)| p.cell != reference) {
            let (ours, theirs) = self.paired(entry.cell, reference);
            let Some(difference) = paired_difference(&ours, &theirs, BOOTSTRAP) else { continue };
            let p_value = wilcoxon_signed_rank(&differences(&ours, &theirs));
            compared.push((place, difference, p_value));
        }
        let adjusted = holm(&compared.iter().map(|&(.., p)| p).collect::<Vec<_>>());
        for ((place, difference, _), p_value) in compared.into_iter().zip(adjusted) {
            ranking[place].comparison = Some(Comparison { difference, p_value });
        }
    }

    /// Final headline metrics of two cells, for the seeds that both have.
    fn paired(&self, ours: usize, theirs: usize) -> (Vec<f64>, Vec<f64>) {
        let metric = self.experiment.headline();
        let value = |cell: usize, seed: u64| {
            let (runs, step) = (&self.cells[cell].runs, self.cells[cell].last_step(&metric));
            let place = runs.binary_search_by_key(&seed, |&(seed, _)| seed).ok()?;
            metric.at(runs[place].1, step)
        };
        let seeds = self.cells[ours].runs.iter().map(|&(seed, _)| seed);
        seeds.filter_map(|seed| Some((value(ours, seed)?, value(theirs, seed)?))).unzip()
    }

    /// Runs of the selection that are there, and how many there would be.
    pub fn progress(&self) -> (usize, usize) {
        let there = self.cells.iter().map(|cell| cell.runs.len()).sum();
        (there, self.cells.len() * self.experiment.seeds as usize)
    }
}
