//! Coupled samples by stick breaking. A sample reaches a category by declining those before it. Several
//! samples of a row use antithetic uniform numbers for this, so that they differ more often than
//! independent ones.

use crate::mechanisms::antithetic_uniforms::{Coupling, both, is_below};
use kernels::{Noise, Packed, Real};

/// The sticks of all rows.
pub(crate) struct StickBreaking {
    categories: usize,
    order: Vec<usize>,
    p: Vec<f64>,
    rest: Vec<f64>,
}

/// The sticks of one distribution, in ascending order of probability: stick i is taken with probability
/// q_i = p_i / Σ_{j ≥ i} p_j, given that all before it were declined. In this order q_i ≤ ½ for all but
/// the last.
#[derive(Clone, Copy)]
pub(crate) struct Sticks<'a> {
    /// The category of each stick.
    pub(crate) order: &'a [usize],
    /// p, in that order.
    pub(crate) p: &'a [f64],
    /// Σ_{j ≥ i} p_j
    pub(crate) rest: &'a [f64],
}

impl StickBreaking {
    pub(crate) fn new<E: Real>(p: &Packed<E>) -> Self {
        let k = p.columns();
        let mut sorted: Vec<(f64, usize)> = Vec::with_capacity(p.rows() * k);
        sorted.extend(p.unpack().iter().enumerate().map(|(i, p)| (p.widen(), i % k)));
        for row in sorted.chunks_exact_mut(k) {
            // Ties: the first category first.
            row.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        }
        let (p, order): (Vec<f64>, Vec<usize>) = sorted.into_iter().unzip();
        let mut rest = p.clone();
        for rest in rest.chunks_exact_mut(k) {
            for i in (0..k - 1).rev() {
                rest[i] += rest[i + 1];
            }
        }
        Self { categories: k, order, p, rest }
    }

    pub(crate) fn row(&self, row: usize) -> Sticks<'_> {
        let part = row * self.categories..(row + 1) * self.categories;
        let (order, p) = (&self.order[part.clone()], &self.p[part.clone()]);
        Sticks { order, p, rest: &self.rest[part] }
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = Sticks<'_>> {
        (0..self.p.len() / self.categories).map(|row| self.row(row))
    }

    /// Draws `n` coupled samples of each row. Returns the stick of each, row after row, and the
    /// categories.
    pub(crate) fn take<E: Real>(&self, n: usize, noise: &mut Noise) -> (Vec<usize>, Packed<E>) {
        let rows = self.p.len() / self.categories;
        let mut taken = Vec::with_capacity(rows * n);
        let mut picks = Packed::zeros(rows, n);
        let mut coupling = Coupling::new(n);
        for (row, sticks) in self.rows().enumerate() {
            coupling.draw(sticks.p.len() - 1, noise);
            taken.extend_from_slice(sticks.take(&mut coupling));
            for (sample, &stick) in taken[row * n..].iter().enumerate() {
                picks.set(row, sample, E::of(sticks.order[stick] as f64));
            }
        }
        (taken, picks)
    }
}

