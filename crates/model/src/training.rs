//! Training, written once for all tasks.

use crate::classifier::divergence_from_uniform;
use crate::evaluation::Evaluation;
use crate::optimizer::{Optimizer, OptimizerState};
use crate::probe::{AtParameters, Probe};
use crate::task::{Instance, Predictor, Streams, Task};
use crate::{Artifact, Batch, Metric, Result};
use estimators::{Dims, Domain, Estimator};
use kernels::{Noise, Parameters};
use std::rc::Rc;

/// A network being trained on a task, for one seed.
///
/// It is pure: it reads no clock and no file, starts no thread, and depends only on the task, the
/// seed, the estimator and the noise.
pub trait Training {
    /// The dimensions of a batch's choice.
    fn dims(&self) -> Dims;

    /// Where its objective is defined.
    fn domain(&self) -> Domain;

    /// Takes a step against the estimate on a batch that it draws. Returns the loss that the
    /// estimator met, which is not finite if training diverged.
    ///
    /// # Errors
    /// If the estimator or the device fails.
    fn step(&mut self, step: u64, estimator: &mut dyn Estimator<f32>, noise: &Noise)
    -> Result<f64>;

    /// Metrics and their values on rows that are not trained on; the first one ranks.
    ///
    /// # Errors
    /// If the estimator or the device fails.
    fn evaluate(
        &mut self,
        estimator: &mut dyn Estimator<f32>,
        noise: &mut Noise,
    ) -> Result<Vec<(Metric, f64)>>;

    /// A place to measure gradients: the batch of a step, at the present parameters.
    fn probe(&self, step: u64) -> Box<dyn Probe<f32>>;

    /// Pictures of what the network has learned.
    ///
    /// # Errors
    /// If the device fails.
    fn artifacts(&self, noise: &mut Noise) -> Result<Vec<Artifact>>;

    /// The network as it is now, ready to predict new rows, if the task has new rows.
    fn predictor(&self) -> Option<Predictor>;
}

/// Any task's network being trained.
pub(crate) struct Learner<I: Instance> {
    instance: Rc<I>,
    metrics: Vec<Metric>,
    parameters: Parameters<f32>,
    optimizer: OptimizerState,
    dims: Dims,
    domain: Domain,
    batches: Noise,
}

impl<I: Instance> Learner<I> {
    /// A network with its first parameters.
    pub(crate) fn start<T: Task<Instance = I>>(
        task: &T,
        streams: &Streams,
        batch: usize,
        optimizer: &Optimizer,
    ) -> Self {
        let (instance, parameters) = task.instance(streams);
        Self {
            instance: Rc::new(instance),
            metrics: task.metrics(),
            optimizer: optimizer.start(parameters.values().len()),
            parameters,
            dims: task.dims(batch),
            domain: task.domain(),
            batches: streams.named("batch"),
        }
    }

    /// The batch of a step.
    fn batch(&self, step: u64) -> Batch<f32> {
        self.instance.batch_of_step(self.dims.batch, step, &self.batches)
    }
}

impl<I: Instance> Training for Learner<I> {
    fn dims(&self) -> Dims {
        self.dims
    }

    fn domain(&self) -> Domain {
        self.domain
    }

    fn step(
        &mut self,
        step: u64,
        estimator: &mut dyn Estimator<f32>,
        noise: &Noise,
    ) -> Result<f64> {
        let mut forward = self.instance.forward(&self.parameters, &self.batch(step));
        let bonus = self.optimizer.entropy_bonus();
        if bonus > 0.0 {
            // The divergence is a constant minus the entropy.
            divergence_from_uniform(&forward.logits, forward.latents, bonus, &mut forward.tape);
        }
        let (logits, objective, penalty) = forward.split();
        let surrogate = estimator.surrogate(logits, &*objective, &mut noise.at(step))?;
        // It may hold parameters, which are about to change.
        drop(objective);
        let loss = surrogate.loss() + penalty;
        surrogate.backward()?;
        self.optimizer.step(&mut self.parameters);
        Ok(loss)
    }

    fn evaluate(
        &mut self,
        estimator: &mut dyn Estimator<f32>,
        noise: &mut Noise,
    ) -> Result<Vec<(Metric, f64)>> {
        let evaluation = &mut Evaluation::new(estimator, noise);
        let values = self.instance.evaluate(&self.parameters.frozen(), evaluation)?;
        assert_eq!(values.len(), self.metrics.len(), "one value per metric");
        Ok(self.metrics.iter().copied().zip(values).collect())
    }

    fn probe(&self, step: u64) -> Box<dyn Probe<f32>> {
        let (instance, parameters) = (Rc::clone(&self.instance), self.parameters.frozen());
        let batch = self.batch(step);
        Box::new(AtParameters::new(instance, parameters, batch, self.dims, self.domain))
    }

    fn artifacts(&self, noise: &mut Noise) -> Result<Vec<Artifact>> {
        self.instance.artifacts(&self.parameters.frozen(), noise)
    }

    fn predictor(&self) -> Option<Predictor> {
        self.instance.predictor(&self.parameters)
    }
}
