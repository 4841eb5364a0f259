//! What every classifier has: entropy, the most probable categories, and a divergence.

use kernels::tape::{Node, Recording, record};
use kernels::{Packed, Real, rows, rowwise};
use std::rc::Rc;

/// Mean entropy in nats of the distributions that rows of logits stand for ([rows, K]).
pub fn entropy(logits: &Packed<f32>) -> f64 {
    rowwise! {
        /// −Σ_k p_k ln p_k
        fn entropies(log_p => entropy) {
            entropy[0] = V::zero();
            for &log_p in log_p {
                let p = log_p.exp();
                entropy[0] += rows::unless_zero(p, -(p * log_p));
            }
        }
    }
    let log_p = rows::log_softmax(logits, 1.0);
    let mut entropy = Packed::scratch(logits.rows(), 1);
    entropies(&log_p, &mut entropy);
    entropy.total() / logits.rows() as f64
}

/// Σ_n Σ_k p_nk ln(K p_nk) of each row of a batch, [B, 1]: the divergence of its L distributions
/// ([B·L, K]) from the uniform one, which is L ln K − Σ_n H(p_n).
///
/// The gradient of `weight` times its mean over the batch reaches the logits by the tape, beside
/// whatever else the tape is run for.
pub fn divergence_from_uniform<E: Real>(
    logits: &Node<E>,
    latents: usize,
    weight: f64,
    tape: &mut Recording<E>,
) -> Packed<E> {
    rowwise! {
        /// Of one latent, and p_k (ln p_k − Σ_j p_j ln p_j).
        fn of_latents(log_p; log_categories, share => divergence, slopes) {
            let mut negative_entropy = V::zero();
            for k in 0..log_p.len() {
                slopes[k] = log_p[k].exp();
                negative_entropy += rows::unless_zero(slopes[k], slopes[k] * log_p[k]);
            }
            for k in 0..log_p.len() {
                let p = slopes[k] * share;
                slopes[k] = rows::unless_zero(p, p * (log_p[k] - negative_entropy));
            }
            divergence[0] = negative_entropy + log_categories;
        }
    }
    let (theta, batch) = (logits.numbers(), logits.numbers().rows() / latents);
    let log_p = rows::log_softmax(theta, E::ONE);
    let mut divergence = Packed::scratch(theta.rows(), 1);
    let mut slopes = Packed::scratch(theta.rows(), theta.columns());
    let log_categories = E::of((theta.columns() as f64).ln());
    let share = E::of(weight / batch as f64);
    of_latents(&log_p, log_categories, share, &mut divergence, &mut slopes);
    let logits = logits.clone();
    dfdx::prelude::Tape::add_backward_op(tape, move |_| {
        logits.add(slopes);
        Ok(())
    });
    divergence.sum_rows(latents)
}

