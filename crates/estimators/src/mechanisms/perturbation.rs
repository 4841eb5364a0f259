//! Perturbed logits: the noise, the resulting argmaxes, and the score of the noise.

use kernels::{Noise, Packed, Real, rows, rowwise};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The distribution of the noise that perturbs logits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NoiseDistribution {
    /// Standard Gumbel noise: the argmax of perturbed logits is distributed as their softmax.
    Gumbel,
    /// Standard normal noise.
    Gaussian,
}

/// M perturbations of each row of logits.
pub(crate) struct Perturbations<E: Real> {
    /// argmax(θ + σ ε_m), [rows, M].
    pub(crate) picks: Packed<E>,
    /// ν(ε_m), the score of the noise, [rows, M·K]; 0 for masked categories.
    pub(crate) scores: Packed<E>,
}

impl<E: Real> Perturbations<E> {
    pub(crate) fn draw(
        theta: &Packed<E>,
        kind: NoiseDistribution,
        samples: usize,
        sigma: E,
        noise: &mut Noise,
    ) -> Self {
        let mut picks = Packed::zeros(theta.rows(), samples);
        let mut scores = draw(kind, theta.rows(), samples * theta.columns(), noise);
        perturbed_argmax(theta, &scores, sigma, &mut picks);
        match kind {
            NoiseDistribution::Gumbel => gumbel_score(theta, &mut scores),
            NoiseDistribution::Gaussian => gaussian_score(theta, &mut scores),
        }
        Self { picks, scores }
    }
}

/// Standard noise, [rows, columns].
fn draw<E: Real>(
    kind: NoiseDistribution,
    rows: usize,
    columns: usize,
    noise: &mut Noise,
) -> Packed<E> {
    match kind {
        NoiseDistribution::Gumbel => noise.gumbels(rows, columns),
        NoiseDistribution::Gaussian => noise.gaussians(rows, columns),
    }
}

rowwise! {
    fn perturbed_argmax(theta, epsilon; sigma => picks) {
        for (m, epsilon) in epsilon.chunks_exact(theta.len()).enumerate() {
            let (mut top, mut pick) = (sigma.mul_add(epsilon[0], theta[0]), V::zero());
            for k in 1..theta.len() {
                let x = sigma.mul_add(epsilon[k], theta[k]);
                pick = V::select(top.less(x), V::splat(E::of(k as f64)), pick);
                top = V::select(top.less(x), x, top);
            }
            picks[m] = pick;
        }
    }
}

rowwise! {
    /// 1 − exp(−ε)
    fn gumbel_score(theta => scores) {
        for nu in scores.chunks_exact_mut(theta.len()) {
            for k in 0..theta.len() {
                nu[k] = rows::unless_masked(theta[k], V::splat(E::ONE) - (-nu[k]).exp());
            }
        }
    }
}

rowwise! {
    /// ε
    fn gaussian_score(theta => scores) {
        for nu in scores.chunks_exact_mut(theta.len()) {
            for k in 0..theta.len() {
                nu[k] = rows::unless_masked(theta[k], nu[k]);
            }
        }
    }
}
