//! Training without an estimator.

use crate::task::{Budget, GoOn};
use crate::{Batch, Optimizer, Result};
use kernels::{Noise, Parameters};

/// Learning rates of Adam that are tried.
const RATES: [f64; 3] = [0.003, 0.01, 0.03];

/// A network whose loss is differentiable: it needs no estimator.
pub(super) trait Supervised {
    /// Its first parameters.
    fn first(&self) -> Parameters<f32>;

    /// A batch of training rows.
    fn batch(&self, rows: usize, noise: &mut Noise) -> Batch<f32>;

    /// Adds the gradient of a batch to that of the parameters.
    ///
    /// # Errors
    /// If the device fails.
    fn learn(&self, parameters: &Parameters<f32>, batch: &Batch<f32>) -> Result<()>;

    /// The loss on the rows to validate on.
    ///
    /// # Errors
    /// If the device fails.
    fn validation_loss(&self, parameters: &Parameters<f32>) -> Result<f64>;

    /// The loss on the rows to test on.
    ///
    /// # Errors
    /// If the device fails.
    fn test_loss(&self, parameters: &Parameters<f32>) -> Result<f64>;
}

/// The steps and batches of a run.
pub(super) struct Schedule<'a> {
    pub(super) budget: Budget,
    pub(super) batches: Noise,
    pub(super) go_on: GoOn<'a>,
}

/// The test loss of the learning rate and the step whose validation loss is least; nothing if it was
/// stopped.
pub(super) fn test_loss(network: &dyn Supervised, schedule: &Schedule<'_>) -> Result<Option<f64>> {
    let Schedule { budget, batches, go_on } = schedule;
    let (mut least, mut reported) = (f64::INFINITY, f64::INFINITY);
    for rate in RATES {
        let mut parameters = network.first();
        let mut optimizer = Optimizer::adam(rate).start(parameters.values().len());
        for step in 0..=budget.steps {
            if budget.is_evaluated(step) {
                let validated = network.validation_loss(&parameters.frozen())?;
                if validated < least {
                    (least, reported) = (validated, network.test_loss(&parameters.frozen())?);
                }
            }
            if step < budget.steps {
                if !go_on() {
                    return Ok(None);
                }
                network.learn(&parameters, &network.batch(budget.batch, &mut batches.at(step)))?;
                optimizer.step(&mut parameters);
            }
        }
    }
    Ok(Some(reported))
}
