//! Coupled picks by stick breaking: a category is reached by declining those before it, and several
//! picks share the uniform numbers by which they decline, so that they differ more than by chance.

use kernels::{Noise, Packed, Real};

/// One distribution as sticks, in ascending order of probability: stick i is taken with probability
/// q_i = p_i / Σ_{j ≥ i} p_j if all before it were declined. In that order q_i ≤ ½ but for the last.
pub(crate) struct Sticks {
    /// The category of each stick.
    pub(crate) order: Vec<usize>,
    /// p, in that order.
    pub(crate) p: Vec<f64>,
    /// Σ_{j ≥ i} p_j
    pub(crate) rest: Vec<f64>,
}

impl Sticks {
    pub(crate) fn new<E: Real>(p: &Packed<E>, row: usize) -> Self {
        let k = p.columns();
        let probability = |category: usize| p.get(row, category).widen();
        let mut order: Vec<usize> = (0..k).collect();
        order.sort_by(|&a, &b| probability(a).total_cmp(&probability(b)));
        let p: Vec<f64> = order.iter().map(|&category| probability(category)).collect();
        let mut rest = p.clone();
        for i in (0..k - 1).rev() {
            rest[i] += rest[i + 1];
        }
        Self { order, p, rest }
    }

    /// q_i; at most ½ where there is another stick after it.
    pub(crate) fn q(&self, i: usize) -> f64 {
        if i + 1 == self.p.len() { 1.0 } else { (self.p[i] / self.rest[i]).min(0.5) }
    }

    /// The stick that each of several coupled picks takes. `uniforms` are (sticks − 1) rows of
    /// coupled uniform numbers, one for each pick.
    pub(crate) fn take(&self, uniforms: &[Vec<f64>], picks: usize) -> Vec<usize> {
        let last = self.p.len() - 1;
        let taken = |pick: usize| {
            let takes = |&i: &usize| uniforms[i][pick] < self.q(i);
            (0..last).find(takes).unwrap_or(last)
        };
        (0..picks).map(taken).collect()
    }

    /// How much rarer a pair of different sticks is under the coupling of `n` picks than under
    /// independence: p(a) p(b) / P(a, b). It has its cause in the sticks up to the first of the two.
    pub(crate) fn weight(&self, a: usize, b: usize, n: usize) -> f64 {
        let first = a.min(b);
        let declined: f64 = (0..first)
            .map(|i| {
                let q = self.q(i);
                (1.0 - q) * (1.0 - q) / (1.0 - 2.0 * q + both(q, n))
            })
            .product();
        let q = self.q(first);
        // P(one takes it, the other declines) = q − P(both take it).
        if q > 0.0 { declined * q * (1.0 - q) / (q - both(q, n)) } else { 0.0 }
    }
}

/// Probability that both of two of `n` antithetic uniform numbers are below q:
/// max(2 q^{1/(n−1)} − 1, 0)^{n−1}.
fn both(q: f64, n: usize) -> f64 {
    if n == 2 {
        return (2.0 * q - 1.0).max(0.0);
    }
    if q == 0.0 {
        return 0.0;
    }
    let degree = (n - 1) as f64;
    let base = 2.0 * Real::exp(Real::ln(q) / degree) - 1.0;
    if base > 0.0 { Real::exp(degree * Real::ln(base)) } else { 0.0 }
}

/// `n` antithetic uniform numbers: (1 − d_i)^{n−1} with d ~ Dirichlet(1_n) (Dimitriev & Zhou 2021,
/// arXiv:2105.14141, §3.2). For n = 2 they are u and 1 − u.
pub(crate) fn antithetic(n: usize, noise: &mut Noise) -> Vec<f64> {
    if n == 2 {
        let u = noise.uniform();
        return vec![u, 1.0 - u];
    }
    let e: Vec<f64> = (0..n).map(|_| -Real::ln(noise.uniform())).collect();
    let total: f64 = e.iter().sum();
    let power = |d: f64| Real::exp((n - 1) as f64 * Real::ln(1.0 - d));
    e.into_iter().map(|e| power(e / total)).collect()
}
