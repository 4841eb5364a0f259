//! Sparse distributions: α-entmax and its gradient.

use kernels::simd::{Kernel, Lanes, run};
use kernels::{Packed, Real, rows, rowwise};

/// α-entmax of each row: π_k = max(0, (α − 1) θ_k − t)^{1/(α − 1)}, with t such that they sum to 1.
pub(crate) fn entmax<E: Real>(theta: &Packed<E>, alpha: f64) -> Packed<E> {
    let mut pi = Packed::scratch(theta.rows(), theta.columns());
    run(Entmax { theta, alpha, pi: &mut pi });
    pi
}

struct Entmax<'a, E: Real> {
    theta: &'a Packed<E>,
    alpha: f64,
    pi: &'a mut Packed<E>,
}

impl<E: Real> Kernel<E> for Entmax<'_, E> {
    type Output = ();
    #[inline(always)]
    fn run<V: Lanes<E>>(self) {
        let slope = V::splat(E::of(self.alpha - 1.0));
        for (theta, pi) in self.theta.blocks::<V>().zip(self.pi.blocks_mut::<V>()) {
            let top = rows::max(theta);
            // The power is chosen here, outside the loops over categories.
            if self.alpha == 2.0 {
                subtract_top(theta, top, slope, pi);
                distribute(pi, Linear);
            } else if self.alpha == 1.5 {
                subtract_top(theta, top, slope, pi);
                distribute(pi, Square);
            } else {
                subtract_top(theta, top, V::splat(E::ONE), pi);
                distribute(pi, General { slope });
            }
        }
    }
}

/// x = scale · θ − scale · max θ
#[inline(always)]
fn subtract_top<E: Real, V: Lanes<E>>(theta: &[V], top: V, scale: V, x: &mut [V]) {
    let top = top * scale;
    for k in 0..theta.len() {
        x[k] = theta[k] * scale - top;
    }
}

/// A power of a number of the support, and its derivative; both are 0 outside.
trait Power<E: Real, V: Lanes<E>>: Copy {
    fn of(self, x: V) -> (V, V);
    /// A t with which the largest x, 0, contributes 1.
    fn first(self) -> V;
}

/// x, for α = 2.
#[derive(Clone, Copy)]
struct Linear;
impl<E: Real, V: Lanes<E>> Power<E, V> for Linear {
    #[inline(always)]
    fn of(self, x: V) -> (V, V) {
        let counts = V::zero().less(x);
        (V::select(counts, x, V::zero()), V::indicator(counts))
    }
    #[inline(always)]
    fn first(self) -> V {
        -V::splat(E::ONE)
    }
}

/// x², for α = 1.5.
#[derive(Clone, Copy)]
struct Square;
impl<E: Real, V: Lanes<E>> Power<E, V> for Square {
    #[inline(always)]
    fn of(self, x: V) -> (V, V) {
        let counts = V::zero().less(x);
        (V::select(counts, x * x, V::zero()), V::select(counts, x + x, V::zero()))
    }
    #[inline(always)]
    fn first(self) -> V {
        -V::splat(E::ONE)
    }
}

/// (1 + (α − 1) x)^{1/(α − 1)} = exp(x ln(1 + z)/z) with z = (α − 1) x, which is eˣ in the limit α → 1.
/// Here x is a difference of logits that is not yet multiplied by α − 1: beside the 1, that product
/// would lose its digits.
#[derive(Clone, Copy)]
struct General<V> {
    /// α − 1
    slope: V,
}
impl<E: Real, V: Lanes<E>> Power<E, V> for General<V> {
    #[inline(always)]
    fn of(self, x: V) -> (V, V) {
        let one = V::splat(E::ONE);
        let z = self.slope * x;
        let base = one + z;
        let counts = V::zero().less(base);
        // ln(1 + z)/z depends smoothly on z, so that it may be taken at the rounded base
        // (Kahan; Goldberg 1991, theorem 4).
        let rounded = base - one;
        let is_one = rounded.equal(V::zero());
        let ratio = V::select(is_one, one, base.ln() / V::select(is_one, one, rounded));
        let power = (x * ratio).exp();
        (V::select(counts, power, V::zero()), V::select(counts, power / base, V::zero()))
    }
    #[inline(always)]
    fn first(self) -> V {
        V::zero()
    }
}

