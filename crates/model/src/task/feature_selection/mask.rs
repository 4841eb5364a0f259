//! Which features are chosen by several latents together.

use kernels::tape::{Node, Recording, record};
use kernels::{Packed, Real, rows, rowwise};

/// x_j m_j with m_j = 1 − Π_n (1 − z_nj), of features x ([rows, d]) and points z ([rows, k·d], one latent after
/// the other): [rows, d].
///
/// At one-hot points m is the union of what the latents have chosen: 1 for a feature that one of them has
/// chosen, else 0. In between it is linear in each latent, so that it is the probability that a feature is
/// chosen if latents are independent with probabilities z. L2X takes the maximum over latents, which is the
/// same at one-hot points. But where none has chosen a feature, the maximum has a slope for one of them, and
/// m has the same one for each.
pub(super) fn select<E: Real>(
    points: Node<E>,
    features: Packed<E>,
    tape: &mut Recording<E>,
) -> Node<E> {
    rowwise! {
        fn of_rows(z, x => selected) {
            let (one, d) = (V::splat(E::ONE), x.len());
            for j in 0..d {
                let mut none = one;
                for z in z.chunks_exact(d) {
                    none = none * (one - z[j]);
                }
                selected[j] = x[j] * (one - none);
            }
        }
    }
    rowwise! {
        /// ∂/∂z_nj = g_j x_j Π_{i≠n} (1 − z_ij)
        fn slopes(z, x, g => slope) {
            let (one, d) = (V::splat(E::ONE), x.len());
            for j in 0..d {
                let mut before = g[j] * x[j];
                for (z, slope) in z.chunks_exact(d).zip(slope.chunks_exact_mut(d)) {
                    slope[j] = before;
                    before = before * (one - z[j]);
                }
                let mut behind = one;
                for (z, slope) in z.chunks_exact(d).zip(slope.chunks_exact_mut(d)).rev() {
                    slope[j] = slope[j] * behind;
                    behind = behind * (one - z[j]);
                }
            }
        }
    }
    let mut selected = Packed::scratch(features.rows(), features.columns());
    of_rows(points.numbers(), &features, &mut selected);
    if !points.wants_gradient() {
        return Node::constant(selected);
    }
    record(tape, selected, move |gradient| {
        let mut slope = Packed::scratch(points.numbers().rows(), points.numbers().columns());
        slopes(points.numbers(), &features, &gradient, &mut slope);
        points.add(slope);
    })
}

/// The features that each row's latents choose at their largest logits ([B·k, d]): each feature once, in order.
pub(super) fn argmaxes(logits: &Packed<f32>, latents: usize) -> Vec<Vec<usize>> {
    let of_row = |picks: &[f32]| {
        let mut chosen: Vec<usize> = picks.iter().map(|&pick| pick as usize).collect();
        chosen.sort_unstable();
        chosen.dedup();
        chosen
    };
    rows::argmax(logits).to_columns().chunks_exact(latents).map(of_row).collect()
}

/// The k features with the largest logits of each row, where its k latents share them ([B·k, d]); the first of
/// equal ones.
pub(super) fn largest(logits: &Packed<f32>, latents: usize) -> Vec<Vec<usize>> {
    let d = logits.columns();
    let of_row = |logits: &[f32]| {
        let mut order: Vec<usize> = (0..d).collect();
        order.sort_by(|&a, &b| logits[b].total_cmp(&logits[a]));
        order.truncate(latents);
        order
    };
    logits.unpack().chunks_exact(latents * d).map(|row| of_row(&row[..d])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use dfdx::prelude::Backward;
    use kernels::Noise;
    use kernels::tape::{Weights, weigh};

    fn selected(points: &[f64], features: &[f64]) -> Vec<f64> {
        let (z, x) = (Packed::pack(points, points.len()), Packed::pack(features, features.len()));
        select(Node::constant(z), x, &mut Recording::default()).numbers().unpack()
    }

    /// One, two and three latents, which may agree.
    #[test]
    fn one_hot_points_select_their_union() {
        let x = [0.3, -2.0, 5.0, 1.0];
        let one_hot = |k: usize| (0..4).map(move |j| f64::from(u8::from(j == k)));
        for picks in [vec![2], vec![0, 3], vec![1, 1], vec![3, 0, 3]] {
            let points: Vec<f64> = picks.iter().flat_map(|&k| one_hot(k)).collect();
            let union: Vec<f64> =
                (0..4).map(|j| if picks.contains(&j) { x[j] } else { 0.0 }).collect();
            assert_eq!(selected(&points, &x), union, "{picks:?}");
        }
    }

    /// Inside the simplex it is the mean over independent choices.
    #[test]
    fn points_in_between_select_in_expectation() {
        let (p, x) = ([0.2, 0.5, 0.3, 0.6, 0.1, 0.3], [1.0, -2.0, 3.0]);
        let mut mean = [0.0; 3];
        for (a, pa) in p[..3].iter().enumerate() {
            for (b, pb) in p[3..].iter().enumerate() {
                for (j, mean) in mean.iter_mut().enumerate() {
                    *mean += if j == a || j == b { pa * pb * x[j] } else { 0.0 };
                }
            }
        }
        for (found, mean) in selected(&p, &x).into_iter().zip(mean) {
            assert!((found - mean).abs() < 1e-15, "{found} for {mean}");
        }
    }

    /// The gradient for points, at vertices and in between, against differences.
    #[test]
    fn the_gradient_for_points() {
        let x = [0.3, -2.0, 5.0];
        let uniforms: Vec<f64> =
            Noise::named(&["points"]).normals(9).iter().map(|x| x.abs() / 4.0).collect();
        for points in [uniforms, vec![1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0]] {
            let node = Node::new(Packed::pack(&points, 9));
            let mut tape = Recording::default();
            let masked = select(node.clone(), Packed::pack(&x, 3), &mut tape);
            let weights = Weights::Each(Packed::pack(&[1.0, 2.0, -0.5], 3));
            weigh(tape, masked, weights).unwrap().backward();
            let of = |points: &[f64]| {
                let y = selected(points, &x);
                y[0] + 2.0 * y[1] - 0.5 * y[2]
            };
            for (i, found) in node.take().unwrap().unpack().into_iter().enumerate() {
                let at = |step: f64| {
                    let mut moved = points.clone();
                    moved[i] += step;
                    of(&moved)
                };
                let slope = (at(1e-5) - at(-1e-5)) / 2e-5;
                assert!((found - slope).abs() < 1e-9, "{i}: {found} for {slope}");
            }
        }
    }

    /// Of two rows: what latents agree on is chosen once, and where they share logits, the next ones are, too.
    #[test]
    fn what_is_deployed() {
        let own = [
            [9.0, 0.0, 0.0, 1.0],
            [0.0, 9.0, 0.0, 2.0],
            [0.0, 3.0, 2.0, 1.0],
            [0.0, 2.0, 1.0, 0.0],
        ];
        assert_eq!(argmaxes(&Packed::pack(&own.concat(), 4), 2), [vec![0, 1], vec![1]]);
        let shared = [[-60.0, -90.0, -100.0, 40.0], [5.0, 3.0, 7.0, 1.0]];
        let shared = shared.map(|row| [row, row].concat()).concat();
        assert_eq!(largest(&Packed::pack(&shared, 4), 2), [[3, 0], [2, 0]]);
    }
}
