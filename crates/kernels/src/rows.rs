//! Distributions over categories, one per row: softmax and its logarithm, sampling, Jacobian
//! products.
//!
//! Functions over lanes are loops without closures: the body of a closure is compiled for the
//! instruction set of its caller only if it happens to be inlined.
//!
//! In formulas, θ is a row of K logits and p its softmax. A logit of −∞ masks its category: the
//! probability is 0, and it is never sampled. Each row needs at least one finite logit.

use crate::simd::{LANES, Lanes};
use crate::{Noise, Packed, Real, rowwise};

/// p_k = exp(θ_k/τ − max) / Σ_j exp(θ_j/τ − max) of each row of `logits` ([rows, K]).
pub fn softmax<E: Real>(logits: &Packed<E>, temperature: E) -> Packed<E> {
    rowwise! {
        fn softmax(logits; inverse_temperature => p) {
            softmax_row(logits, inverse_temperature, p);
        }
    }
    let mut p = Packed::scratch(logits.rows(), logits.columns());
    softmax(logits, E::ONE / temperature, &mut p);
    p
}

/// ln p_k = θ_k/τ − max − ln Σ_j exp(θ_j/τ − max) of each row of `logits` ([rows, K]).
pub fn log_softmax<E: Real>(logits: &Packed<E>, temperature: E) -> Packed<E> {
    rowwise! {
        fn log_softmax(logits; inverse_temperature => log_p) {
            let top = max(logits);
            let mut sum = V::zero();
            for k in 0..logits.len() {
                log_p[k] = (logits[k] - top) * inverse_temperature;
                sum += log_p[k].exp();
            }
            let log_sum = sum.ln();
            for log_p in log_p {
                *log_p = *log_p - log_sum;
            }
        }
    }
    let mut log_p = Packed::scratch(logits.rows(), logits.columns());
    log_softmax(logits, E::ONE / temperature, &mut log_p);
    log_p
}

/// Samples S categories from each row of probabilities, independently, by inverse transform
/// sampling: [rows, S], category numbers. A category of probability 0 is never sampled.
pub fn categorical<E: Real>(p: &Packed<E>, samples: usize, noise: &mut Noise) -> Packed<E> {
    rowwise! {
        fn invert(p => uniforms) {
            for u in uniforms {
                *u = categorical_row(p, *u);
            }
        }
    }
    let mut picks = noise.uniforms(p.rows(), samples);
    invert(p, &mut picks);
    picks
}

/// The category of the largest number in each row, the first one of ties: [rows, 1].
pub fn argmax<E: Real>(numbers: &Packed<E>) -> Packed<E> {
    rowwise! {
        fn argmax(numbers => pick) {
            pick[0] = argmax_row(numbers);
        }
    }
    let mut picks = Packed::scratch(numbers.rows(), 1);
    argmax(numbers, &mut picks);
    picks
}

/// The one-hot vectors of category numbers ([rows, S]), concatenated: [rows, S·K].
pub fn one_hots<E: Real>(picks: &Packed<E>, categories: usize) -> Packed<E> {
    rowwise! {
        fn encode(picks => points) {
            let categories = points.len() / picks.len();
            for (&pick, point) in picks.iter().zip(points.chunks_exact_mut(categories)) {
                for k in 0..categories {
                    point[k] = one_hot(pick, k);
                }
            }
        }
    }
    let mut points = Packed::scratch(picks.rows(), picks.columns() * categories);
    encode(picks, &mut points);
    points
}

/// Up to this many categories, every category is compared with the pick; with more, each number is
/// looked up by its index.
const FEW: usize = 32;

/// The number of each chosen category: [rows, S], from numbers ([rows, K]) and category numbers
/// ([rows, S]).
///
/// # Panics
/// If the numbers of rows differ, or, with more than 32 categories, a category is out of range.
pub fn gather<E: Real>(numbers: &Packed<E>, picks: &Packed<E>) -> Packed<E> {
    rowwise! {
        fn scan(numbers, picks => picked) {
            for s in 0..picks.len() {
                picked[s] = V::zero();
                for (k, &x) in numbers.iter().enumerate() {
                    let is_picked = picks[s].equal(V::splat(E::of(k as f64)));
                    picked[s] = V::select(is_picked, x, picked[s]);
                }
            }
        }
    }
    let mut picked = Packed::zeros(picks.rows(), picks.columns());
    if numbers.columns() <= FEW {
        scan(numbers, picks, &mut picked);
        return picked;
    }
    assert_eq!(numbers.rows(), picks.rows(), "rows of numbers and picks");
    let size = LANES * numbers.columns();
    for (block, numbers) in numbers.storage().chunks_exact(size).enumerate() {
        for (at, category) in stored_picks(picks, block) {
            picked.storage_mut()[at] = numbers[category * LANES + at % LANES];
        }
    }
    picked
}

