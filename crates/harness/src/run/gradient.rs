//! The gradient protocol.

use super::quality::{against_exact, no_exact, values};
use super::{Context, Stop};
use crate::experiment::GradientProtocol;
use crate::experiment::metrics::DRAWS;
use crate::record::{Outcome, Record};
use estimators::kinds::Exact;
use std::time::Instant;

/// Draws are divided into parts of this many. Which draws share a call decides their bits.
const PART: u64 = 100_000;

/// Draws estimates at the first parameters of a seed, in double precision, and records how they are
/// distributed.
pub(super) fn draw(
    context: &Context<'_>,
    plan: &GradientProtocol,
    record: &mut Record,
) -> Result<(), Stop> {
    let Context { experiment, cell, run, .. } = context;
    let mut estimator = cell.estimator.built.build_f64();
    let dims = cell.task.built.dims(experiment.batch);
    context.check_refusal(&*estimator, dims)?;
    let mut exact = Exact::factory().build_f64();
    let probe = cell.task.built.probe(run.seed, experiment.batch);
    if let Some(why) = no_exact(&*exact, dims, || probe.exact()) {
        let why = format!("the exact gradient is unavailable: {why}");
        return Err(Stop::With(Outcome::Refused { why }));
    }
    let noise = &mut context.stream("probe").at(0);
    let Some(mut quality) = against_exact(&*probe, &mut *exact, noise)? else {
        return Err(Stop::With(Outcome::Diverged { step: 0 }));
    };
    let is_stochastic = estimator.properties(dims).stochastic;
    let most = if is_stochastic { plan.draws_of(cell) } else { 2 };
    let mut drawn = 0;
    let start = Instant::now();
    while drawn < most {
        let count = PART.min(most - drawn);
        let ended =
            context.draw(&*probe, &mut *estimator, count as usize, noise, &mut |gradient| {
                quality.push(gradient);
                drawn += 1;
                drawn
            });
        record.timing.step_seconds = start.elapsed().as_secs_f64();
        record.timing.steps = drawn;
        ended?;
    }
    let values = values(Some(&quality)).into_iter().chain([(DRAWS, drawn as f64)]);
    record.gradient.push(0, values.map(|(metric, value)| (metric.name, value)));
    Ok(())
}
