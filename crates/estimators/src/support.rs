//! Sparse distributions, and sums over the outcomes that they leave.

use crate::draw::Opened;
use crate::estimator::Surrogate;
use crate::score::{Asked, row_sums, scores};
use crate::{Dims, Objective, Result};
use kernels::simd::Lanes;
use kernels::tape::Weights;
use kernels::{Packed, Real, rows, rowwise};

/// α-entmax of each row: π_k = max(0, (α − 1) θ_k − t)^{1/(α − 1)}, with t such that they add up to 1.
/// t by bisection, and then exactly from the support where α = 2.
pub(crate) fn entmax<E: Real>(theta: &Packed<E>, alpha: f64) -> Packed<E> {
    let mut pi = Packed::zeros(theta.rows(), theta.columns());
    let slope = E::of(alpha - 1.0);
    entmax_rows(theta, slope, E::of(1.0 / (alpha - 1.0)), &mut pi);
    pi
}

/// Halvings of the interval in which t lies: as many as `f64` can tell apart.
const HALVINGS: usize = 60;

rowwise! {
    fn entmax_rows(theta; slope, exponent => pi) {
        let top = rows::max(theta) * slope;
        // At t = top − 1 the largest alone makes 1; at t = top there is nothing.
        let (mut low, mut width) = (-V::splat(E::ONE), V::splat(E::ONE));
        for _ in 0..HALVINGS {
            width = width * V::splat(E::of(0.5));
            let middle = low + width;
            let mut sum = V::zero();
            for k in 0..theta.len() {
                sum += share(theta[k] * slope - top, middle, exponent);
            }
            low = V::select(sum.less(V::splat(E::ONE)), low, middle);
        }
        let mut sum = V::zero();
        for k in 0..theta.len() {
            pi[k] = share(theta[k] * slope - top, low, exponent);
            sum += pi[k];
        }
        let scale = V::splat(E::ONE) / sum;
        for k in 0..theta.len() {
            pi[k] = pi[k] * scale;
        }
    }
}

/// max(0, x − t)^exponent
#[inline(always)]
fn share<E: Real, V: Lanes<E>>(x: V, t: V, exponent: V) -> V {
    let above = x - t;
    let is_one = exponent.equal(V::splat(E::ONE));
    let power = V::select(is_one, above, (exponent * above.ln()).exp());
    V::select(V::zero().less(above), power, V::zero())
}

/// The expected loss under π, summed over its support, and its gradient: on the support
/// u ⊙ (φ − ⟨u, φ⟩/Σu) with u = π^{2−α} and φ_n(c) = E_π[f | z_n = c].
pub(crate) fn marginalise<E: Real>(
    opened: Opened<E>,
    alpha: f64,
    objective: &dyn Objective<E>,
) -> Result<Surrogate<E>> {
    let dims = opened.dims;
    let pi = entmax(&opened.theta, alpha);
    let (picks, w) = supported_outcomes(&pi, dims);
    let asked = Asked::new(opened, crate::draw::read_picks(&picks), objective)?;
    let mut weighted = Packed::zeros(dims.batch, picks.columns());
    multiply(&w, &asked.f, &mut weighted);
    let losses = row_sums(&weighted);
    // Σ_{z_n = c} w f, which is π_n(c) φ_n(c); and from it the gradient.
    let nothing = Packed::zeros(dims.rows(), dims.categories);
    let sums = scores(&nothing, &picks, weighted, dims);
    let mut vector = Packed::zeros(dims.rows(), dims.categories);
    let exponent = E::of(2.0 - alpha);
    backward(&pi, &sums, exponent, &mut vector);
    let batch = E::of(dims.batch as f64);
    let weights = w.to_columns().into_iter().map(|w| w / batch).collect();
    asked.inject(Weights::Each(weights), vector, losses)
}

rowwise! {
    /// w f, and 0 where w is 0
    fn multiply(w, f => product) {
        for s in 0..w.len() {
            product[s] = V::select(w[s].equal(V::zero()), V::zero(), w[s] * f[s]);
        }
    }
}

rowwise! {
    /// u ⊙ (φ − ⟨u, φ⟩/Σu), of sums π φ
    fn backward(pi, sums; exponent => v) {
        let (mut total, mut mean) = (V::zero(), V::zero());
        for k in 0..pi.len() {
            let u = power(pi[k], exponent);
            total += u;
            mean += V::select(V::zero().less(pi[k]), u * sums[k] / pi[k], V::zero());
        }
        let mean = mean / total;
        for k in 0..pi.len() {
            let phi = sums[k] / pi[k];
            let g = power(pi[k], exponent) * (phi - mean);
            v[k] = V::select(V::zero().less(pi[k]), g, V::zero());
        }
    }
}

/// xᵉ of x > 0, and 0 at 0; 1 on the support where e is 0
#[inline(always)]
fn power<E: Real, V: Lanes<E>>(x: V, exponent: V) -> V {
    V::select(V::zero().less(x), (exponent * x.ln()).exp(), V::zero())
}

/// The joint outcomes of positive probability, [B·L, S], and their probabilities, [B, S]: as many as
/// the row that has most; rows with fewer repeat an outcome with probability 0.
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
    fn sparsemax_is_a_projection() {
        let pi = entmax(&Packed::pack(&[0.5, 0.2, -1.0, 9.0, 1.0, 1.0], 3), 2.0);
        let expected: [f64; 6] = [0.65, 0.35, 0.0, 1.0, 0.0, 0.0];
        for (pi, expected) in pi.unpack().into_iter().zip(expected) {
            assert!((pi - expected).abs() < 1e-14, "{pi} {expected}");
        }
    }

    /// On the support π^{α−1} − (α − 1) θ is the same number; off it θ lies below.
    #[test]
    fn entmax_solves_its_equation() {
        let theta = [0.9, 0.3, -0.2, -4.0];
        for alpha in [1.1, 1.5, 1.9] {
            let pi: Vec<f64> = entmax(&Packed::pack(&theta, 4), alpha).unpack();
            assert!((pi.iter().sum::<f64>() - 1.0).abs() < 1e-12);
            let threshold = |k: usize| pi[k].powf(alpha - 1.0) - (alpha - 1.0) * theta[k];
            assert!((threshold(0) - threshold(1)).abs() < 1e-9, "{alpha}: {pi:?}");
            assert!(pi[3] > 0.0 || -(alpha - 1.0) * theta[3] >= threshold(0));
        }
    }

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
        // The second row has two outcomes alone: the others repeat them, and do not count.
        assert_eq!((outcome(1, 0), outcome(1, 1)), ((0.0, 0.0), (0.0, 2.0)));
        assert_eq!((0..4).map(|i| w.get(1, i)).collect::<Vec<f64>>(), [0.2, 0.8, 0.0, 0.0]);
    }
}
