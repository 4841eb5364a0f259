//! Estimators that need only losses at vertices (one-hot choices): each sample's score s = D − p is
//! multiplied by a function of the losses.

use crate::Surrogate;
use crate::mechanisms::categorical::Categorical;
use crate::{Choice, Dims, Objective, Result};
use dfdx::prelude::Backward;
use kernels::tape::{Node, Recording, Weights, inject, isolated, weigh};
use kernels::{Packed, Real, rows, rowwise};
use std::rc::Rc;

/// Vertices and their losses, from which a score-function estimate is made.
pub struct Evaluated<E: Real> {
    pub(crate) dims: Dims,
    /// The node that receives the gradient for the logits.
    logits: Node<E>,
    tape: Recording<E>,
    /// Losses, [B, S].
    pub(crate) f: Node<E>,
}

impl<E: Real> Evaluated<E> {
    /// Evaluates the objective at the categories `picks`, [B·L, S].
    ///
    /// # Errors
    /// If the objective fails.
    pub fn new(
        categorical: Categorical<E>,
        picks: impl Into<Rc<Packed<E>>>,
        objective: &dyn Objective<E>,
    ) -> Result<Self> {
        let Categorical { dims, logits, tape, .. } = categorical;
        Self::evaluate(Choice::vertices(picks.into(), dims, tape), logits, objective)
    }

    /// Evaluates the objective at every category of the only latent: sample k is category k.
    ///
    /// # Errors
    /// If the objective fails.
    pub fn every(categorical: Categorical<E>, objective: &dyn Objective<E>) -> Result<Self> {
        let Categorical { dims, logits, tape, .. } = categorical;
        Self::evaluate(Choice::every(dims, tape), logits, objective)
    }

    fn evaluate(choice: Choice<E>, logits: Node<E>, objective: &dyn Objective<E>) -> Result<Self> {
        let dims = choice.dims();
        let losses = objective.loss(choice)?;
        let (losses, tape) = (losses.node, losses.tape);
        Ok(Self { dims, logits, f: losses, tape })
    }

    /// The losses f, [B, S].
    pub fn losses(&self) -> &Packed<E> {
        &self.f
    }

    /// The losses, repeated for the latents of each row, [B·L, S].
    pub(crate) fn f_of_latents(&self) -> Node<E> {
        match self.dims.latents {
            1 => self.f.clone(),
            latents => Node::constant((*self.f).clone().repeat_rows(latents)),
        }
    }

    /// The losses less that of the first sample, repeated for the latents of each row, [B·L, S]. For
    /// estimates that ignore a constant in all losses: the differences keep their precision.
    pub(crate) fn differences_of_latents(&self) -> Packed<E> {
        let mut f = (*self.f).clone();
        subtract_column(&self.f.column(0), &mut f);
        f.repeat_rows(self.dims.latents)
    }

    /// The surrogate with Σ_s a_s (D_s − p) / B as the gradient for the logits, for advantages a
    /// ([B, S]) of the samples ([B·L, S]). The objective's own parameters get the gradient of the mean
    /// loss.
    ///
    /// # Errors
    /// If the device is out of memory.
    pub fn score(
        self,
        p: &Packed<E>,
        picks: &Packed<E>,
        advantages: Packed<E>,
    ) -> Result<Surrogate<E>> {
        let losses = row_means(&self.f);
        let vector = scores(p, picks, advantages, self.dims);
        self.inject(Weights::Mean, vector, losses)
    }

    /// The surrogate with this gradient for the logits ([B·L, K]), these weights of the losses for the
    /// objective's own parameters, and these losses of the rows ([B, 1]).
    ///
    /// # Errors
    /// If the device is out of memory.
    pub fn inject(
        self,
        weights: Weights<E>,
        vector: Packed<E>,
        losses: Packed<E>,
    ) -> Result<Surrogate<E>> {
        let scalar = inject(self.tape, self.f, weights, self.logits, vector)?;
        Ok(Surrogate { scalar, losses })
    }
}

/// Σ_s a_s (D_s − p) / B of each row: a is [B, S], the picks are [B·L, S], the result is [B·L, K].
pub fn scores<E: Real>(
    p: &Packed<E>,
    picks: &Packed<E>,
    advantages: Packed<E>,
    dims: Dims,
) -> Packed<E> {
    rowwise! {
        fn add_up(p, picks, a; scale => v) {
            let total = rows::sum(a);
            for k in 0..p.len() {
                let mut score = -(total * p[k]);
                for s in 0..a.len() {
                    score = rows::one_hot(picks[s], k).mul_add(a[s], score);
                }
                v[k] = score * scale;
            }
        }
    }
    let mut v = Packed::scratch(p.rows(), p.columns());
    let advantages = advantages.repeat_rows(dims.latents);
    let scale = E::ONE / E::of(dims.batch as f64);
    add_up(p, picks, &advantages, scale, &mut v);
    v
}

rowwise! {
    /// f, or 0 where p is 0: the loss of an impossible outcome does not count, even if it is not finite.
    pub(crate) fn ignore_impossible(p => f) {
        for k in 0..p.len() {
            f[k] = rows::unless_zero(p[k], f[k]);
        }
    }
}

rowwise! {
    /// w f, or 0 where w is 0, even if the loss is not finite.
    pub(crate) fn multiply_by_weights(w => f) {
        for s in 0..w.len() {
            f[s] = rows::unless_zero(w[s], w[s] * f[s]);
        }
    }
}

