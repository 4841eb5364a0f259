//! Estimators that compare the argmax with the argmax after a finite step of the logits.

use crate::mechanisms::categorical::Categorical;
use kernels::{Packed, Real, rows, rowwise};
use std::cell::Cell;
use std::rc::Rc;

/// An argmax of perturbed logits, and the step that follows from its gradient.
pub(crate) struct FiniteStep<E: Real> {
    /// argmax(θ + ε), [B·L, 1].
    pub(crate) picks: Rc<Packed<E>>,
    /// θ + ε, [B·L, K].
    perturbed: Packed<E>,
    theta: Rc<Packed<E>>,
    /// B, by which the gradient of the mean is divided.
    batch: E,
    step: Step<E>,
}

/// The length of the step.
pub(crate) enum Step<E> {
    /// λ, the same for every row.
    Fixed(E),
    /// β ‖θ‖/‖g‖ of each row, in both directions. The cell receives the share of rows with a nonzero
    /// gradient.
    Adaptive(E, Rc<Cell<f64>>),
}

impl<E: Real> FiniteStep<E> {
    pub(crate) fn new(categorical: &Categorical<E>, epsilon: Packed<E>, step: Step<E>) -> Self {
        let mut perturbed = epsilon;
        perturbed.add(&categorical.theta);
        Self {
            picks: Rc::new(rows::argmax(&perturbed)),
            perturbed,
            theta: Rc::clone(&categorical.theta),
            batch: E::of(categorical.dims.batch as f64),
            step,
        }
    }

    /// Adds the estimate to `v`, given the gradient `g` of the mean loss ([B·L, K]).
    pub(crate) fn backward(&self, g: &Packed<E>, v: &mut Packed<E>) {
        let mut lambda = Packed::zeros(g.rows(), 1);
        let mut other = Packed::zeros(g.rows(), 1);
        match &self.step {
            Step::Fixed(fixed) => {
                fill(*fixed, &mut lambda);
                target_picks(&self.perturbed, g, &lambda, self.batch, &mut other);
                add_difference(&self.picks, &other, &lambda, E::ONE / self.batch, v);
            }
            Step::Adaptive(beta, seen) => {
                relative_step(&self.theta, g, *beta / self.batch, &mut lambda);
                target_picks(&self.perturbed, g, &lambda, -self.batch, &mut other);
                let worse = other.clone();
                target_picks(&self.perturbed, g, &lambda, self.batch, &mut other);
                let scale = E::of(0.5) / self.batch;
                add_difference(&worse, &other, &lambda, scale, v);
                let differ = (0..g.rows()).filter(|&row| worse.get(row, 0) != other.get(row, 0));
                seen.set(differ.count() as f64 / g.rows() as f64);
            }
        }
    }
}

rowwise! {
    fn fill(; value => lambda) {
        lambda[0] = value;
    }
}

rowwise! {
    /// λ = scale · ‖θ‖/‖g‖, or 0 where g is 0. The norm leaves masked categories out.
    fn relative_step(theta, g; scale => lambda) {
        let (mut size, mut slope) = (V::zero(), V::zero());
        for k in 0..theta.len() {
            let finite = rows::unless_masked(theta[k], theta[k]);
            size = finite.mul_add(finite, size);
            slope = g[k].mul_add(g[k], slope);
        }
        let ratio = scale * (size / slope).sqrt();
        lambda[0] = V::select(V::zero().less(slope), ratio, V::zero());
    }
}

rowwise! {
    /// argmax(θ + ε − λ · batch · g)
    fn target_picks(perturbed, g, lambda; batch => pick) {
        let step = lambda[0] * batch;
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
    /// v += scale · (from − to)/λ, or nothing where λ is 0
    fn add_difference(from, to, lambda; scale => v) {
        let inverse = V::select(V::zero().less(lambda[0]), scale / lambda[0], V::zero());
        for k in 0..v.len() {
            v[k] += (rows::one_hot(from[0], k) - rows::one_hot(to[0], k)) * inverse;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Logits;
    use kernels::tape::{Node, Recording};

    /// The estimate for two rows of logits, given gradients of single rows.
    fn step(step: Step<f64>) -> Vec<f64> {
        let logits = Node::new(Packed::pack(&[1.0, 0.5, 0.0, 3.0, 0.0, 4.0], 3));
        let categorical =
            Categorical::new(Logits::new(logits, 1, Recording::default())).expect("logits");
        let step = FiniteStep::new(&categorical, Packed::zeros(2, 3), step);
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
        assert_eq!(step(Step::Fixed(2.0)), [0.25, 0.0, -0.25, 0.0, 0.0, 0.0]);
        // θ − 0.3 (1, 0, −1) has the same argmax.
        assert_eq!(step(Step::Fixed(0.3)), [0.0; 6]);
    }

    #[test]
    fn an_adaptive_step_is_relative_and_goes_both_ways() {
        let seen = Rc::new(Cell::new(0.0));
        let v = step(Step::Adaptive(1.0, Rc::clone(&seen)));
        // λ = ‖θ‖/‖g‖ = √1.25/√2; over 2λ and over the batch.
        let expected = 1.0 / (4.0 * (1.25f64 / 2.0).sqrt());
        assert!((v[0] - expected).abs() < 1e-14 && (v[2] + expected).abs() < 1e-14, "{v:?}");
        assert_eq!((v[1], &v[3..]), (0.0, &[0.0; 3][..]));
        assert_eq!(seen.get(), 0.5, "one of two rows has a gradient");
    }
}