impl Sticks<'_> {
    /// q_i: at most ½, except for the last stick.
    pub(crate) fn q(&self, i: usize) -> f64 {
        if i + 1 == self.p.len() { 1.0 } else { (self.p[i] / self.rest[i]).min(0.5) }
    }

    /// The stick that each of the coupled samples takes.
    fn take<'c>(&self, coupling: &'c mut Coupling) -> &'c [usize] {
        let (last, n) = (self.p.len() - 1, coupling.n);
        let Coupling { uniforms, logarithms, alive, taken, .. } = coupling;
        taken.clear();
        taken.resize(n, last);
        alive.clear();
        alive.extend(0..n);
        for i in 0..last {
            if alive.is_empty() {
                break;
            }
            let q = self.q(i);
            let mut keep = |pick: usize, takes: bool| {
                if takes {
                    taken[pick] = i;
                }
                !takes
            };
            if n == 2 {
                let pair = [uniforms[i], 1.0 - uniforms[i]];
                alive.retain(|&pick| keep(pick, pair[pick] < q));
            } else {
                let logarithms = &logarithms[i * n..][..n];
                let total = logarithms.iter().map(|ln| -ln).sum::<f64>();
                alive.retain(|&pick| keep(pick, is_below(-logarithms[pick] / total, n, q)));
            }
        }
        taken
    }

    /// p(a) p(b) / P(a, b), the probability of a pair of different sticks under independence over that
    /// under the coupling. It depends only on the sticks up to the first of the two, so there is one
    /// weight for each sample: that of its pairs with later sticks. The last stick has none.
    pub(crate) fn weights(&self, taken: &[usize], weights: &mut [f64]) {
        let n = taken.len();
        let last = taken.iter().copied().max().unwrap_or(0);
        let mut declined = 1.0;
        for i in 0..last {
            let q = self.q(i);
            let both = both(q, n);
            if taken.contains(&i) {
                // P(one takes it and the other declines) = q − P(both take it).
                let weight = if q > 0.0 { declined * q * (1.0 - q) / (q - both) } else { 0.0 };
                for (to, _) in weights.iter_mut().zip(taken).filter(|(_, stick)| **stick == i) {
                    *to = weight;
                }
            }
            declined *= (1.0 - q) * (1.0 - q) / (1.0 - 2.0 * q + both);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mechanisms::antithetic_uniforms::antithetic;

    fn breaking() -> StickBreaking {
        StickBreaking::new(&Packed::pack(&[0.5, 0.2, 0.3], 3))
    }

    /// p(a) p(b)/P(a, b), by its formula.
    fn weight(sticks: Sticks<'_>, a: usize, b: usize, n: usize) -> f64 {
        let first = a.min(b);
        let decline = |i: usize| {
            let q = sticks.q(i);
            (1.0 - q) * (1.0 - q) / (1.0 - 2.0 * q + both(q, n))
        };
        let (q, declined) = (sticks.q(first), (0..first).map(decline).product::<f64>());
        if q > 0.0 { declined * q * (1.0 - q) / (q - both(q, n)) } else { 0.0 }
    }

    #[test]
    fn the_least_probable_category_is_the_first_stick() {
        let breaking = breaking();
        assert_eq!(breaking.row(0).order, [1, 2, 0]);
        for (i, q) in [0.2, 0.375, 1.0].into_iter().enumerate() {
            assert!((breaking.row(0).q(i) - q).abs() < 1e-15);
        }
    }

    /// Bit for bit: sticks and weights of coupled samples, with ties and masked categories, and the
    /// noise that they consume.
    #[test]
    fn samples_and_weights_follow_their_formulas() {
        const ROWS: usize = 60;
        for (k, n) in [(1, 3), (2, 2), (5, 2), (5, 3), (40, 2), (40, 4), (40, 9)] {
            let noise = &mut Noise::named(&["sticks", "formulas"]);
            let logits = (0..ROWS * k).map(|i| match noise.index(8) {
                0 if i % k > 0 => f64::NEG_INFINITY,
                x => f64::from(x) - if i % k % 2 == 0 { 0.0 } else { noise.uniform() },
            });
            let logits: Vec<f64> = logits.collect();
            let p = kernels::rows::softmax(&Packed::pack(&logits, k), 1.0);
            let (breaking, mut again) = (StickBreaking::new(&p), noise.clone());
            let (taken, picks) = breaking.take::<f64>(n, noise);
            for (row, sticks) in breaking.rows().enumerate() {
                let mut order: Vec<usize> = (0..k).collect();
                order.sort_by(|&a, &b| p.get(row, a).total_cmp(&p.get(row, b)));
                assert_eq!(sticks.order, order);
                let uniforms: Vec<_> = (1..k).map(|_| antithetic(n, &mut again)).collect();
                let taken = &taken[row * n..][..n];
                let mut weights = vec![0.0; n];
                sticks.weights(taken, &mut weights);
                for (pick, &stick) in taken.iter().enumerate() {
                    let takes = |&i: &usize| uniforms[i][pick] < sticks.q(i);
                    assert_eq!(stick, (0..k - 1).find(takes).unwrap_or(k - 1));
                    assert_eq!(picks.get(row, pick), order[stick] as f64);
                    for later in taken.iter().filter(|&&later| later > stick) {
                        assert_eq!(weights[pick], weight(sticks, stick, *later, n));
                    }
                }
            }
            assert_eq!(noise.word(), again.word());
        }
    }

    /// p(a) p(b)/P(a, b), with P(a, b) by hand: 0.2 · 0.375 and (1 − 0.4) · 0.375.
    #[test]
    fn the_weight_of_a_pair_is_independence_over_coupling() {
        let breaking = breaking();
        for (pair, expected) in [([0, 1], 0.06 / 0.075), ([0, 2], 0.8), ([1, 2], 0.15 / 0.225)] {
            let mut weights = [0.0; 2];
            breaking.row(0).weights(&pair, &mut weights);
            assert!((weights[0] - expected).abs() < 1e-14, "{pair:?}");
        }
    }

    /// Frequencies of pairs among three coupled samples, compared with their weights.
    #[test]
    fn pairs_of_three_are_as_frequent_as_their_weights_say() {
        const DRAWS: usize = 100_000;
        let (breaking, noise) = (breaking(), &mut Noise::named(&["sticks"]));
        let mut pairs = [[0.0; 3]; 3];
        for _ in 0..DRAWS {
            let picks = breaking.take::<f64>(3, noise).0;
            pairs[picks[0]][picks[1]] += 1.0 / DRAWS as f64;
        }
        let sticks = breaking.row(0);
        for (a, b) in [(0, 1), (0, 2), (1, 2), (1, 0)] {
            let expected = sticks.p[a] * sticks.p[b] / weight(sticks, a, b, 3);
            let error = (expected / DRAWS as f64).sqrt();
            assert!((pairs[a][b] - expected).abs() < 5.0 * error, "{} {expected}", pairs[a][b]);
        }
    }
}
