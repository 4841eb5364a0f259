//! Sampling without replacement if there are too many joint outcomes to enumerate: latent by latent.

use super::{Order, Subsets};
use crate::Dims;
use crate::mechanisms::categorical::Categorical;
use kernels::{Noise, Packed, Real, rows};

/// The categories of a row's first latents, with their log-probability and perturbed log-probability.
struct Prefix {
    categories: Vec<u32>,
    log_p: f64,
    perturbed: f64,
}

/// Samples of each row without replacement, by [`search`].
pub(super) fn without_replacement<E: Real>(
    categorical: &Categorical<E>,
    samples: usize,
    order: Order,
    noise: &mut Noise,
) -> Subsets<E> {
    let dims = categorical.dims;
    let log_p = rows::log_softmax(&categorical.theta.cast(), 1.0);
    let mut picks = Packed::zeros(dims.rows(), samples);
    let mut p = Packed::zeros(dims.batch, samples);
    let mut rest = Packed::zeros(dims.batch, 1);
    for row in 0..dims.batch {
        let mut outcomes = search(&row_log_p(&log_p, row, dims), samples, noise);
        if order == Order::Lexicographic {
            outcomes.sort_by(|a, b| a.categories.cmp(&b.categories));
        }
        let mut left = 1.0;
        for s in 0..samples {
            let outcome = outcomes.get(s).unwrap_or(&outcomes[0]);
            for (latent, &category) in outcome.categories.iter().enumerate() {
                picks.set(row * dims.latents + latent, s, E::of(f64::from(category)));
            }
            if s < outcomes.len() {
                p.set(row, s, Real::exp(outcome.log_p));
                left -= Real::exp(outcome.log_p);
            }
        }
        // If these are all outcomes, nothing is left, except for rounding.
        rest.set(row, 0, if outcomes.len() < samples { 0.0 } else { left.max(0.0) });
    }
    Subsets { dims, picks: picks.into(), p, rest }
}

/// The first `count` joint outcomes that sampling without replacement draws for a row, in order. They
/// have the largest log-probabilities plus Gumbel noise, and are found latent by latent (stochastic
/// beam search; Kool, van Hoof & Welling 2019, arXiv:1903.06059, Algorithm 1). Outcomes of probability 0
/// are not drawn, so there may be fewer.
///
/// * `log_p` — ln p of the row's latents, [L][K]
fn search(log_p: &[Vec<f64>], count: usize, noise: &mut Noise) -> Vec<Prefix> {
    let mut beam = vec![Prefix { categories: vec![], log_p: 0.0, perturbed: 0.0 }];
    for (latent, row) in log_p.iter().enumerate() {
        let mut grown = vec![];
        for prefix in &beam {
            let mut children: Vec<Prefix> = row
                .iter()
                .enumerate()
                .filter(|(_, log_p)| log_p.is_finite())
                .map(|(category, log_p)| {
                    let mut categories = prefix.categories.clone();
                    categories.push(category as u32);
                    let log_p = prefix.log_p + log_p;
                    let gumbel = -Real::ln(-Real::ln(noise.uniform()));
                    Prefix { categories, log_p, perturbed: log_p + gumbel }
                })
                .collect();
            // The root's perturbation is, by definition, the largest of its children's.
            if latent > 0 {
                condition(&mut children, prefix.perturbed);
            }
            grown.append(&mut children);
        }
        grown.sort_by(|a, b| b.perturbed.total_cmp(&a.perturbed));
        grown.truncate(count);
        beam = grown;
    }
    beam
}

/// Shifts perturbed log-probabilities to their distribution given that the largest is `largest`.
fn condition(children: &mut [Prefix], largest: f64) {
    let top = children.iter().map(|child| child.perturbed).fold(f64::NEG_INFINITY, f64::max);
    for child in children {
        let below = child.perturbed - top;
        // ln(1 − exp(below)), −∞ at the top itself.
        let gap = Real::ln(-expm1(below));
        let v = largest - child.perturbed + gap;
        child.perturbed = largest - v.max(0.0) - ln_1p(Real::exp(-v.abs()));
    }
}

/// eˣ − 1 for x ≤ 0, without cancellation near 0.
fn expm1(x: f64) -> f64 {
    if x > -1e-5 { x + 0.5 * x * x } else { Real::exp(x) - 1.0 }
}

/// ln(1 + x) for 0 ≤ x ≤ 1, without cancellation near 0.
fn ln_1p(x: f64) -> f64 {
    if x < 1e-5 { x - 0.5 * x * x } else { Real::ln(1.0 + x) }
}

/// ln p of a row's latents, [L][K].
fn row_log_p(log_p: &Packed<f64>, row: usize, dims: Dims) -> Vec<Vec<f64>> {
    let latent = |latent: usize| {
        let row = row * dims.latents + latent;
        (0..dims.categories).map(|k| log_p.get(row, k)).collect()
    };
    (0..dims.latents).map(latent).collect()
}

#[cfg(test)]
mod tests;
