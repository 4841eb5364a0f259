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
    let mut first = 0;
    while first + AT_ONCE <= n {
        eliminate::<E, V, AT_ONCE>(weights, y, first);
        first += AT_ONCE;
    }
    for k in first..n {
        eliminate::<E, V, 1>(weights, y, k);
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

/// Nodes that are eliminated in one pass over the weights that are left. From about 30 nodes on these do
/// not fit into the first-level cache, and passes take longer than arithmetic.
const AT_ONCE: usize = 4;

/// Replaces P nodes from `first` on, one after the other, by weights between their neighbors:
/// w_ij += w_ik w_kj / Σ_j w_kj. The inverse of that sum is left in the diagonal.
#[inline(always)]
fn eliminate<E: Real, V: Lanes<E>, const P: usize>(weights: &mut [V], y: &mut [V], first: usize) {
    let n = y.len();
    let (above, below) = weights.split_at_mut((first + P) * n);
    let above = &mut above[first * n..];
    let mut inverses = [V::zero(); P];
    for p in 0..P {
        let (pivot, others) = above[p * n..].split_at_mut(n);
        inverses[p] = invert_degree(pivot, first + p);
        for (i, other) in (first + p + 1..n).zip(others.chunks_exact_mut(n)) {
            pass_on(y, other, i, [first + p], [&*pivot], [inverses[p]]);
        }
    }
    let pivots: [&[V]; P] = std::array::from_fn(|p| &above[p * n..][..n]);
    let nodes: [usize; P] = std::array::from_fn(|p| first + p);
    for (i, other) in (first + P..n).zip(below.chunks_exact_mut(n)) {
        pass_on(y, other, i, nodes, pivots, inverses);
    }
}

/// Leaves the inverse of a node's sum of weights in the diagonal; 0 for a node without weights.
#[inline(always)]
fn invert_degree<E: Real, V: Lanes<E>>(row: &mut [V], k: usize) -> V {
    let mut degree = V::zero();
    for &weight in &row[k + 1..] {
        degree += weight;
    }
    let has_weights = V::zero().less(degree);
    row[k] = V::select(has_weights, V::splat(E::ONE) / degree, V::zero());
    row[k]
}

/// What the neighbor i gets of nodes, given their rows and the inverses of their sums.
#[inline(always)]
fn pass_on<E: Real, V: Lanes<E>, const P: usize>(
    y: &mut [V],
    other: &mut [V],
    i: usize,
    nodes: [usize; P],
    rows: [&[V]; P],
    inverses: [V; P],
) {
    let n = other.len();
    let mut shares = [V::zero(); P];
    for p in 0..P {
        shares[p] = rows[p][i] * inverses[p];
        y[i] = shares[p].mul_add(y[nodes[p]], y[i]);
    }
    let rows = rows.map(|row| &row[..n]);
    for j in i + 1..n {
        let mut weight = other[j];
        for p in 0..P {
            weight = shares[p].mul_add(rows[p][j], weight);
        }
        other[j] = weight;
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

    /// Of any number of nodes, whether or not they are eliminated at once.
    #[test]
    fn every_size_is_solved() {
        let mut noise = kernels::Noise::named(&["tests", "laplacian"]);
        for n in 2..=13 {
            let weights: Vec<f64> = (0..n * n).map(|_| noise.uniform()).collect();
            let mut u: Vec<f64> = (0..n).map(|_| noise.uniform() - 0.5).collect();
            u[n - 1] -= u.iter().sum::<f64>();
            let y = solved(&weights, &u);
            for i in 0..n {
                let weight = |j: usize| weights[i.min(j) * n + i.max(j)];
                let others = (0..n).filter(|&j| j != i);
                let sum: f64 = others.map(|j| weight(j) * (y[i] - y[j])).sum();
                assert!((sum - u[i]).abs() < 1e-13, "{n} nodes: {sum} for {}", u[i]);
            }
        }
    }

    #[test]
    fn a_node_without_weights_gets_0() {
        let y = solved(&[0.0, 0.0, 2.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0], &[1.0, 0.0, -1.0]);
        assert_eq!(y, [0.5, 0.0, 0.0]);
    }
}
