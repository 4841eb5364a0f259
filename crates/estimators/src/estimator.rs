use crate::{Dims, Domain, Logits, Objective, Properties, Result};
use dfdx::prelude::{Backward, Cpu, Gradients};
use kernels::tape::Scalar;
use kernels::{Noise, Packed, Real};

/// Estimates the gradient of an expected loss with respect to logits.
///
/// The target is ∇ E f(D) with D ~ Cat(softmax θ), averaged over the rows of the batch.
pub trait Estimator<E: Real> {
    /// A training step's estimate: a scalar whose gradient is the estimate, both for the logits and
    /// for the objective's own parameters. The estimator goes on to its next step: schedules advance,
    /// and baselines learn.
    ///
    /// Call it once per step. Training then needs nothing else from the estimator.
    ///
    /// # Errors
    /// As [`Estimator::estimate`].
    fn surrogate(
        &mut self,
        logits: Logits<E>,
        objective: &dyn Objective<E>,
        noise: &mut Noise,
    ) -> Result<Surrogate<E>> {
        let surrogate = self.estimate(logits, objective, noise)?;
        self.advance()?;
        Ok(surrogate)
    }

    /// The same scalar for measurements and evaluation: the estimator stays at its step. However many
    /// estimates are made between two steps, and with whatever noise, training goes on as without them.
    ///
    /// # Errors
    /// If a logit is NaN or +∞, every category of a row is masked, the objective fails, or the device
    /// fails. What a [`Factory`](crate::Factory) built also fails where it refuses.
    fn estimate(
        &mut self,
        logits: Logits<E>,
        objective: &dyn Objective<E>,
        noise: &mut Noise,
    ) -> Result<Surrogate<E>>;

    /// Its properties for a problem of these dimensions.
    fn properties(&self, dims: Dims) -> Properties;

    /// The reason why it does not support a problem of these dimensions, if it does not. Requirements
    /// on the objective are in [`Properties::needs`].
    fn refuses(&self, dims: Dims) -> Option<String> {
        let _ = dims;
        None
    }

    /// How a network that it trains is deployed.
    fn deployment(&self) -> Deployment {
        Deployment::Pick
    }

    /// Goes on to the next step: schedules advance, and baselines learn from the last estimate.
    /// [`Estimator::surrogate`] calls it.
    ///
    /// # Errors
    /// If the device is out of memory.
    fn advance(&mut self) -> Result<()> {
        Ok(())
    }
}

/// What a network does when it is deployed, where its logits decide which part of it computes a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deployment {
    /// It uses the most probable category.
    Pick,
    /// It uses all categories with a logit above 0, which is their weight.
    Rectified,
}

/// An estimate for one batch.
pub struct Surrogate<E: Real> {
    /// Its gradient is the estimate.
    pub scalar: Scalar<E>,
    /// The loss of each row as the estimator saw it, [B, 1]: at its sample, at its relaxed point, or in
    /// expectation. Not comparable between estimators.
    pub losses: Packed<E>,
}

impl<E: Real> Surrogate<E> {
    /// The mean of the losses.
    pub fn loss(&self) -> f64 {
        self.losses.total() / self.losses.rows() as f64
    }

    /// The scalar's value.
    pub fn value(&self) -> E {
        kernels::tape::values(&self.scalar)[0]
    }

    /// Runs the backward pass.
    ///
    /// # Errors
    /// If the device is out of memory.
    pub fn backward(self) -> Result<Gradients<E, Cpu>> {
        Ok(self.scalar.try_backward()?)
    }
}

/// Why an estimator cannot serve an objective that is defined on `domain`, for a choice of these
/// dimensions, if it cannot.
pub fn refusal<E: Real>(
    estimator: &dyn Estimator<E>,
    dims: Dims,
    domain: Domain,
) -> Option<String> {
    if dims.categories < 2 {
        return Some("there is only one category, so there is nothing to choose".to_owned());
    }
    let needs = estimator.properties(dims).needs;
    if needs > domain {
        let (needs, offers) = (needs.describe(), domain.describe());
        return Some(format!("it needs {needs}, but the task's loss only has {offers}"));
    }
    estimator.refuses(dims)
}
