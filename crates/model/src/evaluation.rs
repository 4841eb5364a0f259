//! Evaluating networks, written once for all tasks.

use crate::{Forward, Result};
use estimators::{Deployment, Estimator};
use kernels::Noise;

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

    /// How the network is deployed, which depends on what trains it.
    pub fn deployment(&self) -> Deployment {
        self.estimator.deployment()
    }

    /// The mean loss that the estimator meets on its way.
    ///
    /// # Errors
    /// If the estimator fails.
    pub fn forward_loss(&mut self, forward: Forward<f32>) -> Result<f64> {
        let (logits, objective, penalty) = forward.split();
        Ok(self.estimator.estimate(logits, &*objective, self.noise)?.loss() + penalty)
    }
}