/// −ln p_t of each row of logits ([rows, K]) at its true category t ([rows, 1]): [rows, 1].
pub(crate) fn cross_entropy<E: Real>(
    tape: &mut Recording<E>,
    logits: &Node<E>,
    truth: Rc<Packed<E>>,
) -> Node<E> {
    rowwise! {
        fn negate(x => y) {
            y[0] = -x[0];
        }
    }
    rowwise! {
        /// g (p_k − [k = t])
        fn slopes(log_p, truth, g => slope) {
            for k in 0..log_p.len() {
                slope[k] = g[0] * (log_p[k].exp() - rows::one_hot(truth[0], k));
            }
        }
    }
    let log_p = rows::log_softmax(logits.numbers(), E::ONE);
    let mut losses = Packed::scratch(log_p.rows(), 1);
    negate(&rows::gather(&log_p, &truth), &mut losses);
    let logits = logits.clone();
    record(tape, losses, move |gradient| {
        let mut slope = Packed::scratch(log_p.rows(), log_p.columns());
        slopes(&log_p, &truth, &gradient, &mut slope);
        logits.add(slope);
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use dfdx::prelude::Backward;
    use kernels::tape::{Weights, weigh};

    #[test]
    fn entropies_of_known_distributions() {
        let uniform = Packed::pack(&[0.3f32, 0.3, 0.3, -1.0, -1.0, -1.0], 3);
        assert!((entropy(&uniform) - 3f64.ln()).abs() < 1e-6);
        // A masked category has probability 0.
        let masked = Packed::pack(&[0.0f32, f32::NEG_INFINITY, 0.0], 3);
        assert!((entropy(&masked) - 2f64.ln()).abs() < 1e-6);
        let certain = Packed::pack(&[0.0f32, 100.0], 2);
        assert!(entropy(&certain).abs() < 1e-6);
    }

    fn divergence(logits: &[f64], latents: usize, weight: f64) -> (Vec<f64>, Vec<f64>) {
        let mut tape = Recording::default();
        let logits = Node::new(Packed::pack(logits, 3));
        let divergence = divergence_from_uniform(&logits, latents, weight, &mut tape).unpack();
        let losses = Node::new(Packed::filled(1, 1, 0.0));
        weigh(tape, losses, Weights::Mean).unwrap().backward();
        (divergence, logits.take().unwrap().unpack())
    }

    /// A masked category has no part in the divergence.
    #[test]
    fn the_divergence_of_masked_and_equal_logits() {
        let masked = f64::NEG_INFINITY;
        let (divergence, gradient) = divergence(&[0.0, 0.0, masked, 0.3, 0.3, 0.3], 1, 1.0);
        assert!((divergence[0] - 1.5f64.ln()).abs() < 1e-14 && divergence[1].abs() < 1e-14);
        assert!(gradient.iter().all(|g| g.abs() < 1e-14), "{gradient:?}");
    }

    #[test]
    fn the_gradient_is_that_of_the_weighted_mean() {
        let logits = [0.5, -1.0, 0.2, 2.0, 0.1, 0.0, -0.3, 0.4, 0.9, 0.0, 0.0, 1.0];
        let weighted_mean = |logits: &[f64]| {
            let rows = divergence(logits, 2, 0.7).0;
            0.7 * rows.iter().sum::<f64>() / rows.len() as f64
        };
        let (rows, gradient) = divergence(&logits, 2, 0.7);
        assert_eq!(rows.len(), 2);
        for (i, g) in gradient.into_iter().enumerate() {
            let at = |step: f64| {
                let mut moved = logits;
                moved[i] += step;
                weighted_mean(&moved)
            };
            let slope = (at(1e-5) - at(-1e-5)) / 2e-5;
            assert!((g - slope).abs() < 1e-9, "{i}: {g} for {slope}");
        }
    }

    /// −ln p of the true category, and its slope, of rows that each have a weight of their own.
    #[test]
    fn cross_entropies_and_their_gradient() {
        let logits = [0.5, -1.0, 0.2, 2.0, 0.1, 0.0];
        let (truth, weights) = (Rc::new(Packed::pack(&[2.0, 0.0], 1)), [0.3, -2.0]);
        let losses = |logits: &[f64]| -> Vec<f64> {
            let of =
                |(row, t): (&[f64], usize)| row.iter().map(|x| x.exp()).sum::<f64>().ln() - row[t];
            logits.chunks(3).zip([2, 0]).map(of).collect()
        };
        let weighted = |logits: &[f64]| -> f64 {
            losses(logits).iter().zip(weights).map(|(loss, weight)| loss * weight).sum()
        };
        let (node, mut tape) = (Node::new(Packed::pack(&logits, 3)), Recording::default());
        let found = cross_entropy(&mut tape, &node, truth);
        for (found, loss) in found.numbers().unpack().into_iter().zip(losses(&logits)) {
            assert!((found - loss).abs() < 1e-12, "{found} for {loss}");
        }
        let weights = Weights::Each(Packed::pack(&weights, 1));
        weigh(tape, found, weights).unwrap().backward();
        for (i, g) in node.take().unwrap().unpack().into_iter().enumerate() {
            let at = |step: f64| {
                let mut moved = logits;
                moved[i] += step;
                weighted(&moved)
            };
            let slope = (at(1e-5) - at(-1e-5)) / 2e-5;
            assert!((g - slope).abs() < 1e-9, "{i}: {g} for {slope}");
        }
    }
}