/// The largest number of steps of the search for t. Each divides the product of the sum's residual and its slope by at
/// least 4, and both are at most K at first, so `f64` needs fewer.
const MOST_STEPS: usize = 60;

/// Replaces x_k, the largest of which is 0, by the power of x_k − t.
///
/// Finds t by Newton's method. The sum is decreasing and convex in t, so steps that start where it is
/// at least 1 never overshoot. For α = 2 the sum is linear as long as the support stays the same, and
/// the result is exact. A row that has converged does not move while its neighbors go on.
#[inline(always)]
fn distribute<E: Real, V: Lanes<E>>(x: &mut [V], power: impl Power<E, V>) {
    let mut t = power.first();
    for _ in 0..MOST_STEPS {
        let (mut sum, mut slope) = (V::zero(), V::zero());
        for &x in x.iter() {
            let (share, steepness) = power.of(x - t);
            sum += share;
            slope += steepness;
        }
        let next = (t + (sum - V::splat(E::ONE)) / slope).max(t);
        let moves = V::indicator(t.less(next)).to_array();
        t = next;
        if moves.iter().all(|&moves| moves == E::ZERO) {
            break;
        }
    }
    let mut sum = V::zero();
    for x in x.iter_mut() {
        *x = power.of(*x - t).0;
        sum += *x;
    }
    let scale = V::splat(E::ONE) / sum;
    for x in x {
        *x = *x * scale;
    }
}

/// The gradient for θ from the sums π φ: u ⊙ (φ − ⟨u, φ⟩/Σu) with u = π^{2−α} on the support.
pub(crate) fn backward<E: Real>(pi: &Packed<E>, sums: &Packed<E>, alpha: f64) -> Packed<E> {
    // First u, then the gradient.
    let mut v = pi.clone();
    if alpha == 2.0 {
        ones(&mut v);
    } else if alpha == 1.5 {
        roots(&mut v);
    } else {
        powers(E::of(2.0 - alpha), &mut v);
    }
    subtract_mean(pi, sums, &mut v);
    v
}

rowwise! {
    /// 1 on the support
    fn ones(=> u) {
        for u in u {
            *u = V::indicator(V::zero().less(*u));
        }
    }
}

rowwise! {
    fn roots(=> u) {
        for u in u {
            *u = u.sqrt();
        }
    }
}

rowwise! {
    fn powers(; exponent => u) {
        for u in u {
            *u = V::select(V::zero().less(*u), (exponent * u.ln()).exp(), V::zero());
        }
    }
}

