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

    /// Metrics and their values on rows that are not trained on; the first one ranks. The value of a
    /// metric over the steps ([`Metric::over_steps`]) is that since the last call, and not a number
    /// if there was none.
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
    met: Met,
}

/// The losses that the estimator met since the last evaluation.
#[derive(Default)]
struct Met {
    sum: f64,
    steps: u64,
}

impl Met {
    fn mean(&self) -> f64 {
        self.sum / self.steps as f64
    }
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
            met: Met::default(),
        }
    }

    #[cfg(test)]
    pub(crate) fn parameters(&self) -> &Parameters<f32> {
        &self.parameters
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
        let held = forward.held.take();
        let (logits, objective, penalty) = forward.split();
        let surrogate = estimator.surrogate(logits, &*objective, &mut noise.at(step))?;
        // It may hold parameters, which are about to change.
        drop(objective);
        let loss = surrogate.loss() + penalty;
        surrogate.backward()?;
        self.optimizer.step(&mut self.parameters);
        if let Some(held) = held {
            self.parameters.hold(held);
        }
        self.met.sum += loss;
        self.met.steps += 1;
        Ok(loss)
    }

    fn evaluate(
        &mut self,
        estimator: &mut dyn Estimator<f32>,
        noise: &mut Noise,
    ) -> Result<Vec<(Metric, f64)>> {
        let evaluation = &mut Evaluation::new(estimator, noise);
        let mut values = self.instance.evaluate(&self.parameters.frozen(), evaluation)?.into_iter();
        let over_steps = self.metrics.iter().filter(|metric| metric.over_steps).count();
        assert_eq!(values.len() + over_steps, self.metrics.len(), "one value per metric");
        let met = std::mem::take(&mut self.met);
        let value = |&metric: &Metric| {
            let value = if metric.over_steps { Some(met.mean()) } else { values.next() };
            value.map(|value| (metric, value))
        };
        Ok(self.metrics.iter().filter_map(value).collect())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TRAINING_LOSS;
    use crate::task::BernoulliToy;
    use estimators::{Factory, kinds::Reinforce};
    use kernels::Real;

    /// The toy, with the training loss between its own metrics.
    struct Recorded(BernoulliToy);

    impl Task for Recorded {
        type Instance = <BernoulliToy as Task>::Instance;

        fn metrics(&self) -> Vec<Metric> {
            let own = self.0.metrics();
            vec![own[0], TRAINING_LOSS, own[1]]
        }

        fn dims(&self, batch: usize) -> Dims {
            self.0.dims(batch)
        }

        fn instance<E: Real>(&self, streams: &Streams) -> (Self::Instance, Parameters<E>) {
            self.0.instance(streams)
        }
    }

    #[test]
    fn the_training_loss_is_the_mean_since_the_last_evaluation() {
        let (task, streams) = (Recorded(BernoulliToy::default()), Streams::new("toy", 0));
        let mut training = Learner::start(&task, &streams, 4, &Optimizer::adam(0.1));
        let (mut estimator, noise) = (Reinforce::default().build_f32(), Noise::named(&["test"]));
        let mut evaluate = |training: &mut Learner<_>| {
            let values = training.evaluate(&mut *estimator, &mut noise.at(0)).unwrap();
            assert_eq!(values.iter().map(|(m, _)| *m).collect::<Vec<_>>(), task.metrics());
            let p = values[2].1;
            assert!(p > 0.0 && p < 1.0, "{values:?}");
            values[1].1
        };
        assert!(evaluate(&mut training).is_nan(), "there was no step");
        let mut estimator = Reinforce::default().build_f32();
        for steps in [0..3, 3..4, 4..9] {
            let count = (steps.end - steps.start) as f64;
            let losses: Vec<f64> =
                steps.map(|step| training.step(step, &mut *estimator, &noise).unwrap()).collect();
            assert!(losses.iter().any(|loss| loss != &losses[0]) || losses.len() == 1);
            let mean = losses.iter().sum::<f64>() / count;
            assert!((evaluate(&mut training) - mean).abs() < 1e-12, "{losses:?}");
        }
        assert!(evaluate(&mut training).is_nan(), "it does not count twice");
    }
}
