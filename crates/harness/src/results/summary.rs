//! Cells, the best of each estimator, and their ranking.

use super::measure::{Metric, sample};
use crate::experiment::{Cell, Experiment};
use crate::record::{Outcome, Record};
use crate::run::Run;
use crate::statistics::{
    Bootstrap, Estimate, curve_band, differences, holm, interquartile_mean, paired_difference,
    wilcoxon_signed_rank,
};
use crate::store::Records;
use std::collections::BTreeSet;

/// Seed of every bootstrap: results do not depend on who computes them.
const BOOTSTRAP: Bootstrap = Bootstrap::new(0);

/// The kind that others are compared with.
pub const REFERENCE: &str = "exact";

/// An experiment's stored runs, cell by cell.
pub struct Summary<'a> {
    /// The experiment.
    pub experiment: &'a Experiment,
    /// Its cells, in order.
    pub cells: Vec<CellSummary<'a>>,
}

/// The stored runs of a cell.
pub struct CellSummary<'a> {
    /// The cell.
    pub cell: &'a Cell,
    /// The task, as a reader wants to see it.
    pub task: String,
    /// The estimator without the parameters that were tuned.
    pub estimator: String,
    /// The optimiser, with the tuned parameters of the estimator if there are any.
    pub tuning: String,
    /// Seeds and records of its runs that are there, by seed.
    pub runs: Vec<(u64, &'a Record)>,
    /// Steps of a run.
    pub run_length: u64,
    /// Whether it is the best of those that differ in tuned parameters alone.
    pub best: bool,
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
            experiment.cells.iter().map(|cell| describe(experiment, cell)).collect();
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
                let values = self.cells[cell].finals(&self.experiment.headline());
                let headline = BOOTSTRAP.estimate(&values, interquartile_mean);
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

fn describe<'a>(experiment: &Experiment, cell: &'a Cell) -> CellSummary<'a> {
    let hidden: Vec<&str> =
        experiment.tuned.iter().filter_map(|key| key.strip_prefix("estimator.")).collect();
    let mut tuning = cell.optimizer.label();
    for key in &hidden {
        if let Some(value) =
            cell.estimator.value(key).filter(|_| cell.estimator.named.iter().any(|n| n == key))
        {
            tuning.push_str(&format!(" {key}={value}"));
        }
    }
    CellSummary {
        cell,
        task: experiment.tasks[cell.task].choice.label(),
        estimator: cell.estimator.label_without(&hidden),
        tuning,
        runs: vec![],
        run_length: experiment.steps,
        best: false,
    }
}

impl<'a> CellSummary<'a> {
    /// The records of its runs.
    pub fn records(&self) -> Vec<&'a Record> {
        self.runs.iter().map(|&(_, record)| record).collect()
    }

    /// Runs that did not get to their end, and were not refused.
    pub fn failures(&self) -> usize {
        let ended =
            |record: &&Record| matches!(record.outcome, Outcome::Done | Outcome::Refused { .. });
        self.records().iter().filter(|record| !ended(record)).count()
    }

    /// Why its runs were refused, if they were.
    pub fn refusal(&self) -> Option<&str> {
        self.runs.iter().find_map(|(_, record)| match &record.outcome {
            Outcome::Refused { why } => Some(why.as_str()),
            _ => None,
        })
    }

    /// The step whose numbers stand for the end: the last, or for gradients the last measured.
    pub fn last_step(&self, metric: &Metric) -> u64 {
        match metric.gradient {
            true => self.steps(true).last().copied().unwrap_or(self.run_length),
            false => self.run_length,
        }
    }

    /// One number a run at the end; none if the cell was refused.
    pub fn finals(&self, metric: &Metric) -> Vec<f64> {
        if self.refusal().is_some() {
            return vec![];
        }
        sample(&self.records(), metric, self.last_step(metric))
    }

    /// The interquartile mean of a metric at the end, with its interval.
    pub fn estimate(&self, metric: &Metric) -> Option<Estimate> {
        BOOTSTRAP.estimate(&self.finals(metric), interquartile_mean)
    }

    /// Steps at which its runs were looked at.
    pub fn steps(&self, gradient: bool) -> Vec<u64> {
        let steps = self.records().into_iter().flat_map(|record| {
            let curves = if gradient { &record.gradient } else { &record.curves };
            curves.steps.iter().copied()
        });
        steps.collect::<BTreeSet<u64>>().into_iter().collect()
    }

    /// Metrics that its runs have.
    pub fn metrics(&self) -> Vec<Metric> {
        let names = |gradient: bool| {
            self.records().into_iter().flat_map(move |record| {
                let curves = if gradient { &record.gradient } else { &record.curves };
                curves.metrics.keys().map(move |name| Metric { name: name.clone(), gradient })
            })
        };
        names(false).chain(names(true)).collect::<BTreeSet<Metric>>().into_iter().collect()
    }

    /// A metric along the steps: interquartile mean with its band.
    pub fn curve(&self, metric: &Metric) -> Vec<(u64, Estimate)> {
        if self.refusal().is_some() {
            return vec![];
        }
        let steps = self.steps(metric.gradient);
        let curve = |record: &Record| -> Option<Vec<f64>> {
            steps.iter().map(|&step| metric.at(record, step)).collect()
        };
        let curves: Vec<Vec<f64>> = self.records().into_iter().filter_map(curve).collect();
        let band = curve_band(&curves, BOOTSTRAP).unwrap_or_default();
        steps.into_iter().zip(band).collect()
    }
}
