//! The protocol that takes steps.

use super::quality::{self, QUALITIES};
use super::{Context, Stop, refusal};
use crate::experiment::{GradientPlan, optimizer};
use crate::record::{Outcome, Record};
use estimators::Estimator;
use kernels::Noise;
use model::Training;
use std::time::Instant;

/// Takes the run's steps, and writes down what it sees.
pub(super) fn follow(context: &Context<'_>, record: &mut Record) -> Result<(), Stop> {
    let Context { experiment, run, registries, .. } = context;
    let cell = &experiment.cells[run.cell];
    let task = &experiment.tasks[cell.task];
    let entry = registries.estimators.get(&cell.estimator.kind)?;
    let mut estimator = entry.build(cell.estimator.parameters.clone())?.build_f32();
    let mut training = task.task.start(run.seed, experiment.batch, optimizer(&cell.optimizer))?;
    if let Some(why) = refusal(&*estimator, training.dims(), training.domain()) {
        return Err(Stop::With(Outcome::Refused { why }));
    }
    let mut truth = registries.estimators.get("exact")?.build(toml::Table::new())?.build_f32();
    let measured = experiment.gradient.filter(|_| truth.refuses(training.dims()).is_none());
    let (noise, looks) = (context.stream("estimator"), context.stream("evaluate"));
    let probes = context.stream("probe");
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
            context.check(step)?;
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

/// Holds estimates at the parameters of this moment against the exact gradient.
fn probe(
    training: &mut dyn Training,
    step: u64,
    estimator: &mut dyn Estimator<f32>,
    truth: &mut dyn Estimator<f32>,
    plan: GradientPlan,
    noise: &mut Noise,
) -> Result<[(&'static str, f64); QUALITIES.len()], model::Error> {
    let dims = training.dims();
    let place = training.probe(step)?;
    let Some(mut quality) = quality::against_exact(&*place, truth, noise)? else {
        return Ok(QUALITIES.map(|name| (name, f64::NAN)));
    };
    // Draws of an estimator that draws nothing are all the same.
    let draws = if estimator.properties(dims).stochastic { plan.draws } else { 2 };
    place.draw(estimator, draws, noise, &mut |gradient| quality.push(gradient))?;
    Ok(quality::values(&quality))
}
