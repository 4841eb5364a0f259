//! Laplacian systems: L y = u, where (L y)_i = Σ_j w_ij (y_i − y_j) for weights w_ij = w_ji ≥ 0.

use kernels::Real;
use kernels::simd::Lanes;

/// Solves L y = u in every lane, for Σ u = 0. On entry `y` is u, [K], and `weights` has the w_ij with
/// i < j in row i, [K, K]; what is below is not read.
///
/// Constants are the null space of L. The last node that has a weight gets 0, and so do nodes without
/// weights, whose u must be 0.
///
/// This is Gaussian elimination as Grassmann, Taksar & Heyman 1985 do it for Markov chains: a pivot is the
/// sum of the weights that are left, and never a difference. No weight loses digits, however small it is
/// beside others.
#[inline(always)]
pub(crate) fn solve<E: Real, V: Lanes<E>>(weights: &mut [V], y: &mut [V]) {
    let n = y.len();
    for k in 0..n {
        eliminate(weights, y, k);
    }
    for k in (0..n).rev() {
        let row = &weights[k * n..][..n];
        let mut sum = y[k];
        for j in k + 1..n {
            sum = row[j].mul_add(y[j], sum);
        }
        y[k] = sum * row[k];
    }
}

/// Replaces node k by weights between its neighbors: w_ij += w_ik w_kj / Σ_j w_kj. The inverse of that sum
/// is left in the diagonal.
#[inline(always)]
fn eliminate<E: Real, V: Lanes<E>>(weights: &mut [V], y: &mut [V], k: usize) {
    let n = y.len();
    let (above, below) = weights.split_at_mut((k + 1) * n);
    let row = &mut above[k * n..];
    let mut degree = V::zero();
    for &weight in &row[k + 1..] {
        degree += weight;
    }
    let has_weights = V::zero().less(degree);
    let inverse = V::select(has_weights, V::splat(E::ONE) / degree, V::zero());
    row[k] = inverse;
    for i in k + 1..n {
        let share = row[i] * inverse;
        y[i] = share.mul_add(y[k], y[i]);
        let other = &mut below[(i - k - 1) * n..][..n];
        for j in i + 1..n {
            other[j] = share.mul_add(row[j], other[j]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernels::Packed;
    use kernels::simd::{Kernel, run};

    /// The weights and u of one system in every lane.
    struct Solve<'a>(&'a mut Packed<f64>, &'a mut Packed<f64>);

    impl Kernel<f64> for Solve<'_> {
        type Output = ();
        #[inline(always)]
        fn run<V: Lanes<f64>>(self) {
            solve(self.0.block_mut::<V>(0), self.1.block_mut::<V>(0));
        }
    }

    fn solved(weights: &[f64], u: &[f64]) -> Vec<f64> {
        let mut weights = Packed::pack(weights, weights.len());
        let mut y = Packed::pack(u, u.len());
        run(Solve(&mut weights, &mut y));
        y.unpack()
    }

    #[test]
    fn differences_are_those_of_the_system() {
        let (a, b, c) = (2.0, 0.5, 3.0);
        // w₀₁ = a, w₀₂ = b, w₁₂ = c
        let y = solved(&[9.0, a, b, 9.0, 9.0, c, 9.0, 9.0, 9.0], &[1.0, -3.0, 2.0]);
        assert_eq!(y[2], 0.0);
        let (first, second) = ((a + b) * y[0] - a * y[1], (a + c) * y[1] - a * y[0]);
        assert!((first - 1.0).abs() < 1e-14 && (second + 3.0).abs() < 1e-14, "{y:?}");
    }

    #[test]
    fn tiny_weights_keep_their_digits() {
        // A chain whose weights differ by 24 orders of magnitude.
        let y = solved(&[0.0, 1e-12, 0.0, 0.0, 0.0, 1e12, 0.0, 0.0, 0.0], &[1.0, 0.0, -1.0]);
        assert!((y[0] - y[1] - 1e12).abs() < 1e-3 && (y[1] - 1e-12).abs() < 1e-26, "{y:?}");
    }

    #[test]
    fn a_node_without_weights_gets_0() {
        let y = solved(&[0.0, 0.0, 2.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0], &[1.0, 0.0, -1.0]);
        assert_eq!(y, [0.5, 0.0, 0.0]);
    }
}
