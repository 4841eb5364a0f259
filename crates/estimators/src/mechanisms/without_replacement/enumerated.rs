//! Sets chosen from the list of all joint outcomes, sixteen rows at a time.

use super::Order;
use crate::Dims;
use kernels::simd::Lanes;
use kernels::{Noise, Packed, Real, rows, rowwise};

/// Joint outcomes by their index in the lexicographic list of all, [B, S].
pub(super) struct Chosen {
    indices: Packed<f64>,
    pub(super) p: Packed<f64>,
    /// The probability of all others, [B, 1].
    pub(super) rest: Packed<f64>,
    /// The number of joint outcomes.
    joint: usize,
}

/// `samples` outcomes of each row without replacement, each by the inverse distribution function of
/// those that are left.
pub(super) fn without_replacement<E: Real>(
    theta: &Packed<E>,
    dims: Dims,
    samples: usize,
    order: Order,
    noise: &mut Noise,
) -> Chosen {
    rowwise! {
        fn choose(uniforms => left, indices, p) {
            for s in 0..indices.len() {
                (indices[s], p[s]) = draw(left, indices[0], uniforms[s]);
            }
        }
    }
    let uniforms = noise.uniforms(dims.batch, samples);
    let mut chosen = choose_from(theta, dims, samples, |left, indices, p| {
        choose(&uniforms, left, indices, p);
    });
    if order == Order::Lexicographic {
        sort(&mut chosen.indices, &mut chosen.p);
    }
    chosen
}

/// The most probable outcomes, and finally one drawn from the rest.
pub(super) fn most_probable<E: Real>(
    theta: &Packed<E>,
    dims: Dims,
    samples: usize,
    noise: &mut Noise,
) -> Chosen {
    rowwise! {
        fn choose(uniform; nearly => left, indices, p) {
            let last = indices.len() - 1;
            for s in 0..last {
                // Products in another order differ by rounding, and still are ties.
                let threshold = rows::max(left) * nearly;
                let mut index = V::zero();
                for j in (0..left.len()).rev() {
                    let is_below = left[j].less(threshold);
                    index = V::select(is_below, index, V::splat(E::of(j as f64)));
                }
                index = V::select(threshold.equal(V::zero()), indices[0], index);
                (indices[s], p[s]) = (index, take(left, index));
            }
            (indices[last], p[last]) = draw(left, indices[0], uniform[0]);
        }
    }
    let uniform = noise.uniforms(dims.batch, 1);
    choose_from(theta, dims, samples, |left, indices, p| {
        choose(&uniform, 1.0 - 1e-12, left, indices, p);
    })
}

fn choose_from<E: Real>(
    theta: &Packed<E>,
    dims: Dims,
    samples: usize,
    choose: impl Fn(&mut Packed<f64>, &mut Packed<f64>, &mut Packed<f64>),
) -> Chosen {
    rowwise! {
        fn add_up(left => rest) {
            rest[0] = rows::sum(left);
        }
    }
    let mut left = joint(theta, dims);
    let zeros = |columns| Packed::zeros(dims.batch, columns);
    let (mut indices, mut p, mut rest) = (zeros(samples), zeros(samples), zeros(1));
    choose(&mut left, &mut indices, &mut p);
    add_up(&left, &mut rest);
    Chosen { indices, p, rest, joint: left.columns() }
}

/// The probability of every joint outcome of each row, [B, Kᴸ].
fn joint<E: Real>(theta: &Packed<E>, dims: Dims) -> Packed<f64> {
    rowwise! {
        fn grow(joint, p => grown) {
            for j in 0..joint.len() {
                for k in 0..p.len() {
                    grown[j * p.len() + k] = joint[j] * p[k];
                }
            }
        }
    }
    let p = rows::softmax(&theta.cast(), 1.0);
    let mut joint = p.strided_rows(dims.latents, 0);
    for latent in 1..dims.latents {
        let mut grown = Packed::scratch(dims.batch, joint.columns() * dims.categories);
        grow(&joint, &p.strided_rows(dims.latents, latent), &mut grown);
        joint = grown;
    }
    joint
}

/// Draws one of those left, and removes it: its index and its probability. If nothing is left, returns
/// `first`.
#[inline(always)]
fn draw<E: Real, V: Lanes<E>>(left: &mut [V], first: V, uniform: V) -> (V, V) {
    let total = rows::sum(left);
    let drawn = rows::categorical_row(left, uniform * total);
    let index = V::select(total.equal(V::zero()), first, drawn);
    (index, take(left, index))
}

/// The probability at an index, which becomes 0.
#[inline(always)]
fn take<E: Real, V: Lanes<E>>(left: &mut [V], index: V) -> V {
    let mut taken = V::zero();
    for (j, left) in left.iter_mut().enumerate() {
        let is_here = index.equal(V::splat(E::of(j as f64)));
        taken = V::select(is_here, *left, taken);
        *left = V::select(is_here, V::zero(), *left);
    }
    taken
}

/// Sorts each row's indices in ascending order, and `p` with them, by an odd–even transposition sort.
fn sort(indices: &mut Packed<f64>, p: &mut Packed<f64>) {
    rowwise! {
        fn exchange(=> indices, p) {
            for round in 0..indices.len() {
                for i in (round % 2 + 1..indices.len()).step_by(2) {
                    let is_less = indices[i].less(indices[i - 1]);
                    let (low, high) = (indices[i - 1], indices[i]);
                    indices[i - 1] = V::select(is_less, high, low);
                    indices[i] = V::select(is_less, low, high);
                    let (low, high) = (p[i - 1], p[i]);
                    p[i - 1] = V::select(is_less, high, low);
                    p[i] = V::select(is_less, low, high);
                }
            }
        }
    }
    exchange(indices, p);
}

impl Chosen {
    /// The categories of each outcome, [B·L, S].
    pub(super) fn categories(&self, dims: Dims) -> Packed<f64> {
        if dims.latents == 1 {
            return self.indices.clone();
        }
        let digits = digits(dims, self.joint);
        let mut categories = Packed::zeros(dims.rows(), self.indices.columns());
        for row in 0..dims.batch {
            for s in 0..self.indices.columns() {
                let index = self.indices.get(row, s) as usize;
                let digits = &digits[index * dims.latents..][..dims.latents];
                for (latent, &digit) in digits.iter().enumerate() {
                    categories.set(row * dims.latents + latent, s, digit);
                }
            }
        }
        categories
    }
}

/// The categories of every joint outcome, [Kᴸ][L].
fn digits(dims: Dims, outcomes: usize) -> Vec<f64> {
    let mut digits = vec![0.0; outcomes * dims.latents];
    for (index, digits) in digits.chunks_exact_mut(dims.latents).enumerate() {
        let mut index = index;
        for digit in digits.iter_mut().rev() {
            *digit = (index % dims.categories) as f64;
            index /= dims.categories;
        }
    }
    digits
}
