//! Baselines that know every loss: the best that a learned one can achieve.

use super::baseline::{BaselineRule, BaselineValues};
use crate::mechanisms::categorical::Categorical;
use crate::mechanisms::enumeration::{lexicographic, outcome_probabilities};
use crate::mechanisms::score::{ignore_impossible, losses_at, scores, subtract_column};
use crate::{Dims, Objective, Result};
use kernels::{Noise, Packed, Real, rows, rowwise};
use std::rc::Rc;

/// Which constant an oracle computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Oracle {
    /// E f: the best constant for the loss.
    Mean,
    /// E[f ‖s‖²]/E[‖s‖²]: the best constant for the total variance.
    Optimal,
    /// E[f s_k²]/E[s_k²]: the best constant for each component.
    PerComponent,
}

impl<E: Real> BaselineRule<E> for Oracle {
    fn values(
        &mut self,
        categorical: &Categorical<E>,
        objective: &dyn Objective<E>,
        _: &Noise,
    ) -> Result<BaselineValues<E>> {
        let dims = categorical.dims;
        let p = categorical.softmax(E::ONE);
        let picks = Rc::new(lexicographic(dims, dims.outcomes().unwrap_or(0)));
        let w = outcome_probabilities(&p, &picks, dims);
        let mut f = losses_at(objective, Rc::clone(&picks), dims)?;
        // Baselines are computed for differences to a loss that is possible.
        let reference = rows::gather(&f, &rows::argmax(&w));
        subtract_column(&reference, &mut f);
        ignore_impossible(&w, &mut f);
        let mut means = Packed::zeros(dims.batch, 1);
        match self {
            Self::Mean => weighted_mean(&w, &f, &mut means),
            Self::Optimal => {
                let mut norms = Packed::zeros(dims.rows(), picks.columns());
                squared_scores(&p, &picks, &mut norms);
                let norms = norms.sum_rows(dims.latents);
                optimal_mean(&w, &f, &norms, &mut means);
            }
            Self::PerComponent => {
                let b = per_component(&p, &picks, &w, &f, dims);
                return Ok(BaselineValues::Components { reference, b });
            }
        }
        Ok(BaselineValues::Rows { reference: Some(reference), b: means })
    }

    fn evaluations(&self, dims: Dims) -> u64 {
        dims.outcomes().map_or(u64::MAX, |n| n as u64)
    }

    fn is_per_component(&self) -> bool {
        *self == Self::PerComponent
    }
}

rowwise! {
    /// Σ w f
    fn weighted_mean(w, f => mean) {
        mean[0] = rows::dot(w, f);
    }
}

rowwise! {
    /// ‖D − p‖² of each outcome
    fn squared_scores(p, picks => norms) {
        for s in 0..picks.len() {
            norms[s] = V::zero();
            for k in 0..p.len() {
                let score = rows::one_hot(picks[s], k) - p[k];
                norms[s] = score.mul_add(score, norms[s]);
            }
        }
    }
}

rowwise! {
    /// Σ w f n / Σ w n, or Σ w f if one outcome has all the probability
    fn optimal_mean(w, f, norms => mean) {
        let (mut above, mut below) = (V::zero(), V::zero());
        for s in 0..w.len() {
            let weight = w[s] * norms[s];
            below += weight;
            above = weight.mul_add(f[s], above);
        }
        mean[0] = V::select(V::zero().less(below), above / below, rows::dot(w, f));
    }
}

/// E[f s_k²]/E[s_k²] = ((1 − p_k)² A_k + p_k² (F − A_k)) / (p_k (1 − p_k)), where A_k is Σ w f over the
/// outcomes with category k and F is Σ w f.
fn per_component<E: Real>(
    p: &Packed<E>,
    picks: &Packed<E>,
    w: &Packed<E>,
    f: &Packed<E>,
    dims: Dims,
) -> Packed<E> {
    rowwise! {
        fn multiply(w, f => weighted) {
            for s in 0..w.len() {
                weighted[s] = w[s] * f[s];
            }
        }
    }
    rowwise! {
        fn combine(p, sums; batch => b) {
            let mut total = V::zero();
            for k in 0..p.len() {
                total += sums[k] * batch;
            }
            for k in 0..p.len() {
                let (with, rest) = (sums[k] * batch, V::splat(E::ONE) - p[k]);
                let above = rest * rest * with + p[k] * p[k] * (total - with);
                let below = p[k] * rest;
                b[k] = V::select(V::zero().less(below), above / below, total);
            }
        }
    }
    let mut weighted = Packed::zeros(w.rows(), w.columns());
    multiply(w, f, &mut weighted);
    let nothing = Packed::zeros(dims.rows(), dims.categories);
    // Σ_{z_n = k} w f / B
    let sums = scores(&nothing, picks, weighted, dims);
    let mut b = Packed::zeros(dims.rows(), dims.categories);
    combine(p, &sums, E::of(dims.batch as f64), &mut b);
    b
}
