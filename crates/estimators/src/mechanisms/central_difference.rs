//! Central differences of losses along random directions of the logits.

use crate::mechanisms::categorical::Categorical;
use crate::mechanisms::score::{Evaluated, row_means};
use crate::{Logits, Objective, Result, Surrogate};
use kernels::simd::Lanes;
use kernels::tape::Weights;
use kernels::{Noise, Packed, Real, rows, rowwise};
use std::rc::Rc;

/// Pairs of perturbed logits, θ ± σ d.
pub(crate) struct Pairs {
    /// σ
    pub(crate) sigma: f64,
    /// M, pairs of each row.
    pub(crate) samples: usize,
}

/// (1/M) Σ_m (f(D₊) − f(D₋)) d_m / (2σ) with D± = argmax(θ ± σ d_m + γ_m), where both of a pair have the
/// same Gumbel noise γ.
///
/// `directions` draws d, [B·L, M·K].
pub(crate) fn central_difference<E: Real>(
    logits: Logits<E>,
    objective: &dyn Objective<E>,
    pairs: Pairs,
    directions: impl FnOnce(usize, usize, &mut Noise) -> Packed<E>,
    noise: &mut Noise,
) -> Result<Surrogate<E>> {
    let Pairs { sigma, samples } = pairs;
    let categorical = Categorical::new(logits)?;
    let (dims, width) = (categorical.dims, samples * categorical.dims.categories);
    let gumbels = noise.gumbels(dims.rows(), width);
    let directions = directions(dims.rows(), width, noise);
    let mut picks = Packed::zeros(dims.rows(), 2 * samples);
    antithetic(&categorical.theta, &gumbels, &directions, E::of(sigma), &mut picks);
    let theta = Rc::clone(&categorical.theta);
    let evaluated = Evaluated::new(categorical, picks, objective)?;
    let losses = row_means(&evaluated.f);
    let f = evaluated.f_of_latents();
    let scale = 1.0 / (2.0 * sigma * (samples * dims.batch) as f64);
    let mut vector = Packed::zeros(dims.rows(), dims.categories);
    differences(&theta, &f, &directions, E::of(scale), &mut vector);
    evaluated.inject(Weights::Mean, vector, losses)
}

rowwise! {
    /// argmax(θ + σ d + γ) and argmax(θ − σ d + γ), pair after pair.
    fn antithetic(theta, gumbels, directions; sigma => picks) {
        let pairs = gumbels.chunks_exact(theta.len()).zip(directions.chunks_exact(theta.len()));
        for (m, (gamma, d)) in pairs.enumerate() {
            picks[2 * m] = perturbed_pick(theta, gamma, d, sigma);
            picks[2 * m + 1] = perturbed_pick(theta, gamma, d, -sigma);
        }
    }
}

/// argmax(θ + σ d + γ)
#[inline(always)]
fn perturbed_pick<E: Real, V: Lanes<E>>(theta: &[V], gamma: &[V], d: &[V], sigma: V) -> V {
    let (mut top, mut pick) = (sigma.mul_add(d[0], theta[0] + gamma[0]), V::zero());
    for k in 1..theta.len() {
        let x = sigma.mul_add(d[k], theta[k] + gamma[k]);
        pick = V::select(top.less(x), V::splat(E::of(k as f64)), pick);
        top = V::select(top.less(x), x, top);
    }
    pick
}

rowwise! {
    /// scale · Σ_m (f₊ − f₋) d_m, and 0 for masked categories
    fn differences(theta, f, directions; scale => v) {
        for (m, d) in directions.chunks_exact(theta.len()).enumerate() {
            let difference = (f[2 * m] - f[2 * m + 1]) * scale;
            for k in 0..theta.len() {
                v[k] += rows::unless_masked(theta[k], difference * d[k]);
            }
        }
    }
}
