//! Executing a run: pure, but for the clock that a wrapper holds beside it.

use crate::Registries;
use crate::experiment::{Experiment, GradientPlan, optimizer};
use crate::record::{Curves, FORMAT, Outcome, Record, Timing};
use crate::run::Run;
use crate::statistics::GradientQuality;
use estimators::{Dims, Estimator};
use kernels::Noise;
use model::Training;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

/// How long a run may take, and what it asks while it runs.
#[derive(Clone, Copy)]
pub struct Limits<'a> {
    /// The longest it may take.
    pub timeout: Option<Duration>,
    /// Whether it has to break off.
    pub stop: &'a (dyn Fn() -> bool + Sync),
}

/// Why a run broke off before its end.
enum Stop {
    Interrupted,
    With(Outcome),
}

/// The record of a run, or nothing if it was told to break off. Nothing that happens in the run
/// reaches further than its record: a panic is one of the outcomes.
pub fn execute(
    experiment: &Experiment,
    run: &Run,
    registries: &Registries,
    limits: Limits<'_>,
) -> Option<Record> {
    let mut record = Record {
        format: FORMAT,
        id: run.id.clone(),
        run: run.canonical.clone(),
        outcome: Outcome::Done,
        curves: Curves::default(),
        gradient: Curves::default(),
        timing: Timing::default(),
    };
    let start = Instant::now();
    let ended = catch_unwind(AssertUnwindSafe(|| {
        follow(experiment, run, registries, limits, start, &mut record)
    }));
    record.timing.seconds = start.elapsed().as_secs_f64();
    record.outcome = match ended {
        Ok(Ok(())) => Outcome::Done,
        Ok(Err(Stop::Interrupted)) => return None,
        Ok(Err(Stop::With(outcome))) => outcome,
        Err(panic) => Outcome::Failed { why: format!("panic: {}", message(&panic)) },
    };
    Some(record)
}

fn message(panic: &Box<dyn std::any::Any + Send>) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "without a message".to_owned())
}

impl From<model::Error> for Stop {
    fn from(error: model::Error) -> Self {
        Self::With(Outcome::Failed { why: error.to_string() })
    }
}

impl From<estimators::Error> for Stop {
    fn from(error: estimators::Error) -> Self {
        Self::With(Outcome::Failed { why: error.to_string() })
    }
}

/// Takes the run's steps, and writes down what it sees.
fn follow(
    experiment: &Experiment,
    run: &Run,
    registries: &Registries,
    limits: Limits<'_>,
    start: Instant,
    record: &mut Record,
) -> Result<(), Stop> {
    let cell = &experiment.cells[run.cell];
    let task = &experiment.tasks[cell.task];
    let entry = registries.estimators.get(&cell.estimator.kind)?;
    let mut estimator = entry.single(cell.estimator.parameters.clone())?;
    let mut training = task.task.start(run.seed, experiment.batch, optimizer(&cell.optimizer))?;
    if let Some(why) = refusal(&*estimator, &*training) {
        return Err(Stop::With(Outcome::Refused { why }));
    }
    let mut truth = registries.estimators.get("exact")?.single(toml::Table::new())?;
    let measured = experiment.gradient.filter(|_| truth.refuses(training.dims()).is_none());
    let seed = run.seed.to_string();
    let stream = |purpose: &str| Noise::named(&[purpose, &task.choice.kind, &seed]);
    let (noise, looks, probes) = (stream("estimator"), stream("evaluate"), stream("probe"));
    for step in 0..=experiment.steps {
        if let Some(plan) = measured.filter(|plan| step % plan.every == 0) {
            let noise = &mut probes.at(step);
            let quality = probe(&mut *training, step, &mut *estimator, &mut *truth, plan, noise)?;
            record.gradient.push(step, quality);
        }
        if step % experiment.evaluate_every == 0 || step == experiment.steps {
            let metrics = training.evaluate(&mut *estimator, &mut looks.at(step))?;
            let headline = metrics.first().map_or(f64::NAN, |metric| metric.value);
            record.curves.push(step, metrics.iter().map(|metric| (metric.name, metric.value)));
            if !headline.is_finite() {
                return Err(Stop::With(Outcome::Diverged { step }));
            }
        }
        if step < experiment.steps {
            // Before every step, as evaluations may be far between.
            if (limits.stop)() {
                return Err(Stop::Interrupted);
            }
            if limits.timeout.is_some_and(|timeout| start.elapsed() > timeout) {
                return Err(Stop::With(Outcome::TimedOut { step }));
            }
            let before = Instant::now();
            let loss = training.step(step, &mut *estimator, &noise)?;
            record.timing.step_seconds += before.elapsed().as_secs_f64();
            record.timing.steps += 1;
            if !loss.is_finite() {
                return Err(Stop::With(Outcome::Diverged { step }));
            }
        }
    }
    Ok(())
}

/// Why an estimator cannot serve a task, if it cannot.
pub(crate) fn refusal(estimator: &dyn Estimator<f32>, training: &dyn Training) -> Option<String> {
    let (dims, domain) = (training.dims(), training.domain());
    if dims.categories < 2 {
        return Some("there is one category: nothing to choose".to_owned());
    }
    let needs = estimator.properties(dims).needs;
    if needs > domain {
        let (needs, offers) = (needs.describe(), domain.describe());
        return Some(format!("it needs {needs}; the task's loss offers {offers}"));
    }
    estimator.refuses(dims)
}

/// Holds estimates at the parameters of this moment against the exact gradient.
fn probe(
    training: &mut dyn Training,
    step: u64,
    estimator: &mut dyn Estimator<f32>,
    truth: &mut dyn Estimator<f32>,
    plan: GradientPlan,
    noise: &mut Noise,
) -> Result<[(&'static str, f64); 6], model::Error> {
    let dims: Dims = training.dims();
    let place = training.probe(step)?;
    let widen = |gradient: &[f32]| gradient.iter().map(|&g| f64::from(g)).collect::<Vec<_>>();
    let mut exact = vec![];
    place.draw(truth, 1, &mut noise.clone(), &mut |gradient| exact = widen(gradient))?;
    if !exact.iter().all(|g| g.is_finite()) {
        return Ok(QUALITIES.map(|name| (name, f64::NAN)));
    }
    let mut quality = GradientQuality::new(&exact);
    // Draws of an estimator that draws nothing are all the same.
    let draws = if estimator.properties(dims).stochastic { plan.draws } else { 2 };
    place.draw(estimator, draws, noise, &mut |gradient| quality.push(&widen(gradient)))?;
    let summary = quality.summary();
    let norm = exact.iter().map(|g| g * g).sum::<f64>().sqrt();
    let number = |x: Option<f64>| x.unwrap_or(f64::NAN);
    let values = [
        number(summary.total_variance),
        number(summary.squared_bias),
        number(summary.squared_bias.filter(|_| norm > 0.0).map(|bias| bias / (norm * norm))),
        number(summary.mean_squared_error),
        number(summary.cosine),
        norm,
    ];
    Ok(std::array::from_fn(|i| (QUALITIES[i], values[i])))
}

/// What is measured of a gradient.
pub(crate) const QUALITIES: [&str; 6] = [
    "total-variance",
    "squared-bias",
    "relative-squared-bias",
    "mean-squared-error",
    "cosine",
    "exact-norm",
];
