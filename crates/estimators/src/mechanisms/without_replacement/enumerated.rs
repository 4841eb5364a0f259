//! Subsets chosen from the list of all joint outcomes, sixteen rows at a time.

use super::Order;
use crate::Dims;
use kernels::simd::Lanes;
use kernels::{Noise, Packed, Real, rows, rowwise};

/// Joint outcomes by their place in the lexicographic list of all: [B, S] each.
pub(super) struct Chosen {
    places: Packed<f64>,
    pub(super) p: Packed<f64>,
    /// The probability of all others, [B, 1].
    pub(super) rest: Packed<f64>,
    /// Joint outcomes that there are.
    joint: usize,
}

/// `samples` outcomes a row without replacement, each by the inverse of the distribution function of
/// what is left.
pub(super) fn without_replacement<E: Real>(
    theta: &Packed<E>,
    dims: Dims,
    samples: usize,
    order: Order,
    noise: &mut Noise,
) -> Chosen {
    rowwise! {
        fn choose(uniforms => left, places, p) {
            for s in 0..places.len() {
                (places[s], p[s]) = draw(left, places[0], uniforms[s]);
            }
        }
    }
    let uniforms = noise.uniforms(dims.batch, samples);
    let mut chosen = choose_from(theta, dims, samples, |left, places, p| {
        choose(&uniforms, left, places, p);
    });
    if order == Order::Lexicographic {
        sort(&mut chosen.places, &mut chosen.p);
    }
    chosen
}

/// The most probable outcomes, and last one drawn from the rest.
pub(super) fn most_probable<E: Real>(
    theta: &Packed<E>,
    dims: Dims,
    samples: usize,
    noise: &mut Noise,
) -> Chosen {
    rowwise! {
        fn choose(uniform; nearly => left, places, p) {
            let last = places.len() - 1;
            for s in 0..last {
                // Equal up to rounding is equal: the order of latents must not decide.
                let threshold = rows::max(left) * nearly;
                let mut place = V::zero();
                for j in (0..left.len()).rev() {
                    let is_below = left[j].less(threshold);
                    place = V::select(is_below, place, V::splat(E::of(j as f64)));
                }
                place = V::select(threshold.equal(V::zero()), places[0], place);
                (places[s], p[s]) = (place, take(left, place));
            }
            (places[last], p[last]) = draw(left, places[0], uniform[0]);
        }
    }
    let uniform = noise.uniforms(dims.batch, 1);
    choose_from(theta, dims, samples, |left, places, p| {
        choose(&uniform, 1.0 - 1e-12, left, places, p);
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
    let (mut places, mut p, mut rest) = (zeros(samples), zeros(samples), zeros(1));
    choose(&mut left, &mut places, &mut p);
    add_up(&left, &mut rest);
    Chosen { places, p, rest, joint: left.columns() }
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
    let mut joint = p.every(dims.latents, 0);
    for latent in 1..dims.latents {
        let mut grown = Packed::scratch(dims.batch, joint.columns() * dims.categories);
        grow(&joint, &p.every(dims.latents, latent), &mut grown);
        joint = grown;
    }
    joint
}

/// Draws one of what is left: its place and its probability, which is taken away. Where nothing is
/// left, the first place once more.
#[inline(always)]
fn draw<E: Real, V: Lanes<E>>(left: &mut [V], first: V, uniform: V) -> (V, V) {
    let total = rows::sum(left);
    let drawn = rows::categorical_row(left, uniform * total);
    let place = V::select(total.equal(V::zero()), first, drawn);
    (place, take(left, place))
}

/// The number at a place, which becomes 0.
#[inline(always)]
fn take<E: Real, V: Lanes<E>>(left: &mut [V], place: V) -> V {
    let mut taken = V::zero();
    for (j, left) in left.iter_mut().enumerate() {
        let is_here = place.equal(V::splat(E::of(j as f64)));
        taken = V::select(is_here, *left, taken);
        *left = V::select(is_here, V::zero(), *left);
    }
    taken
}

/// Sorts each row's places, smallest first, and what belongs to them, by exchanging neighbours.
fn sort(places: &mut Packed<f64>, p: &mut Packed<f64>) {
    rowwise! {
        fn exchange(=> places, p) {
            for round in 0..places.len() {
                for i in (round % 2 + 1..places.len()).step_by(2) {
                    let is_less = places[i].less(places[i - 1]);
                    let (low, high) = (places[i - 1], places[i]);
                    places[i - 1] = V::select(is_less, high, low);
                    places[i] = V::select(is_less, low, high);
                    let (low, high) = (p[i - 1], p[i]);
                    p[i - 1] = V::select(is_less, high, low);
                    p[i] = V::select(is_less, low, high);
                }
            }
        }
    }
    exchange(places, p);
}

impl Chosen {
    /// The categories of each outcome, [B·L, S].
    pub(super) fn categories(&self, dims: Dims) -> Packed<f64> {
        if dims.latents == 1 {
            return self.places.clone();
        }
        let digits = digits(dims, self.joint);
        let mut categories = Packed::zeros(dims.rows(), self.places.columns());
        for row in 0..dims.batch {
            for s in 0..self.places.columns() {
                let place = self.places.get(row, s) as usize;
                let digits = &digits[place * dims.latents..][..dims.latents];
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
    for (place, digits) in digits.chunks_exact_mut(dims.latents).enumerate() {
        let mut place = place;
        for digit in digits.iter_mut().rev() {
            *digit = (place % dims.categories) as f64;
            place /= dims.categories;
        }
    }
    digits
}
