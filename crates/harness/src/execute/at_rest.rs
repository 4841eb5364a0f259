//! The protocol that takes no step.

use super::{Context, Stop, quality, refusal};
use crate::experiment::GradientProtocol;
use crate::record::{Outcome, Record};
use std::time::Instant;

/// Draws between two looks at the clock.
const AT_A_TIME: u64 = 100_000;

/// Draws estimates at the parameters that the seed begins with, in double precision, and writes
/// down how they are distributed.
pub(super) fn draw(
    context: &Context<'_>,
    plan: &GradientProtocol,
    record: &mut Record,
) -> Result<(), Stop> {
    let Context { experiment, run, registries, .. } = context;
    let cell = &experiment.cells[run.cell];
    let entry = registries.estimators.get(&cell.estimator.kind)?;
    let mut estimator = entry.build(cell.estimator.parameters.clone())?.build_f64();
    let place = experiment.tasks[cell.task].task.place(run.seed, experiment.batch)?;
    if let Some(why) = refusal(&*estimator, place.dims(), place.domain()) {
        return Err(Stop::With(Outcome::Refused { why }));
    }
    let mut truth = registries.estimators.get("exact")?.build(toml::Table::new())?.build_f64();
    if let Some(why) = truth.refuses(place.dims()) {
        let why = format!("the exact gradient is not to be had: {why}");
        return Err(Stop::With(Outcome::Refused { why }));
    }
    let noise = &mut context.stream("probe").at(0);
    let Some(mut quality) = quality::against_exact(&*place, &mut *truth, noise)? else {
        return Err(Stop::With(Outcome::Diverged { step: 0 }));
    };
    let is_stochastic = estimator.properties(place.dims()).stochastic;
    let most = if is_stochastic { plan.draws_of(cell, &experiment.tasks) } else { 2 };
    let mut drawn = 0;
    while drawn < most {
        context.check(drawn)?;
        let count = AT_A_TIME.min(most - drawn);
        let before = Instant::now();
        place
            .draw(&mut *estimator, count as usize, noise, &mut |gradient| quality.push(gradient))?;
        record.timing.step_seconds += before.elapsed().as_secs_f64();
        drawn += count;
        record.timing.steps = drawn;
    }
    let draws = ("draws", drawn as f64);
    record.gradient.push(0, quality::values(&quality).into_iter().chain([draws]));
    Ok(())
}
