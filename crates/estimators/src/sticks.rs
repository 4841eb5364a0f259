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

#[cfg(test)]
mod tests {
    use super::*;

    fn sticks() -> Sticks {
        Sticks::new(&Packed::pack(&[0.5, 0.2, 0.3], 3), 0)
    }

    #[test]
    fn the_least_probable_is_the_first_stick() {
        let sticks = sticks();
        assert_eq!(sticks.order, [1, 2, 0]);
        for (i, q) in [0.2, 0.375, 1.0].into_iter().enumerate() {
            assert!((sticks.q(i) - q).abs() < 1e-15);
        }
        let uniforms = [vec![0.1, 0.9, 0.3], vec![0.5, 0.3, 0.4]];
        assert_eq!(sticks.take(&uniforms, 3), [0, 1, 2]);
    }

    /// p(a) p(b)/P(a, b), with P(a, b) by hand: 0.2 · 0.375 and (1 − 0.4) · 0.375.
    #[test]
    fn pairs_of_two_weigh_what_independence_over_coupling_says() {
        let sticks = sticks();
        for (a, b, weight) in [(0, 1, 0.06 / 0.075), (1, 0, 0.8), (0, 2, 0.8), (1, 2, 0.15 / 0.225)]
        {
            assert!((sticks.weight(a, b, 2) - weight).abs() < 1e-14, "{a}, {b}");
        }
    }

    /// How often several coupled picks are a pair, against what their weight says it is.
    #[test]
    fn pairs_of_three_come_as_often_as_their_weight_says() {
        const DRAWS: usize = 100_000;
        let (sticks, noise) = (sticks(), &mut Noise::named(&["sticks"]));
        let mut pairs = [[0.0; 3]; 3];
        for _ in 0..DRAWS {
            let picks = sticks.take(&[antithetic(3, noise), antithetic(3, noise)], 3);
            pairs[picks[0]][picks[1]] += 1.0 / DRAWS as f64;
        }
        for (a, b) in [(0, 1), (0, 2), (1, 2), (1, 0)] {
            let expected = sticks.p[a] * sticks.p[b] / sticks.weight(a, b, 3);
            let error = (expected / DRAWS as f64).sqrt();
            assert!((pairs[a][b] - expected).abs() < 5.0 * error, "{} {expected}", pairs[a][b]);
        }
    }

    #[test]
    fn antithetic_numbers_are_uniform_each() {
        for n in [2, 3, 5] {
            let noise = &mut Noise::named(&["antithetic"]);
            let draws: Vec<Vec<f64>> = (0..20_000).map(|_| antithetic(n, noise)).collect();
            let mean = |f: &dyn Fn(&Vec<f64>) -> f64| draws.iter().map(f).sum::<f64>() / 2e4;
            assert!((mean(&|u| u[0]) - 0.5).abs() < 0.011);
            assert!((mean(&|u| u[n - 1] * u[n - 1]) - 1.0 / 3.0).abs() < 0.011);
            assert!(mean(&|u| u[0] * u[1]) < 0.245, "they repel each other");
            assert!((mean(&|u| f64::from(u[0].max(u[1]) < 0.7)) - both(0.7, n)).abs() < 0.018);
        }
        assert_eq!((both(0.0, 3), both(0.1, 3), both(1.0, 4)), (0.0, 0.0, 1.0));
    }
}