/// Σ_s c_s D_s of each row, [rows, K], from category numbers and c ([rows, S]), where D_s is the
/// one-hot vector of category s: the backward pass of [`gather`].
///
/// # Panics
/// If the shapes differ, or, with more than 32 categories, a category is out of range.
pub fn scatter_add<E: Real>(picks: &Packed<E>, c: &Packed<E>, categories: usize) -> Packed<E> {
    rowwise! {
        fn scan(picks, c => sums) {
            for (k, sum) in sums.iter_mut().enumerate() {
                *sum = V::zero();
                for s in 0..picks.len() {
                    let is_picked = picks[s].equal(V::splat(E::of(k as f64)));
                    *sum += V::select(is_picked, c[s], V::zero());
                }
            }
        }
    }
    let mut sums = Packed::zeros(picks.rows(), categories);
    if categories <= FEW {
        scan(picks, c, &mut sums);
        return sums;
    }
    assert_eq!((picks.rows(), picks.columns()), (c.rows(), c.columns()), "one number per pick");
    for (block, sums) in sums.storage_mut().chunks_exact_mut(LANES * categories).enumerate() {
        for (at, category) in stored_picks(picks, block) {
            sums[category * LANES + at % LANES] += c.storage()[at];
        }
    }
    sums
}

/// The position in storage and the category of each pick in a block of rows, in storage order.
fn stored_picks<E: Real>(picks: &Packed<E>, block: usize) -> impl Iterator<Item = (usize, usize)> {
    let size = LANES * picks.columns();
    let rows = LANES.min(picks.rows() - block * LANES);
    let picks = picks.storage()[block * size..][..size].iter().enumerate();
    let in_rows = picks.filter(move |(at, _)| at % LANES < rows);
    in_rows.map(move |(at, pick)| (block * size + at, pick.widen() as usize))
}

/// The largest number of each row.
#[inline(always)]
pub fn max<E: Real, V: Lanes<E>>(row: &[V]) -> V {
    let mut top = row[0];
    for &x in &row[1..] {
        top = top.max(x);
    }
    top
}

/// Σ_k x_k of each row, first to last.
#[inline(always)]
pub fn sum<E: Real, V: Lanes<E>>(row: &[V]) -> V {
    let mut sum = V::zero();
    for &x in row {
        sum += x;
    }
    sum
}

/// Σ_k a_k b_k of each row, first to last.
#[inline(always)]
pub fn dot<E: Real, V: Lanes<E>>(a: &[V], b: &[V]) -> V {
    let mut sum = V::zero();
    for (&a, &b) in a.iter().zip(b) {
        sum = a.mul_add(b, sum);
    }
    sum
}

/// p = softmax(θ/τ) of each row, given 1/τ.
#[inline(always)]
pub fn softmax_row<E: Real, V: Lanes<E>>(logits: &[V], inverse_temperature: V, p: &mut [V]) {
    let top = max(logits);
    let mut sum = V::zero();
    for (p, &x) in p.iter_mut().zip(logits) {
        *p = ((x - top) * inverse_temperature).exp();
        sum += *p;
    }
    let scale = V::splat(E::ONE) / sum;
    for p in p {
        *p = *p * scale;
    }
}

/// The category whose interval of the cumulative distribution contains each row's uniform number.
#[inline(always)]
pub fn categorical_row<E: Real, V: Lanes<E>>(p: &[V], uniform: V) -> V {
    let (mut below, mut pick, mut last) = (V::zero(), V::zero(), V::zero());
    for (k, &p) in p.iter().enumerate() {
        let category = V::splat(E::of(k as f64));
        below += p;
        // Counts the categories whose interval ends at or below the uniform number.
        pick += V::select(uniform.less(below), V::zero(), V::splat(E::ONE));
        last = V::select(V::zero().less(p), category, last);
    }
    // Rounding can leave the whole sum below the uniform number.
    pick.min(last)
}

/// The category of each row's largest number, the first one of ties.
#[inline(always)]
pub fn argmax_row<E: Real, V: Lanes<E>>(numbers: &[V]) -> V {
    let (mut top, mut pick) = (numbers[0], V::zero());
    for (k, &x) in numbers.iter().enumerate().skip(1) {
        pick = V::select(top.less(x), V::splat(E::of(k as f64)), pick);
        top = V::select(top.less(x), x, top);
    }
    pick
}

/// `x`, or 0 where the logit is −∞.
#[inline(always)]
pub fn unless_masked<E: Real, V: Lanes<E>>(logit: V, x: V) -> V {
    V::select(logit.equal(V::splat(E::NEGATIVE_INFINITY)), V::zero(), x)
}

/// `x`, or 0 where `p` (a probability or a weight) is 0, even if `x` is infinite or NaN there.
#[inline(always)]
pub fn unless_zero<E: Real, V: Lanes<E>>(p: V, x: V) -> V {
    V::select(p.equal(V::zero()), V::zero(), x)
}

/// 1 where `k` is the chosen category, else 0.
#[inline(always)]
pub fn one_hot<E: Real, V: Lanes<E>>(pick: V, k: usize) -> V {
    V::indicator(pick.equal(V::splat(E::of(k as f64))))
}

/// v += scale · J(q) g, where J(q) is the Jacobian of the softmax at q: J(q) g = q ⊙ (g − ⟨q, g⟩).
#[inline(always)]
pub fn add_jacobian_product<E: Real, V: Lanes<E>>(q: &[V], g: &[V], scale: V, v: &mut [V]) {
    let mean = dot(q, g);
    for ((v, &q), &g) in v.iter_mut().zip(q).zip(g) {
        *v = (scale * q).mul_add(g - mean, *v);
    }
}
