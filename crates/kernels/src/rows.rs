//! Distributions over categories, a row each: softmax, its logarithm, sampling, its Jacobian.
//!
//! Functions of lanes are loops and no closures: what is inside a closure is compiled for the
//! instruction set of its caller only if it happens to be inlined.
//!
//! In formulas, θ is a row of K logits and p its softmax. A logit of −∞ is a masked category: its
//! probability is 0 and it is never drawn; a row needs one finite logit.

use crate::simd::{LANES, Lanes};
use crate::{Noise, Packed, Real, rowwise};

/// p_k = exp(θ_k/τ − max) / Σ_j exp(θ_j/τ − max), of each row of `logits` ([rows, K]).
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

/// ln p_k = θ_k/τ − max − ln Σ_j exp(θ_j/τ − max), of each row of `logits` ([rows, K]).
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

/// `samples` categories of each row, drawn independently from its probabilities by the inverse of
/// their distribution function: [rows, S], category numbers. A category of probability 0 is never
/// drawn.
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

/// The category of the largest number of each row, the first of equals: [rows, 1].
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

/// The vertices of these category numbers ([rows, S]), side by side: [rows, S·K].
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

/// Categories up to which each is looked at; beyond, a row's number is fetched for itself.
const FEW: usize = 32;

/// The number of each category that is picked: [rows, S] of numbers ([rows, K]) and category numbers
/// ([rows, S]).
///
/// # Panics
/// If the rows differ, or, of many categories, one is not there.
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
    assert_eq!(numbers.rows(), picks.rows(), "picks of other rows");
    let size = LANES * numbers.columns();
    for (block, numbers) in numbers.storage().chunks_exact(size).enumerate() {
        for (at, category) in stored_picks(picks, block) {
            picked.storage_mut()[at] = numbers[category * LANES + at % LANES];
        }
    }
    picked
}

/// Σ_s c_s D_s of each row, [rows, K], of category numbers and c ([rows, S]): what gradients for
/// [`gather`] mean for its numbers.
///
/// # Panics
/// If the shapes differ, or, of many categories, one is not there.
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
    assert_eq!((picks.rows(), picks.columns()), (c.rows(), c.columns()), "one number a pick");
    for (block, sums) in sums.storage_mut().chunks_exact_mut(LANES * categories).enumerate() {
        for (at, category) in stored_picks(picks, block) {
            sums[category * LANES + at % LANES] += c.storage()[at];
        }
    }
    sums
}

/// Of each pick of a block of rows, where it is stored and which category it is: column by column,
/// which is how they lie.
fn stored_picks<E: Real>(picks: &Packed<E>, block: usize) -> impl Iterator<Item = (usize, usize)> {
    let size = LANES * picks.columns();
    let rows = LANES.min(picks.rows() - block * LANES);
    let picks = picks.storage()[block * size..][..size].iter().enumerate();
    let in_rows = picks.filter(move |(at, _)| at % LANES < rows);
    in_rows.map(move |(at, pick)| (block * size + at, pick.widen() as usize))
}

/// Largest number of each row.
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

/// p = softmax(θ/τ) of each row, for a given 1/τ.
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

/// The category in whose part of [0, 1] each row's uniform number falls.
#[inline(always)]
pub fn categorical_row<E: Real, V: Lanes<E>>(p: &[V], uniform: V) -> V {
    let (mut below, mut pick, mut last) = (V::zero(), V::zero(), V::zero());
    for (k, &p) in p.iter().enumerate() {
        let category = V::splat(E::of(k as f64));
        below += p;
        // Counts the categories whose part ends at or before the uniform number.
        pick += V::select(uniform.less(below), V::zero(), V::splat(E::ONE));
        last = V::select(V::zero().less(p), category, last);
    }
    // Where rounding leaves the sum below the uniform number.
    pick.min(last)
}

/// The category of each row's largest number, the first of equals.
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

/// `x`, or 0 where a probability or a weight is 0: what cannot happen does not count, and x may be
/// infinite or no number there.
#[inline(always)]
pub fn unless_zero<E: Real, V: Lanes<E>>(p: V, x: V) -> V {
    V::select(p.equal(V::zero()), V::zero(), x)
}

/// 1 where category `k` is the one picked, else 0.
#[inline(always)]
pub fn one_hot<E: Real, V: Lanes<E>>(pick: V, k: usize) -> V {
    V::indicator(pick.equal(V::splat(E::of(k as f64))))
}

/// v += scale · J(q) g with the Jacobian of the softmax at q: J(q) g = q ⊙ (g − ⟨q, g⟩).
#[inline(always)]
pub fn add_jacobian_product<E: Real, V: Lanes<E>>(q: &[V], g: &[V], scale: V, v: &mut [V]) {
    let mean = dot(q, g);
    for ((v, &q), &g) in v.iter_mut().zip(q).zip(g) {
        *v = (scale * q).mul_add(g - mean, *v);
    }
}
