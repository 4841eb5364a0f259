//! The step of AIMLE: from one side of perturbed logits to the other, as long as the norm of the logits.

use crate::Dims;
use crate::mechanisms::categorical::Categorical;
use crate::mechanisms::finite_step::{add_difference, target_picks};
use kernels::{Packed, Real, rows, rowwise};
use std::cell::Cell;
use std::rc::Rc;

/// The nonzero elements of each row's estimate, [B, 1], once the backward pass has run. NaN if the
/// gradient of the row is not finite.
pub(crate) type Elements<E> = Rc<Cell<Option<Packed<E>>>>;

/// An argmax of perturbed logits, and the two steps that follow from its gradient.
pub(crate) struct AdaptiveStep<E: Real> {
    /// argmax(θ + ε), [B·L, 1].
    pub(crate) picks: Rc<Packed<E>>,
    /// θ + ε, [B·L, K].
    perturbed: Packed<E>,
    /// ℓ = β max(‖θ‖, 1) of each row, repeated for its latents, [B·L, 1].
    lengths: Packed<E>,
    dims: Dims,
    elements: Elements<E>,
}

impl<E: Real> AdaptiveStep<E> {
    pub(crate) fn new(
        categorical: &Categorical<E>,
        epsilon: Packed<E>,
        beta: E,
        elements: Elements<E>,
    ) -> Self {
        let dims = categorical.dims;
        let mut perturbed = epsilon;
        perturbed.add(&categorical.theta);
        let mut squares = Packed::scratch(dims.rows(), 1);
        centered_square(&categorical.theta, &mut squares);
        let mut lengths = squares.sum_rows(dims.latents);
        length(beta, &mut lengths);
        let lengths = lengths.repeat_rows(dims.latents);
        Self { picks: Rc::new(rows::argmax(&perturbed)), perturbed, lengths, dims, elements }
    }

    /// Adds the estimate to `v`, given the gradient `g` of the mean loss ([B·L, K]).
    ///
    /// With the direction u = g/‖g‖ of a row, λ g is ℓ u, and 1/(2λ) is ‖g‖/(2ℓ) for the row's own loss.
    /// For the mean over the batch both have the same 1/B, which is in g already. λ itself may be too
    /// large or too small for E.
    pub(crate) fn backward(&self, g: &Packed<E>, v: &mut Packed<E>) {
        let Dims { latents, categories, .. } = self.dims;
        let mut norms = Packed::scratch(self.dims.batch, 1);
        norm(&g.clone().reshape(latents * categories), &mut norms);
        let of_latents = norms.clone().repeat_rows(latents);
        let mut direction = g.clone();
        divide_unless_zero(&of_latents, &mut direction);
        let [mut worse, mut better] = [0; 2].map(|_| Packed::scratch(g.rows(), 1));
        target_picks(&self.perturbed, &direction, &self.lengths, -E::ONE, &mut worse);
        target_picks(&self.perturbed, &direction, &self.lengths, E::ONE, &mut better);
        let mut inverse = of_latents;
        half_over_length(&self.lengths, &mut inverse);
        add_difference(&worse, &better, &inverse, v);
        let mut elements = Packed::scratch(g.rows(), 1);
        changed_elements(&worse, &better, &mut elements);
        let mut elements = elements.sum_rows(latents);
        mark_not_finite(&norms, &mut elements);
        self.elements.set(Some(elements));
    }
}

rowwise! {
    /// ‖θ − c‖² with the constant c for which it is smallest, the mean. Leaves masked categories out.
    fn centered_square(theta => square) {
        let (mut sum, mut count) = (V::zero(), V::zero());
        for &x in theta {
            sum += rows::unless_masked(x, x);
            count += rows::unless_masked(x, V::splat(E::ONE));
        }
        let mean = sum / count;
        square[0] = V::zero();
        for &x in theta {
            let off = rows::unless_masked(x, x - mean);
            square[0] = off.mul_add(off, square[0]);
        }
    }
}

rowwise! {
    /// β max(√x, 1)
    fn length(; beta => x) {
        x[0] = beta * x[0].sqrt().max(V::splat(E::ONE));
    }
}

