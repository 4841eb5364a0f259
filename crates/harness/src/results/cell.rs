//! The stored runs of a cell, and what they say.

use super::measure::{Metric, sample};
use crate::experiment::{Cell, Experiment};
use crate::record::{Outcome, Record};
use statistics::{Bootstrap, Estimate, Resamples, curve_band};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Seed of every bootstrap: results do not depend on who computes them.
pub(super) const BOOTSTRAP: Bootstrap = Bootstrap::new(0);

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
    /// The end of every metric, estimated when first asked for.
    ends: OnceLock<BTreeMap<Metric, Estimate>>,
    /// Every metric along the steps, estimated when first asked for.
    curves: OnceLock<BTreeMap<Metric, Curve>>,
}

/// Steps, and an estimate at each.
type Curve = Vec<(u64, Estimate)>;

impl<'a> CellSummary<'a> {
    pub(super) fn new(experiment: &Experiment, cell: &'a Cell) -> Self {
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
        Self {
            cell,
            task: experiment.tasks[cell.task].choice.label(),
            estimator: cell.estimator.label_without(&hidden),
            tuning,
            runs: vec![],
            run_length: experiment.steps,
            best: false,
            ends: OnceLock::new(),
            curves: OnceLock::new(),
        }
    }

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
        // Runs that all failed at once have no metrics, and miss each.
        self.ends().get(metric).copied().or_else(|| self.end(metric))
    }

    fn ends(&self) -> &BTreeMap<Metric, Estimate> {
        self.ends.get_or_init(|| {
            let metrics = self.metrics().into_iter();
            metrics.filter_map(|metric| self.end(&metric).map(|end| (metric, end))).collect()
        })
    }

    fn end(&self, metric: &Metric) -> Option<Estimate> {
        let mut values = self.finals(metric);
        values.sort_by(f64::total_cmp);
        resamples(values.len()).interquartile_mean(&values)
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
    pub fn curve(&self, metric: &Metric) -> &[(u64, Estimate)] {
        self.curves().get(metric).map_or(&[], Vec::as_slice)
    }

    fn curves(&self) -> &BTreeMap<Metric, Curve> {
        self.curves.get_or_init(|| {
            let metrics = self.metrics().into_iter();
            metrics.map(|metric| (metric.clone(), self.along(&metric))).collect()
        })
    }

    fn along(&self, metric: &Metric) -> Curve {
        if self.refusal().is_some() {
            return vec![];
        }
        let steps = self.steps(metric.gradient);
        let curve = |record: &Record| -> Option<Vec<f64>> {
            steps.iter().map(|&step| metric.at(record, step)).collect()
        };
        let curves: Vec<Vec<f64>> = self.records().into_iter().filter_map(curve).collect();
        let band = curve_band(&curves, &resamples(curves.len())).unwrap_or_default();
        steps.into_iter().zip(band).collect()
    }

    /// Estimates what tables and figures ask for.
    pub(super) fn prepare(&self) {
        self.ends();
        if self.best {
            self.curves();
        }
    }
}

/// Resamples of samples of a size: the same for all cells, and drawn once.
fn resamples(size: usize) -> Arc<Resamples> {
    static DRAWN: Mutex<BTreeMap<usize, Arc<Resamples>>> = Mutex::new(BTreeMap::new());
    // What a panic interrupts here is an insertion, which was made or was not.
    let mut drawn = DRAWN.lock().unwrap_or_else(PoisonError::into_inner);
    drawn.entry(size).or_insert_with(|| Arc::new(Resamples::draw(size, BOOTSTRAP))).clone()
}
