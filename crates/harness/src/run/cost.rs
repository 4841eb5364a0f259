//! What runs will cost: as much as like runs did, or what a short probe says.

use super::quality::{against_exact, no_exact};
use crate::experiment::{Cell, Experiment, GradientProtocol, Protocol};
use crate::record::Outcome;
use crate::results::Summary;
use estimators::Estimator;
use estimators::kinds::Exact;
use kernels::Noise;
use model::Streams;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

/// Steps, or draws, of a probe.
const STEPS: u32 = 20;

/// What the missing runs of a cell cost, in seconds of a core, and how it is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// How many runs are missing and can be done.
    runs: u64,
    /// Seconds of each; none if nothing is known.
    of_run: Option<f64>,
    /// How it is known.
    pub source: Source,
}

impl Cost {
    /// Seconds of all missing runs; none if nothing is known.
    pub fn seconds(&self) -> Option<f64> {
        self.of_run.map(|seconds| seconds * self.runs as f64)
    }
}

/// Seconds until all missing runs of these cells are done, with so many runs at a time: a run is never divided. None
/// if the cost of a cell is not known.
pub fn duration(costs: &[Cost], jobs: u64) -> Option<f64> {
    let total: f64 = costs.iter().map(Cost::seconds).sum::<Option<f64>>()?;
    let longest = costs.iter().filter(|cost| cost.runs > 0).filter_map(|cost| cost.of_run);
    Some(longest.fold(total / jobs as f64, f64::max))
}

/// How a cost is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// Nothing needs to be known: no run is missing.
    Nothing,
    /// By stored runs of the same cell.
    Same,
    /// By stored runs of the same task and estimator, with other settings.
    Like,
    /// By a probe of a few steps, without the references of the task.
    Probe,
    /// There was no time for a probe, or it failed.
    Unknown,
}

/// The longest that probes take together.
const PROBES: Duration = Duration::from_secs(10);

/// What the missing runs of each cell cost, given why cells are refused ([`Summary::refusals`]).
pub fn costs(summary: &Summary<'_>, refusals: &[Option<String>]) -> Vec<Cost> {
    let experiment = summary.experiment;
    let mut like: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    let mut own = vec![];
    for cell in &summary.cells {
        let is_done = |outcome: &Outcome| matches!(outcome, Outcome::Done);
        let records = cell.records().into_iter().filter(|record| is_done(&record.outcome));
        let seconds: Vec<f64> = records.map(|record| record.timing.seconds).collect();
        let mean = statistics::mean(&seconds);
        like.entry(key(cell.cell)).or_default().extend(mean);
        own.push(mean);
    }
    let start = Instant::now();
    let mut probed: BTreeMap<String, Option<f64>> = BTreeMap::new();
    let of_cell = |(index, cell): (usize, &crate::results::CellSummary<'_>)| {
        let missing = experiment.seeds - cell.runs.len() as u64;
        if missing == 0 || refusals[index].is_some() {
            return Cost { runs: 0, of_run: Some(0.0), source: Source::Nothing };
        }
        let cost = |of_run, source| Cost { runs: missing, of_run, source };
        if own[index].is_some() {
            return cost(own[index], Source::Same);
        }
        let key = key(cell.cell);
        if let Some(seconds) = statistics::mean(&like[&key]) {
            return cost(Some(seconds), Source::Like);
        }
        let is_late = start.elapsed() > PROBES;
        let seconds = match probed.get(&key) {
            Some(seconds) => *seconds,
            None if is_late => None,
            None => {
                let seconds = probe(experiment, cell.cell);
                probed.insert(key, seconds);
                seconds
            }
        };
        let source = if seconds.is_some() { Source::Probe } else { Source::Unknown };
        cost(seconds, source)
    };
    summary.cells.iter().enumerate().map(of_cell).collect()
}

/// What decides the cost of a run: task, estimator, and whole numbers among its parameters.
fn key(cell: &Cell) -> String {
    let parameters = cell.estimator.parameters.iter();
    let counts = parameters.filter(|(_, value)| value.is_integer());
    let counts: Vec<String> = counts.map(|(name, value)| format!("{name}={value}")).collect();
    format!("{} {} {}", cell.task_index, cell.estimator.kind, counts.join(" "))
}

