//! Estimators that compare the argmax with the argmax after a finite step of the logits.

use crate::mechanisms::categorical::Categorical;
use kernels::{Packed, Real, rows, rowwise};
use std::rc::Rc;

/// An argmax of perturbed logits, and the step that follows from its gradient.
pub(crate) struct FiniteStep<E: Real> {
    /// argmax(θ + ε), [B·L, 1].
    pub(crate) picks: Rc<Packed<E>>,
    /// θ + ε, [B·L, K].
    perturbed: Packed<E>,
    /// B, by which the gradient of the mean is divided.
    batch: E,
    /// λ
    lambda: E,
}

impl<E: Real> FiniteStep<E> {
    pub(crate) fn new(categorical: &Categorical<E>, epsilon: Packed<E>, lambda: E) -> Self {
        let mut perturbed = epsilon;
        perturbed.add(&categorical.theta);
        Self {
            picks: Rc::new(rows::argmax(&perturbed)),
            perturbed,
            batch: E::of(categorical.dims.batch as f64),
            lambda,
        }
    }

    /// Adds the estimate to `v`, given the gradient `g` of the mean loss ([B·L, K]).
    pub(crate) fn backward(&self, g: &Packed<E>, v: &mut Packed<E>) {
        let lambda = Packed::filled(g.rows(), 1, self.lambda);
        let mut other = Packed::zeros(g.rows(), 1);
        target_picks(&self.perturbed, g, &lambda, self.batch, &mut other);
        let scale = Packed::filled(g.rows(), 1, E::ONE / self.batch / self.lambda);
        add_difference(&self.picks, &other, &scale, v);
    }
}

rowwise! {
    /// argmax(θ + ε − λ · factor · g)
    pub(crate) fn target_picks(perturbed, g, lambda; factor => pick) {
        let step = lambda[0] * factor;
        let (mut top, mut best) = (perturbed[0] - step * g[0], V::zero());
        for k in 1..g.len() {
            let x = perturbed[k] - step * g[k];
            best = V::select(top.less(x), V::splat(E::of(k as f64)), best);
            top = V::select(top.less(x), x, top);
        }
        pick[0] = best;
    }
}

rowwise! {
    /// v += scale · (from − to)
    pub(crate) fn add_difference(from, to, scale => v) {
        for k in 0..v.len() {
            v[k] += (rows::one_hot(from[0], k) - rows::one_hot(to[0], k)) * scale[0];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Logits;
    use kernels::tape::{Node, Recording};

    /// The estimate for two rows of logits, given gradients of single rows.
    fn step(lambda: f64) -> Vec<f64> {
        let logits = Node::new(Packed::pack(&[1.0, 0.5, 0.0, 3.0, 0.0, 4.0], 3));
        let categorical =
            Categorical::new(Logits::new(logits, 1, Recording::default())).expect("logits");
        let step = FiniteStep::new(&categorical, Packed::zeros(2, 3), lambda);
        assert_eq!(step.picks.to_columns(), [0.0, 2.0]);
        // The gradient of a mean over two rows is half of that of each row.
        let g = Packed::pack(&[0.5, 0.0, -0.5, 0.0, 0.0, 0.0], 3);
        let mut v = Packed::zeros(2, 3);
        step.backward(&g, &mut v);
        v.unpack()
    }

    #[test]
    fn a_fixed_step_goes_to_the_smaller_gradient() {
        // θ − 2 (1, 0, −1) = (−1, 0.5, 2): from 0 to 2, over λ and over the batch.
        assert_eq!(step(2.0), [0.25, 0.0, -0.25, 0.0, 0.0, 0.0]);
        // θ − 0.3 (1, 0, −1) has the same argmax.
        assert_eq!(step(0.3), [0.0; 6]);
    }
}
