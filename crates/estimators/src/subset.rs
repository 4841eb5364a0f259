//! Joint outcomes drawn without replacement, in the order in which they come.

use crate::Dims;
use kernels::{Noise, Packed, Real};

/// Joint outcomes of one row, all different.
pub(crate) struct Subset {
    /// The categories of each outcome, [outcomes][L].
    pub(crate) outcomes: Vec<Vec<u32>>,
    /// The probability of each.
    pub(crate) p: Vec<f64>,
    /// What is left for all others.
    pub(crate) rest: f64,
}

/// A set of latents' first categories on the way to joint outcomes, with its log-probability and its
/// perturbed log-probability.
struct Prefix {
    categories: Vec<u32>,
    log_p: f64,
    perturbed: f64,
}

/// The first `count` joint outcomes of a row that sampling without replacement draws, in order: those
/// of the largest log-probability plus Gumbel noise, found latent by latent (stochastic beam search;
/// Kool, van Hoof & Welling 2019, arXiv:1903.06059, Algorithm 1). Outcomes of probability 0 are not
/// drawn, so there may be fewer.
///
/// * `log_p` — ln p of the row's latents, [L][K]
pub(crate) fn without_replacement(log_p: &[Vec<f64>], count: usize, noise: &mut Noise) -> Subset {
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
            // The root's perturbation is what its children's largest comes to be.
            if latent > 0 {
                condition(&mut children, prefix.perturbed);
            }
            grown.append(&mut children);
        }
        grown.sort_by(|a, b| b.perturbed.total_cmp(&a.perturbed));
        grown.truncate(count);
        beam = grown;
    }
    Subset::new(beam.into_iter().map(|prefix| prefix.categories).collect(), log_p)
}

/// Moves perturbed log-probabilities so that their largest is `largest`, as their distribution is
/// given that it is.
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

/// The `count` most probable joint outcomes of a row; of equally probable ones the
/// lexicographically first. Enumerates all; those of probability 0 are not among them.
pub(crate) fn most_probable(log_p: &[Vec<f64>], count: usize) -> Subset {
    let mut outcomes: Vec<(Vec<u32>, f64)> = vec![(vec![], 0.0)];
    for row in log_p {
        outcomes = outcomes
            .iter()
            .flat_map(|(categories, joint)| {
                row.iter().enumerate().map(move |(category, log_p)| {
                    let mut categories = categories.clone();
                    categories.push(category as u32);
                    (categories, joint + log_p)
                })
            })
            .collect();
    }
    outcomes.retain(|(_, log_p)| log_p.is_finite());
    outcomes.sort_by(|a, b| b.1.total_cmp(&a.1));
    // Equal up to rounding is equal: the order of latents must not decide.
    let is_tie = |a: f64, b: f64| a - b <= 1e-12 * a.abs().max(1.0);
    for tied in outcomes.chunk_by_mut(|a, b| is_tie(a.1, b.1)) {
        tied.sort_by(|a, b| a.0.cmp(&b.0));
    }
    outcomes.truncate(count);
    Subset::new(outcomes.into_iter().map(|(categories, _)| categories).collect(), log_p)
}

impl Subset {
    fn new(outcomes: Vec<Vec<u32>>, log_p: &[Vec<f64>]) -> Self {
        let joint = |outcome: &Vec<u32>| -> f64 {
            let logs = outcome.iter().zip(log_p).map(|(&category, row)| row[category as usize]);
            Real::exp(logs.sum::<f64>())
        };
        let p: Vec<f64> = outcomes.iter().map(joint).collect();
        let rest = match log_p {
            // Summed over what is left, so that nothing is lost beside a probability near 1.
            [row] => {
                let is_left = |category: &usize| !outcomes.contains(&vec![*category as u32]);
                (0..row.len()).filter(is_left).map(|category| Real::exp(row[category])).sum()
            }
            _ => (1.0 - p.iter().sum::<f64>()).max(0.0),
        };
        Self { outcomes, p, rest }
    }

    /// The same outcomes in lexicographic order, where the order in which they came does not count.
    pub(crate) fn unordered(mut self, log_p: &[Vec<f64>]) -> Self {
        self.outcomes.sort();
        Self::new(self.outcomes, log_p)
    }

