//! Estimates drawn on a table's instance, and the training steps before them.

use super::instance::Instance;
use crate::{Estimator, Gradient, Result, gradient};
use kernels::Noise;

/// Rows of a batch of draws.
const ROWS_AT_ONCE: usize = 2048;
/// Draws that are compared before and after a warm-up.
const PROBES: usize = 64;

/// Draws, one after the other.
pub(super) struct Draws {
    /// Gradients for the logits, [draws, B·L·K].
    pub(super) estimates: Vec<f64>,
    /// Losses, [draws].
    pub(super) losses: Vec<f64>,
    /// Gradients for the objective's parameters, [draws, …].
    pub(super) parameters: Vec<f64>,
}

impl Draws {
    /// Draws from the state that the estimator is in.
    pub(super) fn draw(
        instance: &Instance,
        estimator: &mut dyn Estimator<f64>,
        draws: usize,
        noise: &mut Noise,
    ) -> Result<Self> {
        let batch = instance.dims.batch;
        let mut drawn = Self { estimates: vec![], losses: vec![], parameters: vec![] };
        let at_once = (ROWS_AT_ONCE / batch).max(1);
        let mut left = draws;
        while left > 0 {
            let times = left.min(at_once);
            drawn.add(instance, &estimate(instance, estimator, times, noise)?, times);
            left -= times;
        }
        Ok(drawn)
    }

    /// Adds `times` draws, which were the rows of one batch.
    fn add(&mut self, instance: &Instance, estimate: &Gradient<f64>, times: usize) {
        let batch = instance.dims.batch;
        // The surrogate is the mean over all rows; a draw is the mean over its own.
        let scale = times as f64;
        self.estimates.extend(estimate.logits.iter().map(|g| g * scale));
        let means = estimate.losses.chunks_exact(batch);
        self.losses.extend(means.map(|row| row.iter().sum::<f64>() / batch as f64));
        let width = estimate.objective.len() / times;
        for parameters in estimate.objective.chunks_exact(width.max(1)) {
            if instance.shares_parameters() {
                let own = width / batch;
                let sum = |k: usize| parameters.iter().skip(k).step_by(own).sum::<f64>();
                self.parameters.extend((0..own).map(|k| sum(k) * scale));
            } else {
                self.parameters.extend(parameters.iter().map(|g| g * scale));
            }
        }
    }

    /// Whether all numbers are finite.
    pub(super) fn are_finite(&self) -> bool {
        let all = self.estimates.iter().chain(&self.losses).chain(&self.parameters);
        all.into_iter().all(|x| x.is_finite())
    }
}

/// An estimate for the instance repeated `times` times.
fn estimate(
    instance: &Instance,
    estimator: &mut dyn Estimator<f64>,
    times: usize,
    noise: &mut Noise,
) -> Result<Gradient<f64>> {
    let (dims, logits, (objective, parameters)) = instance.repeated(times);
    gradient(estimator, &logits, dims, &*objective, parameters.as_ref(), noise)
}

/// Takes training steps on the instance. Returns whether they changed the estimator: whether it
/// estimates anything else with the same noise than it did before.
pub(super) fn warm_up(
    instance: &Instance,
    estimator: &mut dyn Estimator<f64>,
    steps: u64,
    noise: &Noise,
) -> Result<bool> {
    if steps == 0 {
        return Ok(false);
    }
    // Steps count from 0, so this stream is that of none.
    let probe = |estimator: &mut dyn Estimator<f64>| {
        let probes = estimate(instance, estimator, PROBES, &mut noise.at(u64::MAX))?;
        Ok::<_, crate::Error>((probes.logits, probes.losses, probes.objective))
    };
    let before = probe(estimator)?;
    for step in 0..steps {
        estimate(instance, estimator, 1, &mut noise.at(step))?;
        estimator.advance()?;
    }
    Ok(probe(estimator)? != before)
}

/// A component of draws of vectors.
pub(super) fn column(draws: &[f64], i: usize, width: usize) -> Vec<f64> {
    draws.iter().skip(i).step_by(width).copied().collect()
}

/// ‖x − m‖² of each draw.
pub(super) fn squared_distances(draws: &[f64], mean: &[f64]) -> Vec<f64> {
    let distance = |draw: &[f64]| draw.iter().zip(mean).map(|(x, m)| (x - m) * (x - m)).sum();
    draws.chunks_exact(mean.len()).map(distance).collect()
}