rowwise! {
    /// v ← u ⊙ (φ − ⟨u, φ⟩/Σu), where v is u at first
    fn subtract_mean(pi, sums => v) {
        let (mut total, mut mean) = (V::zero(), V::zero());
        for k in 0..pi.len() {
            total += v[k];
            mean += V::select(V::zero().less(pi[k]), v[k] * sums[k] / pi[k], V::zero());
        }
        let mean = mean / total;
        for k in 0..pi.len() {
            let g = v[k] * (sums[k] / pi[k] - mean);
            v[k] = V::select(V::zero().less(pi[k]), g, V::zero());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernels::Noise;

    #[test]
    fn sparsemax_is_a_projection() {
        let pi = entmax(&Packed::pack(&[0.5, 0.2, -1.0, 9.0, 1.0, 1.0], 3), 2.0);
        let expected: [f64; 6] = [0.65, 0.35, 0.0, 1.0, 0.0, 0.0];
        for (pi, expected) in pi.unpack().into_iter().zip(expected) {
            assert!((pi - expected).abs() < 1e-14, "{pi} {expected}");
        }
    }

    /// On the support, π^{α−1} − (α − 1) θ is constant; outside, θ is too small.
    #[test]
    fn entmax_solves_its_equation() {
        let theta = [0.9, 0.3, -0.2, -4.0];
        for alpha in [1.1, 1.5, 1.9] {
            let pi: Vec<f64> = entmax(&Packed::pack(&theta, 4), alpha).unpack();
            assert!((pi.iter().sum::<f64>() - 1.0).abs() < 1e-12);
            let threshold = |k: usize| pi[k].powf(alpha - 1.0) - (alpha - 1.0) * theta[k];
            assert!((threshold(0) - threshold(1)).abs() < 1e-9, "{alpha}: {pi:?}");
            assert!(pi[3] > 0.0 || -(alpha - 1.0) * theta[3] >= threshold(0));
        }
    }

    /// The probabilities of one row, by bisection.
    fn bisected(theta: &[f64], alpha: f64) -> Vec<f64> {
        let top = theta.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let shares = |t: f64| -> Vec<f64> {
            let above = theta.iter().map(|x| ((alpha - 1.0) * (x - top) - t).max(0.0));
            above.map(|x| x.powf(1.0 / (alpha - 1.0))).collect()
        };
        let (mut low, mut high) = (-1.0, 0.0);
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            let sum: f64 = shares(middle).iter().sum();
            if sum < 1.0 { high = middle } else { low = middle }
        }
        shares(low)
    }

    /// However near α is to 1, and whatever the precision.
    #[test]
    fn entmax_tends_to_the_softmax() {
        fn largest_difference<E: Real>(alpha: f64) -> f64 {
            let noise = &mut Noise::named(&["entmax", "softmax"]);
            let theta: Vec<E> = noise.normals(400).into_iter().map(|x| E::of(3.0 * x)).collect();
            let theta = Packed::pack(&theta, 8);
            let (pi, p) = (entmax(&theta, alpha), rows::softmax(&theta, E::ONE));
            let pairs = pi.unpack().into_iter().zip(p.unpack());
            pairs.map(|(pi, p)| (pi - p).widen().abs()).fold(0.0, f64::max)
        }
        for distance in [1e-3, 1e-5, 1e-6, 1e-7, 1e-9, 1e-12, 2e-16] {
            let (single, double) = (
                largest_difference::<f32>(1.0 + distance),
                largest_difference::<f64>(1.0 + distance),
            );
            // The difference is of the order of α − 1, times squares of logits.
            assert!(double < 4.0 * distance + 1e-14, "{double} at {distance}");
            assert!(single < 4.0 * distance + 2e-6, "{single} at {distance}");
        }
    }

    /// Many categories, equal ones, masked ones, and α near both ends.
    #[test]
    fn newton_and_bisection_agree() {
        const ROWS: usize = 40;
        let noise = &mut Noise::named(&["entmax"]);
        for k in [1, 2, 7, 300] {
            for spread in [0.0, 0.01, 1.0, 30.0] {
                let mut theta = noise.normals(ROWS * k);
                for (i, x) in theta.iter_mut().enumerate() {
                    *x = if i % 7 == 3 { (*x * 2.0).round() * spread } else { *x * spread };
                    if i % k % 5 == 4 {
                        *x = f64::NEG_INFINITY;
                    }
                }
                for alpha in [1.001, 1.02, 1.3, 1.5, 1.7, 2.0] {
                    let pi = entmax(&Packed::pack(&theta, k), alpha).unpack();
                    let single: Vec<f32> = theta.iter().map(|&x| x as f32).collect();
                    let single = entmax(&Packed::pack(&single, k), alpha).unpack();
                    let rows = pi.chunks(k).zip(single.chunks(k));
                    for (theta, (pi, single)) in theta.chunks(k).zip(rows) {
                        for ((expected, pi), single) in
                            bisected(theta, alpha).iter().zip(pi).zip(single)
                        {
                            let near = |x: f64, margin| (x - expected).abs() < margin;
                            assert!(near(*pi, 1e-12), "{alpha}, {k}: {pi} {expected}");
                            assert!(
                                near(f64::from(*single), 1e-4),
                                "{alpha}, {k}: {single} {expected}"
                            );
                        }
                    }
                }
            }
        }
    }
}