    /// One of the other joint outcomes, drawn from what is left of their probabilities; nothing if
    /// nothing is left.
    pub(crate) fn draw_from_rest(&self, log_p: &[Vec<f64>], noise: &mut Noise) -> Option<Vec<u32>> {
        let u = noise.uniform();
        let categories = log_p[0].len();
        let count = categories.pow(log_p.len() as u32);
        let outcome = |index: usize| -> Vec<u32> {
            let digit = |latent: usize| {
                index / categories.pow((log_p.len() - 1 - latent) as u32) % categories
            };
            (0..log_p.len()).map(|latent| digit(latent) as u32).collect()
        };
        let left: Vec<(usize, f64)> = (0..count)
            .filter(|&index| !self.outcomes.contains(&outcome(index)))
            .map(|index| {
                let categories = outcome(index);
                let logs = categories.iter().zip(log_p).map(|(&k, row)| row[k as usize]);
                (index, Real::exp(logs.sum::<f64>()))
            })
            .filter(|&(_, p)| p > 0.0)
            .collect();
        let mut remaining = u * left.iter().map(|&(_, p)| p).sum::<f64>();
        let found = left.iter().find(|&&(_, p)| {
            remaining -= p;
            remaining < 0.0
        });
        found.or(left.last()).map(|&(index, _)| outcome(index))
    }

    /// The sums over orders that the weights of its outcomes are made of.
    pub(crate) fn orders(&self) -> Orders<'_> {
        Orders::new(self)
    }
}

/// Sums over the orders in which the rest of a subset can come.
///
/// The probability of an order is Π p_i over what was left before each draw. The p_i are the same in
/// every order and cancel in all that is asked for, so only Π 1/left is added up: then probabilities
/// that underflow do no harm.
pub(crate) struct Orders<'a> {
    p: &'a [f64],
    /// Σ over orders of what is not yet drawn, by the set that is drawn: [2ᵏ].
    sums: Vec<f64>,
}

impl<'a> Orders<'a> {
    /// Less than this is never left: what is so improbable is never drawn.
    const LEAST: f64 = 1e-25;

    fn new(subset: &'a Subset) -> Self {
        let k = subset.p.len();
        let whole = (1usize << k) - 1;
        let left = |drawn: usize| {
            let inside = (0..k).filter(|i| drawn & 1 << i == 0).map(|i| subset.p[i]);
            (subset.rest + inside.sum::<f64>()).max(Self::LEAST)
        };
        let mut sums = vec![1.0; whole + 1];
        for drawn in (0..whole).rev() {
            let next = (0..k).filter(|i| drawn & 1 << i == 0).map(|i| sums[drawn | 1 << i]);
            sums[drawn] = next.sum::<f64>() / left(drawn);
        }
        Self { p: &subset.p, sums }
    }

    /// The probability of having drawn each outcome first, given that these were drawn in some
    /// order: p_x R(S, x).
    pub(crate) fn first(&self) -> Vec<f64> {
        (0..self.p.len()).map(|x| self.sums[1 << x] / self.sums[0]).collect()
    }

    /// For each outcome x, p_y R²(S, x, y) of each y: 1 − p_x times the probability of having drawn y
    /// second, given that x was first; and at y = x, p_x itself, as R²(S, x, x) = 1.
    pub(crate) fn second(&self) -> Vec<Vec<f64>> {
        let row = |x: usize| {
            let weight = |y: usize| match y == x {
                true => self.p[x],
                false => self.sums[1 << x | 1 << y] / self.sums[1 << x],
            };
            (0..self.p.len()).map(weight).collect()
        };
        (0..self.p.len()).map(row).collect()
    }
}

/// ln p of a row's latents, [L][K].
pub(crate) fn row_log_p<E: Real>(log_p: &Packed<E>, row: usize, dims: Dims) -> Vec<Vec<f64>> {
    let latent = |latent: usize| {
        let row = row * dims.latents + latent;
        (0..dims.categories).map(|k| log_p.get(row, k).widen()).collect()
    };
    (0..dims.latents).map(latent).collect()
}

#[cfg(test)]
mod tests;
