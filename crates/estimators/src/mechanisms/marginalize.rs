//! Sums over the support of a sparse distribution.

use crate::Surrogate;
use crate::mechanisms::categorical::Categorical;
use crate::mechanisms::entmax::{backward, entmax};
use crate::mechanisms::score::{Evaluated, divide, weighted_differences};
use crate::{Dims, Objective, Result};
use kernels::tape::Weights;
use kernels::{Packed, Real};
use std::rc::Rc;

/// The expected loss under π, summed over its support, and its gradient: on the support
/// u ⊙ (φ − ⟨u, φ⟩/Σu) with u = π^{2−α} and φ_n(c) = E_π[f | z_n = c].
pub(crate) fn marginalize<E: Real>(
    categorical: Categorical<E>,
    alpha: f64,
    objective: &dyn Objective<E>,
) -> Result<Surrogate<E>> {
    let dims = categorical.dims;
    let pi = entmax(&categorical.theta, alpha);
    let (picks, w) = supported_outcomes(&pi, dims);
    let picks = Rc::new(picks);
    let evaluated = Evaluated::new(categorical, Rc::clone(&picks), objective)?;
    let (weighted, losses) = weighted_differences(&w, &evaluated.f);
    // The gradient follows from Σ_{z_n = c} w f, which is π_n(c) φ_n(c), and ignores a constant in f.
    let vector = backward(&pi, &sums_by_category(&picks, &weighted, dims), alpha);
    let mut shares = w;
    divide(E::of(dims.batch as f64), &mut shares);
    evaluated.inject(Weights::Each(shares), vector, losses)
}

/// Σ_{z_n = c} w f / B, [B·L, K], with one addition for each outcome and latent.
fn sums_by_category<E: Real>(picks: &Packed<E>, weighted: &Packed<E>, dims: Dims) -> Packed<E> {
    let scale = E::ONE / E::of(dims.batch as f64);
    let mut sums = Packed::zeros(dims.rows(), dims.categories);
    for row in 0..dims.rows() {
        for outcome in 0..picks.columns() {
            let category = picks.get(row, outcome).widen() as usize;
            let sum = sums.get(row, category);
            let term = weighted.get(row / dims.latents, outcome);
            sums.set(row, category, sum + term * scale);
        }
    }
    sums
}

/// The joint outcomes of positive probability, [B·L, S], and their probabilities, [B, S]. S is that of
/// the row with the most outcomes; other rows repeat outcomes with probability 0.
fn supported_outcomes<E: Real>(pi: &Packed<E>, dims: Dims) -> (Packed<E>, Packed<E>) {
    let support = |row: usize| -> Vec<usize> {
        (0..dims.categories).filter(|&k| pi.get(row, k) > E::ZERO).collect()
    };
    let supports: Vec<Vec<usize>> = (0..dims.rows()).map(support).collect();
    let size = |row: &[Vec<usize>]| row.iter().map(Vec::len).product::<usize>();
    let count = supports.chunks_exact(dims.latents).map(size).max().unwrap_or(1);
    let mut picks = Packed::zeros(dims.rows(), count);
    let mut w = Packed::zeros(dims.batch, count);
    for (row, supports) in supports.chunks_exact(dims.latents).enumerate() {
        let own = size(supports);
        for outcome in 0..count {
            let mut digits = outcome % own;
            let mut probability = E::ONE;
            for (latent, support) in supports.iter().enumerate().rev() {
                let category = support[digits % support.len()];
                digits /= support.len();
                let place = row * dims.latents + latent;
                probability *= pi.get(place, category);
                picks.set(place, outcome, E::of(category as f64));
            }
            if outcome < own {
                w.set(row, outcome, probability);
            }
        }
    }
    (picks, w)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_of_a_support_are_listed_once() {
        let dims = Dims { batch: 2, latents: 2, categories: 3 };
        let pi = [0.5, 0.0, 0.5, 0.0, 0.25, 0.75, 1.0, 0.0, 0.0, 0.2, 0.0, 0.8];
        let (picks, w) = supported_outcomes(&Packed::pack(&pi, 3), dims);
        assert_eq!(picks.columns(), 4);
        let outcome = |row: usize, i: usize| (picks.get(2 * row, i), picks.get(2 * row + 1, i));
        let first: Vec<_> = (0..4).map(|i| (outcome(0, i), w.get(0, i))).collect();
        let expected =
            [((0.0, 1.0), 0.125), ((0.0, 2.0), 0.375), ((2.0, 1.0), 0.125), ((2.0, 2.0), 0.375)];
        assert_eq!(first, expected);
        // The second row has only two outcomes: the others repeat them, and have weight 0.
        assert_eq!((outcome(1, 0), outcome(1, 1)), ((0.0, 0.0), (0.0, 2.0)));
        assert_eq!((0..4).map(|i| w.get(1, i)).collect::<Vec<f64>>(), [0.2, 0.8, 0.0, 0.0]);
    }
}
