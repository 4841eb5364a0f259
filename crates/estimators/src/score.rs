//! Estimators that ask for losses alone: each sample's score s = D − p, times what its loss says.

use crate::draw::Opened;
use crate::estimator::Surrogate;
use crate::{Choice, Dims, Losses, Objective, Result};
use dfdx::prelude::{Backward, Cpu, SplitTape, Tensor, TensorFromVec, Trace};
use kernels::tape::{Recording, Weights, inject, read, values, weigh};
use kernels::{Packed, Real, rows, rowwise};
use std::rc::Rc;

/// Vertices and what the objective said of them.
pub(crate) struct Asked<E: Real> {
    pub(crate) dims: Dims,
    /// Where the gradient for the logits goes.
    logits: Tensor<(usize, usize, usize), E, Cpu>,
    /// Losses with their tape, [S, B].
    losses: Losses<E>,
    /// Losses, [B, S].
    pub(crate) f: Packed<E>,
}

impl<E: Real> Asked<E> {
    /// Asks the objective about vertices, [S, B, L].
    pub(crate) fn new(
        opened: Opened<E>,
        picks: Rc<[u32]>,
        objective: &dyn Objective<E>,
    ) -> Result<Self> {
        let Opened { dims, tensor: logits, tape, .. } = opened;
        Self::about(Choice::vertices(picks, dims, tape), logits, objective)
    }

    /// Asks the objective about every category of the one latent.
    pub(crate) fn every(opened: Opened<E>, objective: &dyn Objective<E>) -> Result<Self> {
        let Opened { dims, tensor: logits, tape, .. } = opened;
        Self::about(Choice::every(dims, tape), logits, objective)
    }

    fn about(
        choice: Choice<E>,
        logits: Tensor<(usize, usize, usize), E, Cpu>,
        objective: &dyn Objective<E>,
    ) -> Result<Self> {
        let dims = choice.dims();
        let losses = objective.loss(choice)?;
        let f = Packed::from_columns(&read(&losses), dims.batch);
        Ok(Self { dims, logits, losses, f })
    }

    /// Σ_s a_s (D_s − p) / B as the gradient for the logits, for what each sample's loss says:
    /// a, [B, S]. The objective's own parameters learn from the mean of the samples ([B·L, S]).
    pub(crate) fn score(
        self,
        p: &Packed<E>,
        picks: &Packed<E>,
        advantages: Packed<E>,
    ) -> Result<Surrogate<E>> {
        let losses = row_means(&self.f);
        let vector = scores(p, picks, advantages, self.dims);
        self.inject(Weights::Mean, vector, losses)
    }

    /// A surrogate with this gradient for the logits ([B·L, K]), these weights of the losses for
    /// the objective's own parameters, and these losses of the rows.
    pub(crate) fn inject(
        self,
        weights: Weights<E>,
        vector: Packed<E>,
        losses: Vec<E>,
    ) -> Result<Surrogate<E>> {
        let scalar = inject(self.losses, weights, self.logits, vector)?;
        Ok(Surrogate { scalar, losses })
    }
}

/// Σ_s a_s (D_s − p) / B of each row: a is [B, S], the picks are [B·L, S], the result is [B·L, K].
pub(crate) fn scores<E: Real>(
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
    let mut v = Packed::any(p.rows(), p.columns());
    let advantages = advantages.repeat_rows(dims.latents);
    let scale = E::ONE / E::of(dims.batch as f64);
    add_up(p, picks, &advantages, scale, &mut v);
    v
}

rowwise! {
    /// f, and 0 where p is 0: what cannot happen does not count, whatever its loss.
    pub(crate) fn ignore_impossible(p => f) {
        for k in 0..p.len() {
            f[k] = V::select(p[k].equal(V::zero()), V::zero(), f[k]);
        }
    }
}

/// Losses of vertices, [S, B], from which nothing learns.
pub(crate) fn losses_at<E: Real>(
    objective: &dyn Objective<E>,
    picks: &Rc<[u32]>,
    dims: Dims,
) -> Result<Packed<E>> {
    let choice = Choice::vertices(Rc::clone(picks), dims, Recording::default());
    let losses = objective.loss(choice)?.split_tape().0;
    Ok(Packed::from_columns(&values(&losses), dims.batch))
}

/// Losses of one point a row ([B·L, K]) and their gradients there: f, [B, 1], and ∇f, [B·L, K].
/// Nothing of the objective's own learns from it.
pub(crate) fn value_and_gradient<E: Real>(
    objective: &dyn Objective<E>,
    points: &Packed<E>,
    dims: Dims,
) -> Result<(Packed<E>, Packed<E>)> {
    let shape = (1, dims.batch, dims.latents, dims.categories);
    let points = kernels::tape::device().try_tensor_from_vec(points.unpack(), shape)?;
    let losses = objective.loss(Choice::interior(points.clone().leaky_traced(), dims))?;
    let f = Packed::from_columns(&values(&losses), dims.batch);
    let ones = Weights::Each(vec![E::ONE; dims.batch]);
    let mut gradients = weigh(losses, ones)?.try_backward()?;
    let g = Packed::pack(gradients.get_or_alloc_mut(&points)?, dims.categories);
    Ok((f, g))
}

/// Weights by which the objective's own parameters learn from one of the samples alone.
pub(crate) fn only<E: Real>(sample: usize, samples: usize, dims: Dims) -> Weights<E> {
    let mut weights = vec![E::ZERO; samples * dims.batch];
    weights[sample * dims.batch..][..dims.batch].fill(E::of(1.0 / dims.batch as f64));
    Weights::Each(weights)
}

/// Each row's mean.
pub(crate) fn row_means<E: Real>(matrix: &Packed<E>) -> Vec<E> {
    let columns = E::of(matrix.columns() as f64);
    row_sums(matrix).into_iter().map(|sum| sum / columns).collect()
}

/// Each row's sum.
pub(crate) fn row_sums<E: Real>(matrix: &Packed<E>) -> Vec<E> {
    rowwise! {
        fn row_sums(row => total) {
            total[0] = rows::sum(row);
        }
    }
    let mut sums = Packed::any(matrix.rows(), 1);
    row_sums(matrix, &mut sums);
    sums.to_columns()
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
    fn one_sample_alone_teaches_the_objective() {
        let dims = Dims { batch: 2, latents: 3, categories: 4 };
        let Weights::Each(weights) = only::<f64>(1, 3, dims) else { panic!("weights of samples") };
        assert_eq!(weights, [0.0, 0.0, 0.5, 0.5, 0.0, 0.0]);
    }

    #[test]
    fn the_impossible_does_not_count() {
        let mut f = Packed::pack(&[f64::NAN, 2.0, f64::INFINITY], 3);
        ignore_impossible(&Packed::pack(&[0.0, 1.0, 0.0], 3), &mut f);
        assert_eq!(f.unpack(), [0.0, 2.0, 0.0]);
        let rows = Packed::pack(&[1.0, 2.0, 3.0, 6.0], 2);
        assert_eq!((row_sums(&rows), row_means(&rows)), (vec![3.0, 9.0], vec![1.5, 4.5]));
    }
}
