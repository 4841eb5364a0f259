//! Evaluating networks, written once for all tasks.

use crate::Result;
use crate::task::Forward;
use estimators::{Choice, Dims, Estimator};
use kernels::tape::Recording;
use kernels::{Noise, Packed, rows};
use std::rc::Rc;

/// What an evaluation may use beside the network: the estimator that trains it, and noise.
pub struct Evaluation<'a> {
    estimator: &'a mut dyn Estimator<f32>,
    noise: &'a mut Noise,
}

impl<'a> Evaluation<'a> {
    pub(crate) fn new(estimator: &'a mut dyn Estimator<f32>, noise: &'a mut Noise) -> Self {
        Self { estimator, noise }
    }

    /// The noise of this evaluation.
    pub fn noise(&mut self) -> &mut Noise {
        self.noise
    }

    /// The mean loss that the estimator meets on its way.
    ///
    /// # Errors
    /// If the estimator fails.
    pub fn forward_loss(&mut self, forward: Forward<f32>) -> Result<f64> {
        let (logits, objective, penalty) = forward.split();
        Ok(self.estimator.surrogate(logits, &*objective, self.noise)?.loss() + penalty)
    }
}

impl Forward<f32> {
    /// The most probable category of each latent, [B·L, 1].
    pub fn argmax(&self) -> Packed<f32> {
        rows::argmax(&self.logits)
    }

    /// One sampled category per latent, [B·L, 1].
    pub fn sample(&self, noise: &mut Noise) -> Packed<f32> {
        rows::categorical(&rows::softmax(&self.logits, 1.0), 1, noise)
    }

    /// The mean of the penalty; 0 without one.
    pub fn mean_penalty(&self) -> f64 {
        self.penalty.as_ref().map_or(0.0, |penalty| penalty.total() / penalty.rows() as f64)
    }

    /// The mean loss of a choice ([B·L, 1]) without the penalty.
    ///
    /// # Errors
    /// If the objective fails.
    pub fn mean_loss(&self, choice: Packed<f32>) -> Result<f64> {
        let (latents, categories) = (self.latents, self.logits.columns());
        let dims = Dims { batch: choice.rows() / latents, latents, categories };
        let choice = Choice::vertices(Rc::new(choice), dims, Recording::default());
        let losses = self.objective.loss(choice)?;
        Ok(losses.numbers().total() / dims.batch as f64)
    }
}
