//! The training protocol.

use super::quality::{against_exact, no_exact, values};
use super::{Context, Stop};
use crate::experiment::GradientPlan;
use crate::record::{Outcome, Picture, Record};
use base64::prelude::{BASE64_STANDARD, Engine};
use estimators::Estimator;
use estimators::kinds::Exact;
use kernels::Noise;
use model::{Artifact, Budget, Metric, Training};
use statistics::GradientQuality;
use std::collections::BTreeMap;
use std::time::Instant;

/// Does a run, and records what is measured on the way and what it is compared with.
pub(super) fn train(context: &Context<'_>, record: &mut Record) -> Result<(), Stop> {
    let ended = take_steps(context, record);
    // References depend on the seed only, so they are due also where the run has diverged.
    let has_diverged = matches!(ended, Err(Stop::NotFinite | Stop::With(Outcome::Diverged { .. })));
    if ended.is_ok() || has_diverged {
        record.references = references(context)?;
    }
    ended
}

/// The references of the run's seed. They may take as long as the run, whose own limit they do not
/// use up: whichever run of a seed comes first computes them for all. Without values if that is too
/// short.
fn references(context: &Context<'_>) -> Result<BTreeMap<String, f64>, Stop> {
    let Context { experiment, cell, run, limits, .. } = context;
    let (steps, evaluate_every) = (experiment.steps, experiment.evaluate_every);
    let budget = Budget { steps, evaluate_every, batch: experiment.batch };
    let start = Instant::now();
    let in_time = || limits.timeout.is_none_or(|timeout| start.elapsed() <= timeout);
    let go_on = || !(limits.stop)() && in_time();
    let values = cell.task.built.reference_values(run.seed, &budget, &go_on)?;
    if values.is_none() && (limits.stop)() {
        return Err(Stop::Interrupted);
    }
    let finite = values.into_iter().flatten().filter(|(_, value)| value.is_finite());
    Ok(finite.map(|(name, value)| (name.to_owned(), value)).collect())
}

/// Takes the steps of a run.
fn take_steps(context: &Context<'_>, record: &mut Record) -> Result<(), Stop> {
    let Context { experiment, cell, run, .. } = context;
    let mut estimator = cell.estimator.built.build_f32();
    let mut training = cell.task.built.start(run.seed, experiment.batch, &cell.built_optimizer());
    context.check_refusal(&*estimator, training.dims())?;
    let exact = Exact::factory().build_f32();
    let known = || training.probe(0).exact();
    let is_known =
        experiment.gradient.is_some() && no_exact(&*exact, training.dims(), known).is_none();
    let mut exact = is_known.then_some(exact);
    let (noise, evaluations) = (context.stream("estimator"), context.stream("evaluate"));
    let probes = context.stream("probe");
    let mut first = None;
    for step in 0..=experiment.steps {
        if let Some(plan) = experiment.gradient.filter(|plan| step % plan.every == 0) {
            let noise = &mut probes.at(step);
            let values =
                probe(context, &*training, step, (&mut *estimator, exact.as_mut()), plan, noise)?;
            record.gradient.push(step, named(&values));
        }
        if step % experiment.evaluate_every == 0 || step == experiment.steps {
            let values = training.evaluate(&mut *estimator, &mut evaluations.at(step))?;
            record.curves.push(step, named(&values));
            // The first metric ranks. One over the steps has no value before them.
            let ranking = values.first().filter(|(metric, _)| step > 0 || !metric.over_steps);
            let has_diverged = |&(metric, value): &(Metric, f64)| {
                metric.has_diverged(*first.get_or_insert(value), value)
            };
            if ranking.is_some_and(has_diverged) {
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
    if run.seed == 0 {
        let artifacts = training.artifacts(&mut context.stream("artifacts"))?;
        record.artifacts = artifacts.iter().map(picture).collect::<Result<_, _>>()?;
    }
    Ok(())
}

fn named(values: &[(Metric, f64)]) -> impl Iterator<Item = (&'static str, f64)> {
    values.iter().map(|(metric, value)| (metric.name, *value))
}

fn picture(artifact: &Artifact) -> Result<Picture, png::EncodingError> {
    let Artifact { name, caption, width, pixels } = artifact;
    let mut bytes = vec![];
    let height = pixels.len() / (*width).max(1);
    let mut encoder = png::Encoder::new(&mut bytes, *width as u32, height as u32);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.write_header()?.write_image_data(pixels)?;
    let (name, caption) = ((*name).to_owned(), caption.clone());
    Ok(Picture { name, caption, png: BASE64_STANDARD.encode(bytes) })
}

/// Compares estimates at the present parameters with the exact gradient; without it, with each other.
fn probe(
    context: &Context<'_>,
    training: &dyn Training,
    step: u64,
    (estimator, exact): (&mut dyn Estimator<f32>, Option<&mut Box<dyn Estimator<f32>>>),
    plan: GradientPlan,
    noise: &mut Noise,
) -> Result<Vec<(Metric, f64)>, Stop> {
    let dims = training.dims();
    let probe = training.probe(step);
    let mut quality = match exact {
        None => None,
        Some(exact) => match against_exact(&*probe, &mut **exact, noise)? {
            None => return Ok(values(None)),
            quality => quality,
        },
    };
    // A deterministic estimator always returns the same gradient.
    let draws = if estimator.properties(dims).stochastic { plan.draws } else { 2 };
    context.draw(&*probe, estimator, draws, noise, &mut |gradient| {
        let dimension = gradient.len();
        quality.get_or_insert_with(|| GradientQuality::without_exact(dimension)).push(gradient);
        step
    })?;
    Ok(values(quality.as_ref()))
}