/// Seconds of a run, by a few of its steps; nothing if they fail.
fn probe(experiment: &Experiment, cell: &Cell) -> Option<f64> {
    if cell.task.built.absent().is_some() {
        return None;
    }
    let ended = catch_unwind(AssertUnwindSafe(|| match &experiment.protocol {
        Protocol::Training => training(experiment, cell),
        Protocol::Gradient(plan) => gradient(experiment, cell, plan),
    }));
    ended.ok().flatten()
}

fn seconds(work: impl FnOnce() -> Option<()>) -> Option<f64> {
    let start = Instant::now();
    work()?;
    Some(start.elapsed().as_secs_f64())
}

/// Seconds of one of several equal pieces of work: as many as there is time for.
fn of_each(mut work: impl FnMut(u32) -> Option<()>) -> Option<f64> {
    const LIMIT: Duration = Duration::from_millis(500);
    let start = Instant::now();
    let mut done = 0;
    while done < STEPS && (done == 0 || start.elapsed() < LIMIT) {
        work(done)?;
        done += 1;
    }
    Some(start.elapsed().as_secs_f64() / f64::from(done))
}

fn training(experiment: &Experiment, cell: &Cell) -> Option<f64> {
    let mut estimator = cell.estimator.built.build_f32();
    let noise = Streams::new(cell.task.kind, 0).named("cost");
    let start = Instant::now();
    let mut training = cell.task.built.start(0, experiment.batch, &cell.built_optimizer());
    let first = start.elapsed().as_secs_f64();
    let step =
        of_each(|step| training.step(u64::from(step), &mut *estimator, &noise).ok().map(drop))?;
    let evaluation =
        seconds(|| training.evaluate(&mut *estimator, &mut noise.at(0)).ok().map(drop))?;
    let evaluations = experiment.steps / experiment.evaluate_every + 1;
    let measured = match experiment.gradient {
        None => 0.0,
        Some(plan) => {
            let exact = &mut *Exact::factory().build_f32();
            let probe = &*training.probe(0);
            let known = match no_exact(exact, training.dims(), || probe.exact()) {
                Some(_) => 0.0,
                None => seconds(|| against_exact(probe, exact, &noise.at(0)).ok().map(drop))?,
            };
            let draw = of_each(|_| draw(probe, &mut *estimator, &mut noise.at(0)))?;
            let each = known + draw * plan.draws as f64;
            (experiment.steps / plan.every + 1) as f64 * each
        }
    };
    Some(first + step * experiment.steps as f64 + evaluation * evaluations as f64 + measured)
}

fn draw<E: estimators::Real>(
    probe: &dyn model::Probe<E>,
    estimator: &mut dyn Estimator<E>,
    noise: &mut Noise,
) -> Option<()> {
    let mut each = |_: &[E]| std::ops::ControlFlow::Continue(());
    probe.draw_while(estimator, 1, noise, &mut each).ok().map(drop)
}

fn gradient(experiment: &Experiment, cell: &Cell, plan: &GradientProtocol) -> Option<f64> {
    let mut estimator = cell.estimator.built.build_f64();
    let noise = Streams::new(cell.task.kind, 0).named("cost");
    let probe = cell.task.built.probe(0, experiment.batch);
    let mut each = |_: &[f64]| std::ops::ControlFlow::Continue(());
    // Many at a time, as runs draw them.
    let many = 50 * STEPS as usize;
    let seconds = seconds(|| {
        probe.draw_while(&mut *estimator, many, &mut noise.at(0), &mut each).ok().map(drop)
    })?;
    Some(seconds / many as f64 * plan.draws_of(cell) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost(runs: u64, seconds: impl Into<Option<f64>>) -> Cost {
        Cost { runs, of_run: seconds.into(), source: Source::Probe }
    }

    #[test]
    fn a_run_is_never_divided() {
        let costs = [cost(4, 3.0), cost(1, 10.0)];
        assert_eq!([1, 2, 3].map(|jobs| duration(&costs, jobs)), [22.0, 11.0, 10.0].map(Some));
        // What is done takes no time.
        assert_eq!(duration(&[cost(0, 10.0), cost(2, 3.0)], 2), Some(3.0));
        assert_eq!(duration(&[], 2), Some(0.0));
        assert_eq!(duration(&[cost(4, 3.0), cost(1, None)], 2), None);
    }
}
