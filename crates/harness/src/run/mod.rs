//! Executing runs. A run is pure; only its timing reads a clock.

pub mod cost;
mod gradient;
mod interrupt;
mod isolated;
mod progress;
mod quality;
mod training;
mod workers;

pub use interrupt::{Interrupt, Signals};
pub use isolated::confine;
pub use progress::Progress;
pub use workers::{Workers, perform};

use crate::experiment::{Cell, Experiment, Protocol};
use crate::machine;
use crate::plan::Run;
use crate::record::{Outcome, Record};
use estimators::{Dims, Estimator, Real};
use kernels::Noise;
use model::{Probe, Streams};
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

/// How long a run may take, and whether it has to stop.
#[derive(Clone, Copy)]
pub struct Limits<'a> {
    /// The longest that it may take.
    pub timeout: Option<Duration>,
    /// Whether it has to stop now.
    pub stop: &'a (dyn Fn() -> bool + Sync),
}

/// Why a run stopped before its end.
enum Stop {
    Interrupted,
    /// A parameter is no longer finite, which the estimator noticed by the logits.
    NotFinite,
    With(Outcome),
}

/// What a protocol needs to know.
struct Context<'a> {
    experiment: &'a Experiment,
    cell: &'a Cell,
    run: &'a Run,
    limits: Limits<'a>,
    start: Instant,
}

impl Context<'_> {
    /// The noise of a purpose. Its name holds task and seed but not the estimator, so that every
    /// estimator meets the same.
    fn stream(&self, purpose: &str) -> Noise {
        Streams::new(self.cell.task.kind, self.run.seed).named(purpose)
    }

    /// Whether to go on after `step` steps.
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

    /// Hands the estimates of a probe to `each`, one by one, and checks after each of them whether to go on.
    /// `each` returns the steps that were taken before.
    fn draw<E: Real>(
        &self,
        probe: &dyn Probe<E>,
        estimator: &mut dyn Estimator<E>,
        draws: usize,
        noise: &mut Noise,
        each: &mut dyn FnMut(&[E]) -> u64,
    ) -> Result<(), Stop> {
        let mut ended = Ok(());
        // Where it breaks off, `ended` says why.
        let _ = probe.draw_while(estimator, draws, noise, &mut |gradient| {
            ended = self.check(each(gradient));
            if ended.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        ended
    }

    /// Stops the run if the estimator does not support the task.
    fn check_refusal<E: Real>(&self, estimator: &dyn Estimator<E>, dims: Dims) -> Result<(), Stop> {
        match estimators::refusal(estimator, dims, self.cell.task.built.domain()) {
            Some(why) => Err(Stop::With(Outcome::Refused { why })),
            None => Ok(()),
        }
    }
}

/// The record of a run, or nothing if it was interrupted. Nothing that happens in the run reaches
/// further than its record: a panic is one of the outcomes.
pub fn execute(experiment: &Experiment, run: &Run, limits: Limits<'_>) -> Option<Record> {
    let mut record = Record::new(&run.id, run.canonical(), Outcome::Done);
    record.origin = Some(machine::origin());
    let start = Instant::now();
    let ended = catch_unwind(AssertUnwindSafe(|| {
        let cell = &experiment.cells[run.cell];
        let context = Context { experiment, cell, run, limits, start };
        match &experiment.protocol {
            Protocol::Training => training::train(&context, &mut record),
            Protocol::Gradient(plan) => gradient::draw(&context, plan, &mut record),
        }
    }));
    record.timing.seconds = start.elapsed().as_secs_f64();
    record.outcome = match ended {
        Ok(Ok(())) => Outcome::Done,
        Ok(Err(Stop::Interrupted)) => return None,
        Ok(Err(Stop::NotFinite)) => Outcome::Diverged { step: record.timing.steps },
        Ok(Err(Stop::With(outcome))) => outcome,
        Err(panic) => Outcome::Failed { why: format!("panic: {}", message(&panic)) },
    };
    if let Outcome::Failed { why } = &mut record.outcome {
        shorten(why);
    }
    Some(record)
}

/// The most bytes of a message that a record keeps.
const LONGEST: usize = 1000;

/// Cuts off what is too long to be read.
fn shorten(message: &mut String) {
    if message.len() > LONGEST {
        message.truncate(message.floor_char_boundary(LONGEST));
        message.push_str(" …");
    }
}

fn message(panic: &Box<dyn std::any::Any + Send>) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "without a message".to_owned())
}

impl From<model::Error> for Stop {
    fn from(error: model::Error) -> Self {
        match error.is_divergence() {
            true => Self::NotFinite,
            false => Self::With(Outcome::Failed { why: error.to_string() }),
        }
    }
}

impl From<png::EncodingError> for Stop {
    fn from(error: png::EncodingError) -> Self {
        Self::With(Outcome::Failed { why: error.to_string() })
    }
}
