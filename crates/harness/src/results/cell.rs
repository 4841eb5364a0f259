//! The stored runs of a cell, and their statistics.

use crate::experiment::{Cell, Experiment, Measure};
use crate::record::{Outcome, Record};
use statistics::{Bootstrap, Estimate, Resamples, curve_band};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Every bootstrap has the same seed: results do not depend on who computes them.
pub(super) const BOOTSTRAP: Bootstrap = Bootstrap::new(0);

/// The stored runs of a cell.
pub struct CellSummary<'a> {
    /// The cell.
    pub cell: &'a Cell,
    /// The label of the task.
    pub task: String,
    /// The label of the estimator, without the parameters that were tuned; with the optimizer, where
    /// the experiment compares several.
    pub estimator: String,
    /// The label of the optimizer, with the tuned parameters of the estimator if there are any.
    pub tuning: String,
    /// Seeds and records of its stored runs, in order of seeds.
    pub runs: Vec<(u64, &'a Record)>,
    /// Steps of a run.
    pub run_length: u64,
    /// What its runs measure.
    pub measures: Arc<[Measure]>,
    /// What chooses its setting and the stopping step of its runs; none where a run is taken as it is at
    /// its last step.
    pub chooser: Option<Measure>,
    /// Whether it is the best of those that differ only in tuned parameters.
    pub best: bool,
    /// The final estimate of every metric, computed when first needed.
    finals: OnceLock<BTreeMap<&'static str, Estimate>>,
    /// The estimates of every metric over the steps, computed when first needed.
    curves: OnceLock<BTreeMap<&'static str, Curve>>,
}

/// Steps, and an estimate at each.
type Curve = Vec<(u64, Estimate)>;

impl<'a> CellSummary<'a> {
    /// No runs yet. The label says the optimizer, where several are compared, but not a schedule that all
    /// estimators of its kind have.
    pub(super) fn new(
        experiment: &Experiment,
        cell: &'a Cell,
        measures: Arc<[Measure]>,
        says_optimizer: bool,
        says_schedule: bool,
    ) -> Self {
        let hidden = hidden(cell, "estimator.");
        let mut unsaid = hidden.clone();
        if !says_schedule {
            unsaid.push("schedule");
        }
        let label = cell.estimator.label_without(&unsaid);
        let mut tuning = cell.optimizer_label();
        for key in &hidden {
            if let Some(value) =
                cell.estimator.value(key).filter(|_| cell.estimator.given.iter().any(|n| n == key))
            {
                tuning.push_str(&format!(" {key}={value}"));
            }
        }
        Self {
            cell,
            task: cell.task.label(),
            estimator: match optimizer(cell).filter(|_| says_optimizer) {
                Some(optimizer) => format!("{label} with {optimizer}"),
                None => label,
            },
            tuning,
            runs: vec![],
            run_length: experiment.steps,
            measures,
            chooser: experiment.choosing_measure(cell),
            best: false,
            finals: OnceLock::new(),
            curves: OnceLock::new(),
        }
    }

