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
