//! Estimators of routers: the output of the picked category is scaled by a gate, and the derivative for the
//! gate is all that they ask of the loss.

use crate::Surrogate;
use crate::mechanisms::categorical::Categorical;
use crate::mechanisms::score::row_means;
use crate::{Choice, Dims, Objective, Result};
use kernels::tape::{Node, Recording, Weights, choose, weigh};
use kernels::{Packed, Real, rows, rowwise};
use std::rc::Rc;

/// The gates p_D of picks D ([B·L, 1]) as weights of all categories, [B·L, K], 0 for the others, with the gradient
/// Σ_k g_k ∇p_k for all: p are the probabilities of picks. With the dimensions and the tape.
pub(crate) fn gate_weights<E: Real>(
    categorical: Categorical<E>,
    p: &Rc<Packed<E>>,
    picks: &Packed<E>,
) -> (Node<E>, Dims, Recording<E>) {
    rowwise! {
        fn scale(p => points) {
            for k in 0..p.len() {
                points[k] = points[k] * p[k];
            }
        }
    }
    rowwise! {
        fn add_product(p, g => v) {
            rows::add_jacobian_product(p, g, V::splat(E::ONE), v);
        }
    }
    let mut weights = rows::one_hots(picks, p.columns());
    let p = categorical.gates_of(p);
    scale(&p, &mut weights);
    let logits = categorical.of_gates().clone();
    let Categorical { dims, mut tape, .. } = categorical;
    let weights = choose(&mut tape, &logits, weights, move |g, v| add_product(&p, g, v));
    (weights, dims, tape)
}

/// The surrogate at picks D ([B·L, 1]) whose outputs are scaled by m = c p_D, with the gradient w F_D′(m) ∇p_D:
/// p are the gates ([B·L, K]; [`Categorical::gates_of`]), c numbers of the picks ([B·L, 1]), F_D the loss as a function of the gate.
///
/// # Errors
/// If the objective fails.
pub(crate) fn through_gate<E: Real>(
    categorical: Categorical<E>,
    p: Rc<Packed<E>>,
    picks: Rc<Packed<E>>,
    factors: &Packed<E>,
    weight: E,
    objective: &dyn Objective<E>,
) -> Result<Surrogate<E>> {
    rowwise! {
        fn scale(factors => gates) {
            gates[0] = gates[0] * factors[0];
        }
    }
    rowwise! {
        /// v_k += w F′ p_D ([k = D] − p_k)
        fn add_slopes(p, chosen, picks, slope; weight => v) {
            let of_gate = weight * slope[0] * chosen[0];
            for k in 0..p.len() {
                v[k] += of_gate * (rows::one_hot(picks[0], k) - p[k]);
            }
        }
    }
    let logits = categorical.of_gates().clone();
    let Categorical { dims, mut tape, .. } = categorical;
    let chosen = rows::gather(&p, &picks);
    let mut gates = chosen.clone();
    scale(factors, &mut gates);
    let of_slopes = Rc::clone(&picks);
    let gates = choose(&mut tape, &logits, gates, move |slope, v| {
        add_slopes(&p, &chosen, &of_slopes, slope, weight, v);
    });
    let losses = objective.loss(Choice::gated(picks, gates, dims, tape))?;
    let (node, tape) = losses.into_node();
    let losses = row_means(&node);
    Ok(Surrogate { scalar: weigh(tape, node, Weights::Mean)?, losses })
}

/// θ with −∞ for categories k with (max_j x_j − x_k)/max(|x_k|, max_j x_j) > 2ε, from logits x: those that
/// logits times random numbers between 1 − ε and 1 + ε cannot pick, if logits are positive.
pub(crate) fn mask_by_ratio<E: Real>(
    theta: &Packed<E>,
    logits: &Packed<E>,
    epsilon: E,
) -> Packed<E> {
    rowwise! {
        fn mask(theta, logits; threshold => masked) {
            let top = rows::max(logits);
            for k in 0..theta.len() {
                let x = logits[k];
                let ratio = (top - x) / x.abs().max(top);
                let is_far = threshold.less(ratio);
                masked[k] = V::select(is_far, V::splat(E::NEGATIVE_INFINITY), theta[k]);
            }
        }
    }
    let mut masked = Packed::scratch(theta.rows(), theta.columns());
    mask(theta, logits, epsilon + epsilon, &mut masked);
    masked
}

/// A factor for each pick ([B·L, 1]): 1 with probability `chance`, else `otherwise`; always 1 where the pick is
/// the most probable category, if that is an exception.
pub(crate) fn random_factors<E: Real>(
    theta: &Packed<E>,
    picks: &Packed<E>,
    (chance, otherwise): (E, E),
    argmax_exception: bool,
    uniforms: Packed<E>,
) -> Packed<E> {
    rowwise! {
        fn draw(theta, picks; chance, otherwise, exception => factors) {
            let one = V::splat(E::ONE);
            let is_one = factors[0].less(chance);
            factors[0] = V::select(is_one, one, otherwise);
            let is_top = rows::argmax_row(theta).equal(picks[0]);
            let at_top = V::select(is_top, exception, V::zero());
            factors[0] = V::select(V::zero().less(at_top), one, factors[0]);
        }
    }
    let mut factors = uniforms;
    let exception = if argmax_exception { E::ONE } else { E::ZERO };
    draw(theta, picks, chance, otherwise, exception, &mut factors);
    factors
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn far_categories_are_masked() {
        const MASKED: f64 = f64::NEG_INFINITY;
        // 0.8/2 and 0.3/2 of the first row; 1/2 and 0 of the second; a mask and zeros.
        let logits = Packed::pack(&[2.0, 1.2, 1.7, -1.0, -2.0, -1.0, MASKED, 0.0, 0.0], 3);
        let theta = crate::mechanisms::opening::open(&logits).expect("logits");
        let masked = mask_by_ratio(&theta, &logits, 0.1).unpack();
        let is_masked: Vec<bool> = masked.iter().map(|x| *x == MASKED).collect();
        assert_eq!(is_masked, [false, true, false, false, true, false, true, false, false]);
    }

    #[test]
    fn factors_are_1_or_the_other_number() {
        let theta = Packed::pack(&[0.0, -1.0].repeat(4), 2);
        let picks = Packed::pack(&[0.0, 0.0, 1.0, 1.0], 1);
        let of = |exception: bool| {
            let uniforms = Packed::pack(&[0.2, 0.7, 0.2, 0.7], 1);
            random_factors(&theta, &picks, (0.5, 0.25), exception, uniforms).unpack()
        };
        assert_eq!((of(false), of(true)), (vec![1.0, 0.25, 1.0, 0.25], vec![1.0, 1.0, 1.0, 0.25]));
    }
}
