//! What keeps experts equally busy.

use dfdx::prelude::Tape;
use kernels::tape::{Node, Recording, record};
use kernels::{Packed, Real, rows, rowwise};

/// The share of rows whose largest logit is that of each expert, \[K\].
pub(super) fn loads<E: Real>(logits: &Packed<E>) -> Vec<f64> {
    let mut loads = vec![0.0; logits.columns()];
    let share = 1.0 / logits.rows() as f64;
    rows::argmax(logits).to_columns().iter().for_each(|k| loads[k.widen() as usize] += share);
    loads
}

/// w K Σ_k f_k p_k + z (ln Σ_k exp θ_k)² of each row of logits θ ([B, K]), [B, 1], where f are the loads of the
/// batch, \[K\], which count as constants. The gradient of its mean reaches the logits by the tape.
pub(super) fn penalty<E: Real>(
    logits: &Node<E>,
    loads: &[f64],
    [balance, z]: [f64; 2],
    tape: &mut Recording<E>,
) -> Packed<E> {
    rowwise! {
        fn of_rows(theta, f; weight, z, share => penalty, slopes) {
            let top = rows::max(theta);
            let mut sum = V::zero();
            for k in 0..theta.len() {
                slopes[k] = (theta[k] - top).exp();
                sum += slopes[k];
            }
            let mut busy = V::zero();
            for k in 0..theta.len() {
                slopes[k] = slopes[k] / sum;
                busy = slopes[k].mul_add(f[k], busy);
            }
            let log_sum = top + sum.ln();
            penalty[0] = weight * busy + z * log_sum * log_sum;
            for k in 0..theta.len() {
                slopes[k] = share * slopes[k] * (weight * (f[k] - busy) + (z + z) * log_sum);
            }
        }
    }
    let theta = logits.numbers();
    let (batch, experts) = (theta.rows(), theta.columns());
    let loads: Vec<E> = loads.iter().map(|&load| E::of(load)).collect();
    let loads = Packed::pack(&loads.repeat(batch), experts);
    let mut penalty = Packed::scratch(batch, 1);
    let mut slopes = Packed::scratch(batch, experts);
    let weight = E::of(balance * experts as f64);
    let share = E::of(1.0 / batch as f64);
    of_rows(theta, &loads, weight, E::of(z), share, &mut penalty, &mut slopes);
    let logits = logits.clone();
    tape.add_backward_op(move |_| {
        logits.add(slopes);
        Ok(())
    });
    penalty
}

/// θ + b of logits θ ([B, K]) and a bias b of each expert, which has no gradient.
pub(super) fn add_bias<E: Real>(logits: &Node<E>, bias: &[E], tape: &mut Recording<E>) -> Node<E> {
    let mut biased = Packed::pack(&bias.repeat(logits.rows()), bias.len());
    biased.add(logits.numbers());
    let logits = logits.clone();
    record(tape, biased, move |gradient| logits.add(gradient))
}

/// b_k + u sign(1/K − load of k).
pub(super) fn moved_bias<E: Real>(bias: &[E], loads: &[f64], rate: f64) -> Vec<E> {
    let mean = 1.0 / bias.len() as f64;
    // Loads are sums of shares of rows, so that the mean is met up to rounding.
    let is_mean = |load: f64| (load - mean).abs() < 1e-9;
    let step = |load: f64| match load {
        load if is_mean(load) => 0.0,
        load if load < mean => rate,
        _ => -rate,
    };
    bias.iter().zip(loads).map(|(&b, &load)| b + E::of(step(load))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use dfdx::prelude::Backward;
    use kernels::tape::{Weights, weigh};

    const LOGITS: [f64; 9] = [0.3, -0.2, 0.9, 1.0, 0.4, -0.5, 0.2, 0.1, 0.7];

    fn mean_penalty(logits: &[f64], weights: [f64; 2]) -> (f64, Vec<f64>) {
        let (node, mut tape) = (Node::new(Packed::pack(logits, 3)), Recording::default());
        let penalty = penalty(&node, &loads(&node), weights, &mut tape);
        let zero = Node::new(Packed::filled(1, 1, 0.0));
        weigh(tape, zero, Weights::Mean).unwrap().backward();
        (penalty.total() / penalty.rows() as f64, node.take().unwrap().unpack())
    }

    /// By hand: the loads are 1/3, 0 and 2/3.
    #[test]
    fn the_auxiliary_loss_and_the_z_loss_of_three_rows() {
        let (mut expected, mut squares) = (0.0, 0.0);
        for row in LOGITS.chunks(3) {
            let sum: f64 = row.iter().map(|x| x.exp()).sum();
            expected += 3.0 * (row[0].exp() / 3.0 + row[2].exp() * 2.0 / 3.0) / sum / 3.0;
            squares += sum.ln().powi(2) / 3.0;
        }
        assert!((mean_penalty(&LOGITS, [1.0, 0.0]).0 - expected).abs() < 1e-12);
        assert!((mean_penalty(&LOGITS, [0.0, 1.0]).0 - squares).abs() < 1e-12);
        // 1 if all experts are as busy and as probable.
        let even = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0];
        assert!((mean_penalty(&even, [1.0, 0.0]).0 - 1.0).abs() < 1e-12);
    }

    #[test]
    fn the_gradient_is_that_of_the_mean_penalty() {
        for weights in [[0.7, 0.0], [0.0, 0.3], [0.7, 0.3]] {
            let gradient = mean_penalty(&LOGITS, weights).1;
            for (i, g) in gradient.into_iter().enumerate() {
                let at = |step: f64| {
                    let mut moved = LOGITS;
                    moved[i] += step;
                    mean_penalty(&moved, weights).0
                };
                let slope = (at(1e-5) - at(-1e-5)) / 2e-5;
                assert!((g - slope).abs() < 1e-9, "{i}: {g} for {slope}");
            }
        }
    }
}
