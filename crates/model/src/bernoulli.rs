//! The cross-entropy of bits, or of probabilities, that a network predicts by their logits.

use kernels::tape::{Node, Recording, record};
use kernels::{Packed, Real, rowwise};

/// Σ_i [max(o_i, 0) − o_i x_i + ln(1 + e^{−|o_i|})] of S samples of B rows of logits o ([S·B, n], sample
/// after sample), for the same targets x ([B, n], from 0 to 1): [B, S].
pub(crate) fn losses<E: Real>(
    tape: &mut Recording<E>,
    logits: Node<E>,
    targets: &Packed<E>,
    samples: usize,
) -> Node<E> {
    let repeated = (samples > 1).then(|| targets.repeat(samples));
    let (losses, slopes) = cross_entropy(logits.numbers(), repeated.as_ref().unwrap_or(targets));
    let losses = Packed::from_columns(&losses.unpack(), targets.rows());
    record(tape, losses, move |gradient| {
        rowwise! {
            fn scale(g => slopes) {
                for slope in slopes {
                    *slope = g[0] * *slope;
                }
            }
        }
        let each = Packed::pack(&gradient.to_columns(), 1);
        let mut slopes = slopes;
        scale(&each, &mut slopes);
        logits.add(slopes);
    })
}

/// Numbers whose factors are multiplied before one logarithm is taken of them all: each is between 1
/// and 2, and so many leave the product within any format.
const FACTORS: usize = 32;

/// The cross-entropy of rows of logits and targets, [rows, 1], and its derivative for each logit,
/// σ(o) − x.
pub(crate) fn cross_entropy<E: Real>(
    logits: &Packed<E>,
    targets: &Packed<E>,
) -> (Packed<E>, Packed<E>) {
    rowwise! {
        fn of_rows(logits, targets => loss, slopes) {
            let one = V::splat(E::ONE);
            loss[0] = V::zero();
            let mut first = 0;
            while first < logits.len() {
                let last = logits.len().min(first + FACTORS);
                let (mut linear, mut product) = (V::zero(), one);
                for i in first..last {
                    let (o, x) = (logits[i], targets[i]);
                    let e = (-o.abs()).exp();
                    let sum = one + e;
                    linear += o.max(V::zero()) - o * x;
                    product = product * sum;
                    // σ(o) = 1/(1 + e⁻ᵒ), or eᵒ/(1 + eᵒ) of a negative logit
                    let above = V::select(o.less(V::zero()), e, one);
                    slopes[i] = above / sum - x;
                }
                loss[0] += linear + product.ln();
                first = last;
            }
        }
    }
    let mut losses = Packed::scratch(logits.rows(), 1);
    let mut slopes = Packed::scratch(logits.rows(), logits.columns());
    of_rows(logits, targets, &mut losses, &mut slopes);
    (losses, slopes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Logits far out have a loss that is linear in them, and no slope that is not finite.
    #[test]
    fn extreme_logits_have_finite_losses() {
        let logits = Packed::pack(&[1e4f32, -1e4, 0.0, -200.0, 90.0, 1e-30], 6);
        let targets = Packed::pack(&[1.0f32, 0.0, 1.0, 1.0, 0.0, 0.5], 6);
        let (losses, slopes) = cross_entropy(&logits, &targets);
        let expected = 2.0 * 2f32.ln() + 290.0;
        assert!((losses.get(0, 0) - expected).abs() < 1e-4, "{}", losses.get(0, 0));
        for (slope, expected) in slopes.unpack().into_iter().zip([0.0, 0.0, -0.5, -1.0, 1.0, 0.0]) {
            assert!((slope - expected).abs() < 1e-6, "{slope}");
        }
    }
}