rowwise! {
    /// ‖g‖, by way of the largest component, whose square may not be a number of E.
    fn norm(g => norm) {
        let mut top = V::zero();
        for &g in g {
            top = g.abs().max(top);
        }
        let scale = V::select(top.equal(V::zero()), V::splat(E::ONE), top);
        let mut sum = V::zero();
        for &g in g {
            let share = g / scale;
            sum = share.mul_add(share, sum);
        }
        norm[0] = scale * sum.sqrt();
    }
}

rowwise! {
    /// g/‖g‖, or 0
    fn divide_unless_zero(norm => g) {
        let is_zero = norm[0].equal(V::zero());
        for g in g {
            *g = V::select(is_zero, V::zero(), *g / norm[0]);
        }
    }
}

rowwise! {
    /// ‖g‖/(2ℓ), or 0 if there is no step
    fn half_over_length(length => norm) {
        let half = norm[0] * V::splat(E::of(0.5)) / length[0];
        norm[0] = V::select(length[0].equal(V::zero()), V::zero(), half);
    }
}

rowwise! {
    /// 2 where the categories differ, as one element falls to 0 and another one rises.
    fn changed_elements(from, to => elements) {
        elements[0] = V::select(from[0].equal(to[0]), V::zero(), V::splat(E::of(2.0)));
    }
}

rowwise! {
    /// Adds 0, or NaN.
    fn mark_not_finite(norm => elements) {
        elements[0] += norm[0] * V::zero();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Logits;
    use kernels::tape::{Node, Recording};

    const LOGITS: [f64; 12] = [1.0, 0.5, 0.0, 3.0, 0.0, 4.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];

    /// The estimate and the nonzero elements for three rows without noise: one row of two latents, one
    /// of equal logits, and a gradient for each row's own loss.
    fn step<E: Real>(scale: f64) -> (Vec<f64>, Vec<f64>) {
        let of = |x: &[f64]| x.iter().map(|&x| E::of(x)).collect::<Vec<E>>();
        let logits = Node::new(Packed::pack(&of(&LOGITS), 3));
        let categorical =
            Categorical::new(Logits::new(logits, 2, Recording::default())).expect("logits");
        let elements = Elements::default();
        let step =
            AdaptiveStep::new(&categorical, Packed::zeros(4, 3), E::ONE, Rc::clone(&elements));
        // Of a mean over two rows, so half of that of each row.
        let g = [0.5, 0.0, -0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.5, 0.0, 0.0, 0.0].map(|g| g * scale);
        let mut v = Packed::zeros(4, 3);
        step.backward(&Packed::pack(&of(&g), 3), &mut v);
        let widen = |x: Packed<E>| x.unpack().into_iter().map(Real::widen).collect::<Vec<f64>>();
        (widen(v), widen(elements.take().expect("a backward pass")))
    }

    #[test]
    fn a_step_is_as_long_as_all_logits_of_the_row() {
        let (v, elements) = step::<f64>(1.0);
        // ℓ = √(0.5 + 26/3): the squares of both latents, each less its mean. ‖g‖ = 1/√2.
        let length = f64::sqrt(0.5 + 26.0 / 3.0);
        let expected = 0.5f64.sqrt() / (2.0 * length);
        assert!((v[0] - expected).abs() < 1e-14 && (v[2] + expected).abs() < 1e-14, "{v:?}");
        assert_eq!(v[3..6], [0.0; 3], "the other latent has no gradient");
        // Equal logits: a step of length 1.
        assert!((v[6] + 0.25).abs() < 1e-14 && (v[8] - 0.25).abs() < 1e-14, "{v:?}");
        assert_eq!(elements, [2.0, 2.0]);
    }

    #[test]
    fn the_size_of_the_losses_only_scales_the_estimate() {
        let (plain, _) = step::<f32>(1.0);
        for scale in [1e-30, 1e-20, 1e25, 1e35] {
            let (v, elements) = step::<f32>(scale);
            for (v, plain) in v.iter().zip(&plain) {
                assert!((v / scale - plain).abs() < 1e-6, "{scale:e}: {v:e} for {plain}");
            }
            assert_eq!(elements, [2.0, 2.0]);
        }
    }
}