/// w (f − m) for weights w that sum to 1 in each row and the weighted mean m of the losses f, [B, S],
/// and m, [B, 1]. The differences keep their precision if all losses have a large constant in common.
pub(crate) fn weighted_differences<E: Real>(
    w: &Packed<E>,
    f: &Packed<E>,
) -> (Packed<E>, Packed<E>) {
    rowwise! {
        fn subtract(w, f => weighted, mean) {
            let mut rounded = V::zero();
            for s in 0..w.len() {
                rounded += rows::unless_zero(w[s], w[s] * f[s]);
            }
            let mut rest = V::zero();
            for s in 0..w.len() {
                weighted[s] = rows::unless_zero(w[s], f[s] - rounded);
                rest = w[s].mul_add(weighted[s], rest);
            }
            for s in 0..w.len() {
                weighted[s] = w[s] * (weighted[s] - rest);
            }
            mean[0] = rounded + rest;
        }
    }
    let mut weighted = Packed::scratch(f.rows(), f.columns());
    let mut means = Packed::scratch(f.rows(), 1);
    subtract(w, f, &mut weighted, &mut means);
    (weighted, means)
}

rowwise! {
    /// f − c, with one c for each row
    pub(crate) fn subtract_column(c => f) {
        for f in f {
            *f = *f - c[0];
        }
    }
}

/// Losses at vertices ([B·L, S]) without any gradient, [B, S].
///
/// # Errors
/// If the objective fails.
pub fn losses_at<E: Real>(
    objective: &dyn Objective<E>,
    picks: impl Into<Rc<Packed<E>>>,
    dims: Dims,
) -> Result<Packed<E>> {
    let choice = Choice::vertices(picks.into(), dims, Recording::default());
    Ok(objective.loss(choice)?.numbers().clone())
}

/// The losses of one point of each row ([B·L, K]) and their gradients: f, [B, 1], and ∇f, [B·L, K].
/// The objective's own parameters get no gradient.
///
/// # Errors
/// If the objective fails.
pub fn value_and_gradient<E: Real>(
    objective: &dyn Objective<E>,
    points: &Packed<E>,
    dims: Dims,
) -> Result<(Packed<E>, Packed<E>)> {
    isolated(|| {
        let points = Node::new(points.clone());
        let losses =
            objective.loss(Choice::interior(points.clone(), dims, Recording::default()))?;
        let f = losses.numbers().clone();
        let ones = Packed::filled(dims.batch, 1, E::ONE);
        weigh(losses.tape, losses.node, Weights::Each(ones))?.try_backward()?;
        let g = points.take().unwrap_or_else(|| Packed::zeros(dims.rows(), dims.categories));
        Ok((f, g))
    })
}

/// Weights with which the objective's own parameters learn from one of the samples only.
pub(crate) fn weights_of_one<E: Real>(sample: usize, samples: usize, dims: Dims) -> Weights<E> {
    let share = Packed::filled(dims.batch, 1, E::of(1.0 / dims.batch as f64));
    let mut weights = Packed::zeros(dims.batch, samples);
    weights.set_column(sample, &share);
    Weights::Each(weights)
}

rowwise! {
    /// x / divisor
    pub(crate) fn divide(; divisor => x) {
        for k in 0..x.len() {
            x[k] = x[k] / divisor;
        }
    }
}

/// Each row's mean, [B, 1].
pub(crate) fn row_means<E: Real>(matrix: &Packed<E>) -> Packed<E> {
    rowwise! {
        fn row_means(row => mean) {
            mean[0] = rows::sum(row) / V::splat(E::of(row.len() as f64));
        }
    }
    let mut means = Packed::scratch(matrix.rows(), 1);
    row_means(matrix, &mut means);
    means
}

/// Each row's sum, [B, 1].
pub(crate) fn row_sums<E: Real>(matrix: &Packed<E>) -> Packed<E> {
    rowwise! {
        fn row_sums(row => total) {
            total[0] = rows::sum(row);
        }
    }
    let mut sums = Packed::scratch(matrix.rows(), 1);
    row_sums(matrix, &mut sums);
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advantages_times_scores_are_averaged_over_rows() {
        let dims = Dims { batch: 1, latents: 2, categories: 2 };
        let p = Packed::pack(&[0.25, 0.75, 0.5, 0.5], 2);
        let picks = Packed::pack(&[0.0, 1.0, 1.0, 1.0], 2);
        let v = scores(&p, &picks, Packed::pack(&[2.0, -1.0], 2), dims);
        assert_eq!(v.unpack(), [2.0 - 0.25, -1.0 - 0.75, -0.5, 1.0 - 0.5]);
    }

    #[test]
    fn one_sample_has_all_the_weight() {
        let dims = Dims { batch: 2, latents: 3, categories: 4 };
        let Weights::Each(weights) = weights_of_one::<f64>(1, 3, dims) else {
            panic!("weights of samples")
        };
        assert_eq!(weights.to_columns(), [0.0, 0.0, 0.5, 0.5, 0.0, 0.0]);
    }

    #[test]
    fn impossible_outcomes_do_not_count() {
        let mut f = Packed::pack(&[f64::NAN, 2.0, f64::INFINITY], 3);
        ignore_impossible(&Packed::pack(&[0.0, 1.0, 0.0], 3), &mut f);
        assert_eq!(f.unpack(), [0.0, 2.0, 0.0]);
        let rows = Packed::pack(&[1.0, 2.0, 3.0, 6.0], 2);
        assert_eq!(
            (row_sums(&rows).unpack(), row_means(&rows).unpack()),
            (vec![3.0, 9.0], vec![1.5, 4.5])
        );
    }
}