    /// The records of its runs.
    pub fn records(&self) -> Vec<&'a Record> {
        self.runs.iter().map(|&(_, record)| record).collect()
    }

    /// The record of a seed, if it is stored.
    pub fn record(&self, seed: u64) -> Option<&'a Record> {
        let index = self.runs.binary_search_by_key(&seed, |&(seed, _)| seed).ok()?;
        Some(self.runs[index].1)
    }

    /// Runs that diverged, failed or timed out.
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

    /// The measure of that name, if its runs have one.
    pub fn measure(&self, name: &str) -> Option<Measure> {
        self.measures.iter().copied().find(|measure| measure.name == name)
    }

    /// What its stored runs have numbers for, in order of name.
    pub fn measured(&self) -> Vec<Measure> {
        let has_numbers = |measure: &&Measure| {
            let curves =
                |record: &&Record| measure.curves(record).metrics.contains_key(measure.name);
            self.records().iter().any(curves)
        };
        self.measures.iter().filter(has_numbers).copied().collect()
    }

    /// The step whose network a run is judged by: for gradients the last that was measured, otherwise
    /// the one that the choosing metric finds best, or the last.
    pub fn final_step(&self, record: &Record, measure: &Measure) -> u64 {
        let chosen = match (measure.of_gradient, self.chooser) {
            (true, _) => self.steps(measure).last().copied(),
            (false, chooser) => chooser.and_then(|chooser| chooser.best_step(record)),
        };
        chosen.unwrap_or(self.run_length)
    }

    /// The final number of a run; none if it failed and failures do not count.
    pub fn value(&self, record: &Record, measure: &Measure) -> Option<f64> {
        let step = self.final_step(record, measure);
        let is_kept = self.chooser.is_some() && !measure.of_gradient;
        if is_kept { measure.kept_at(record, step) } else { measure.at(record, step) }
    }

    /// The final number of each run; none if the cell was refused.
    pub fn sample(&self, measure: &Measure) -> Vec<f64> {
        if self.refusal().is_some() {
            return vec![];
        }
        self.records().into_iter().filter_map(|record| self.value(record, measure)).collect()
    }

    /// The interquartile mean of a metric's final numbers, with its interval.
    pub fn estimate(&self, measure: &Measure) -> Option<Estimate> {
        // Runs that all failed at once have no numbers, but count.
        self.finals().get(measure.name).copied().or_else(|| self.compute_final(measure))
    }

    /// The interquartile mean of a metric's numbers at a step, with its interval; nothing if no run has
    /// one.
    pub fn estimate_at(&self, measure: &Measure, step: u64) -> Option<Estimate> {
        if self.refusal().is_some() || !self.steps(measure).contains(&step) {
            return None;
        }
        let values = self.records().into_iter().filter_map(|record| measure.at(record, step));
        let values: Vec<f64> = values.collect();
        resamples(values.len()).estimate(&values)
    }

    fn finals(&self) -> &BTreeMap<&'static str, Estimate> {
        self.finals.get_or_init(|| {
            let measured = self.measured().into_iter();
            let estimated = |m: Measure| self.compute_final(&m).map(|estimate| (m.name, estimate));
            measured.filter_map(estimated).collect()
        })
    }

    fn compute_final(&self, measure: &Measure) -> Option<Estimate> {
        let values = self.sample(measure);
        resamples(values.len()).estimate(&values)
    }

    /// The steps at which its runs were measured: before the first step, a metric over steps is not.
    fn steps(&self, measure: &Measure) -> Vec<u64> {
        let records = self.records().into_iter();
        let steps = records.flat_map(|record| measure.curves(record).steps.iter().copied());
        let is_measured = |&step: &u64| step > 0 || !measure.over_steps;
        steps.filter(is_measured).collect::<BTreeSet<u64>>().into_iter().collect()
    }

    /// The time of a training step, over all runs. None without steps.
    pub fn seconds_per_step(&self) -> Option<f64> {
        let timings = self.runs.iter().map(|(_, record)| record.timing);
        let (seconds, steps) = timings.fold((0.0, 0), |(seconds, steps), timing| {
            (seconds + timing.step_seconds, steps + timing.steps)
        });
        (steps > 0).then(|| seconds / steps as f64)
    }

    /// A metric over the steps: interquartile mean with its band.
    pub fn curve(&self, measure: &Measure) -> &[(u64, Estimate)] {
        self.curves().get(measure.name).map_or(&[], Vec::as_slice)
    }

    fn curves(&self) -> &BTreeMap<&'static str, Curve> {
        self.curves.get_or_init(|| {
            let measured = self.measured().into_iter();
            measured.map(|measure| (measure.name, self.compute_curve(&measure))).collect()
        })
    }

    fn compute_curve(&self, measure: &Measure) -> Curve {
        if self.refusal().is_some() {
            return vec![];
        }
        let steps = self.steps(measure);
        let curve = |record: &Record| -> Option<Vec<f64>> {
            steps.iter().map(|&step| measure.at(record, step)).collect()
        };
        let curves: Vec<Vec<f64>> = self.records().into_iter().filter_map(curve).collect();
        let band = curve_band(&curves, &resamples(curves.len())).unwrap_or_default();
        steps.into_iter().zip(band).collect()
    }

    /// Computes what tables and figures need.
    pub(super) fn prepare(&self) {
        self.finals();
        if self.best {
            self.curves();
        }
    }
}

/// The tuned parameters of a part.
fn hidden<'a>(cell: &'a Cell, part: &str) -> Vec<&'a str> {
    cell.tuned.iter().filter_map(|key| key.strip_prefix(part)).collect()
}

/// The optimizer without what was tuned.
fn optimizer(cell: &Cell) -> Option<String> {
    let optimizer = cell.optimizer.as_ref()?;
    Some(optimizer.label_without(&hidden(cell, "optimizer.")))
}

/// Whether cells differ in more of their optimizers than what was tuned.
pub(super) fn compares_optimizers(experiment: &Experiment) -> bool {
    let mut labels = experiment.cells.iter().map(optimizer);
    let first = labels.next();
    labels.any(|label| Some(label) != first)
}

/// The kinds of estimators with several schedules.
pub(super) fn compares_schedules(experiment: &Experiment) -> BTreeSet<&str> {
    let mut first = BTreeMap::new();
    let mut differing = BTreeSet::new();
    for Cell { estimator, .. } in &experiment.cells {
        let schedule = estimator.parameters.get("schedule");
        if *first.entry(estimator.kind).or_insert(schedule) != schedule {
            differing.insert(estimator.kind);
        }
    }
    differing
}

/// The resamples of samples of a size: the same for all cells, and drawn once.
pub(crate) fn resamples(size: usize) -> Arc<Resamples> {
    static DRAWN: Mutex<BTreeMap<usize, Arc<Resamples>>> = Mutex::new(BTreeMap::new());
    // A panic can only interrupt an insertion, which was made or was not.
    let mut drawn = DRAWN.lock().unwrap_or_else(PoisonError::into_inner);
    drawn.entry(size).or_insert_with(|| Arc::new(Resamples::draw(size, BOOTSTRAP))).clone()
}
