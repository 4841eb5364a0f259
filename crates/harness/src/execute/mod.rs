//! Executing a run: pure, but for the clock that a wrapper holds beside it.

mod along;
mod at_rest;
mod quality;

pub use quality::QUALITIES;

use crate::Registries;
use crate::experiment::{Experiment, Protocol};
use crate::record::{Curves, FORMAT, Outcome, Record, Timing};
use crate::run::Run;
use estimators::{Dims, Domain, Estimator, Real};
use kernels::Noise;
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

/// What a protocol needs to know.
struct Context<'a> {
    experiment: &'a Experiment,
    run: &'a Run,
    registries: &'a Registries,
    limits: Limits<'a>,
    start: Instant,
}

impl Context<'_> {
    /// The noise of a purpose: named by task and seed, so that every estimator meets the same.
    fn stream(&self, purpose: &str) -> Noise {
        let task = self.experiment.cells[self.run.cell].task;
        let kind = &self.experiment.tasks[task].choice.kind;
        Noise::named(&[purpose, kind, &self.run.seed.to_string()])
    }

    /// Whether to go on, after so many steps.
    fn check(&self, step: u64) -> Result<(), Stop> {
        if (self.limits.stop)() {
            return Err(Stop::Interrupted);
        }
        match self.limits.timeout {
            Some(timeout) if self.start.elapsed() > timeout => {
                Err(Stop::With(Outcome::TimedOut { step }))
            }
            _ => Ok(()),
        }
    }
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
        run: run.canonical(),
        outcome: Outcome::Done,
        curves: Curves::default(),
        gradient: Curves::default(),
        timing: Timing::default(),
    };
    let start = Instant::now();
    let ended = catch_unwind(AssertUnwindSafe(|| {
        let context = Context { experiment, run, registries, limits, start };
        match &experiment.protocol {
            Protocol::Training => along::follow(&context, &mut record),
            Protocol::Gradient(plan) => at_rest::draw(&context, plan, &mut record),
        }
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

impl From<registry::Error> for Stop {
    fn from(error: registry::Error) -> Self {
        Self::With(Outcome::Failed { why: error.to_string() })
    }
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

/// Why an estimator cannot serve a task of these dimensions, whose objective is defined there.
pub(crate) fn refusal<E: Real>(
    estimator: &dyn Estimator<E>,
    dims: Dims,
    domain: Domain,
) -> Option<String> {
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
