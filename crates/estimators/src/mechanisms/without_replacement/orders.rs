//! Sums over the orders in which a set of outcomes can have been drawn.
//!
//! The probability of an order is the product of p_i over the probability that was left before each
//! draw. The p_i are the same in every order and cancel in all results, so only the products of 1/left
//! are summed; probabilities that underflow then do no harm. g(D) is the sum over the orders of the
//! outcomes not yet drawn, given that those of D are: g(D) = Σ_i g(D ∪ i) / left(D). Only sets of the
//! same size are compared, so all sets of a size are scaled by the smallest left(D) of that size; the
//! largest sums are then between 1 and k!.

use kernels::simd::{Kernel, Lanes};
use kernels::{Packed, Real};

/// A lower bound of left(D): less probable outcomes are never drawn.
const LEAST: f64 = 1e-300;

/// For each outcome x of a set: the probability w_x = p_x R(S, x) that it was drawn first ([B, S]), and
/// its loss minus the set's baseline ([B, S]), f_x − Σ_y c_xy f_y. Here c_xy = p_y R²(S, x, y) is 1 − p_x
/// times the probability that y was drawn second given that x was first; at y = x it is p_x, as
/// R²(S, x, x) = 1.
///
/// * `p` — the outcomes' probabilities, [B, S]
/// * `rest` — the probability of all others, [B, 1]
/// * `f` — losses, [B, S]
pub(super) fn weights(
    p: &Packed<f64>,
    rest: &Packed<f64>,
    f: &Packed<f64>,
    baseline: bool,
) -> (Packed<f64>, Packed<f64>) {
    let mut weights = Packed::scratch(p.rows(), p.columns());
    let mut advantages = f.clone();
    kernels::simd::run(Sums { p, rest, baseline, weights: &mut weights, losses: &mut advantages });
    (weights, advantages)
}

struct Sums<'a, E: Real> {
    p: &'a Packed<E>,
    rest: &'a Packed<E>,
    baseline: bool,
    weights: &'a mut Packed<E>,
    /// Losses, from which the baselines are subtracted.
    losses: &'a mut Packed<E>,
}

impl<E: Real> Kernel<E> for Sums<'_, E> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes<E>>(self) {
        let (size, sets) = (self.p.columns(), 1 << self.p.columns());
        let (mut g, mut left) = (vec![V::zero(); sets], vec![V::zero(); sets]);
        let mut least = vec![V::zero(); size + 1];
        let sources = self.p.blocks::<V>().zip(self.rest.blocks::<V>());
        let results = self.weights.blocks_mut::<V>().zip(self.losses.blocks_mut::<V>());
        for ((p, rest), (weights, losses)) in sources.zip(results) {
            what_is_left(p, rest[0], &mut left, &mut least);
            add_up(&left, &least, &mut g);
            let mut sum = V::zero();
            for (x, weight) in weights.iter_mut().enumerate() {
                *weight = g[1 << x];
                sum += *weight;
            }
            for weight in weights.iter_mut() {
                *weight = *weight / sum;
            }
            if self.baseline {
                take_baseline(p, &left, &g, losses, &mut least);
            }
        }
    }
}

/// left(D) of every set D, and the smallest of each size.
#[inline(always)]
fn what_is_left<E: Real, V: Lanes<E>>(p: &[V], rest: V, left: &mut [V], least: &mut [V]) {
    let whole = left.len() - 1;
    least.fill(V::splat(E::INFINITY));
    left[whole] = rest;
    for drawn in (0..whole).rev() {
        let one = drawn.trailing_ones() as usize;
        left[drawn] = left[drawn | 1 << one] + p[one];
    }
    for (drawn, left) in left.iter_mut().enumerate() {
        *left = left.max(V::splat(E::of(LEAST)));
        let least = &mut least[drawn.count_ones() as usize];
        *least = least.min(*left);
    }
}

/// g(D), in the units of the size of D.
#[inline(always)]
fn add_up<E: Real, V: Lanes<E>>(left: &[V], least: &[V], g: &mut [V]) {
    let whole = left.len() - 1;
    g[whole] = V::splat(E::ONE);
    for drawn in (0..whole).rev() {
        let (mut sum, mut others) = (V::zero(), whole & !drawn);
        while others != 0 {
            sum += g[drawn | (others & others.wrapping_neg())];
            others &= others - 1;
        }
        g[drawn] = sum * least[drawn.count_ones() as usize] / left[drawn];
    }
}

/// f_x − Σ_y c_xy f_y in place of f_x.
#[inline(always)]
fn take_baseline<E: Real, V: Lanes<E>>(
    p: &[V],
    left: &[V],
    g: &[V],
    losses: &mut [V],
    advantages: &mut [V],
) {
    for x in 0..p.len() {
        let (mut sum, mut weighted) = (V::zero(), V::zero());
        for y in (0..p.len()).filter(|&y| y != x) {
            let second = g[1 << x | 1 << y];
            sum += second;
            weighted = second.mul_add(losses[y], weighted);
        }
        let others = left[1 << x] * weighted / sum;
        advantages[x] = losses[x] - p[x].mul_add(losses[x], others);
    }
    losses.copy_from_slice(&advantages[..losses.len()]);
}
