//! Training and measuring, written once for all tasks.

use crate::classifier::divergence_from_uniform;
use crate::optimizer::{Optimizer, OptimizerState};
use crate::task::{Forward, Instance, Streams, Task};
use crate::{Artifact, Batch, Metric, Result};
use estimators::{Choice, Dims, Domain, Estimator, Logits, Objective};
use kernels::tape::{Node, Recording};
use kernels::{Noise, Packed, Parameters, Real, rows};
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

    /// The names of references and their values for this seed.
    fn references(&self) -> Vec<(&'static str, f64)>;

    /// Pictures of what the network has learned.
    ///
    /// # Errors
    /// If the device fails.
    fn artifacts(&self, noise: &mut Noise) -> Result<Vec<Artifact>>;
}

/// Logits and an objective at fixed parameters, to draw estimates at.
pub trait Probe<E: Real> {
    /// The dimensions of the choice.
    fn dims(&self) -> Dims;

    /// Where its objective is defined.
    fn domain(&self) -> Domain;

    /// Draws estimates of the gradient of the mean loss over the batch, and hands over one by one:
    /// for the logits, [B, L, K], or where the task ties logits to each other, for the numbers that
    /// they are made from.
    ///
    /// # Errors
    /// If the estimator or the device fails.
    fn draw(
        &self,
        estimator: &mut dyn Estimator<E>,
        draws: usize,
        noise: &mut Noise,
        each: &mut dyn FnMut(&[E]),
    ) -> Result<()>;
}

/// What an evaluation may use beside the network: the estimator that trains it, and noise.
pub struct Evaluation<'a> {
    estimator: &'a mut dyn Estimator<f32>,
    noise: &'a mut Noise,
}

impl Evaluation<'_> {
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

/// Any task's network being trained.
pub(crate) struct Learner<I: Instance> {
    instance: Rc<I>,
    metrics: Vec<Metric>,
    references: Vec<&'static str>,
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
            references: task.references().iter().map(|reference| reference.name).collect(),
            optimizer: optimizer.start(parameters.values().len()),
            parameters,
            dims: task.dims(batch),
            domain: task.domain(),
            batches: streams.named("batch"),
        }
    }

    /// The batch of a step.
    fn batch(&self, step: u64) -> Batch<f32> {
        self.instance.batch(self.dims.batch, &mut self.batches.at(step))
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
        estimator.advance()?;
        Ok(loss)
    }

    fn evaluate(
        &mut self,
        estimator: &mut dyn Estimator<f32>,
        noise: &mut Noise,
    ) -> Result<Vec<(Metric, f64)>> {
        let evaluation = &mut Evaluation { estimator, noise };
        let values = self.instance.evaluate(&self.parameters.frozen(), evaluation)?;
        assert_eq!(values.len(), self.metrics.len(), "one value per metric");
        Ok(self.metrics.iter().copied().zip(values).collect())
    }

    fn probe(&self, step: u64) -> Box<dyn Probe<f32>> {
        let (instance, parameters) = (Rc::clone(&self.instance), self.parameters.frozen());
        let batch = self.batch(step);
        Box::new(AtParameters::new(instance, parameters, batch, self.dims, self.domain))
    }

    fn references(&self) -> Vec<(&'static str, f64)> {
        let values = self.instance.references();
        assert_eq!(values.len(), self.references.len(), "one value per reference");
        self.references.iter().copied().zip(values).collect()
    }

    fn artifacts(&self, noise: &mut Noise) -> Result<Vec<Artifact>> {
        self.instance.artifacts(&self.parameters.frozen(), noise)
    }
}

/// A batch at fixed parameters: nothing learns from what is drawn there.
pub(crate) struct AtParameters<E: Real, I> {
    instance: Rc<I>,
    parameters: Parameters<E>,
    batch: Batch<E>,
    /// What the network computes of the batch.
    once: Copies<E>,
    dims: Dims,
    domain: Domain,
}

/// Logits and objective of some copies of a batch: an estimate there is as many estimates.
struct Copies<E: Real> {
    count: usize,
    /// [copies·B·L, K]
    logits: Rc<Packed<E>>,
    objective: Box<dyn Objective<E>>,
}

/// Rows that estimates are drawn for at a time, unless one batch has more: about as many as a
/// training batch, so that they stay in the cache.
const ROWS_AT_ONCE: usize = 128;

impl<I: Instance> AtParameters<f64, I> {
    /// The batch of step 0 at the first parameters.
    pub(crate) fn first<T: Task<Instance = I>>(task: &T, streams: &Streams, batch: usize) -> Self {
        let (instance, parameters) = task.instance(streams);
        let rows = instance.batch(batch, &mut streams.named("batch").at(0)).cast();
        Self::new(Rc::new(instance), parameters.frozen(), rows, task.dims(batch), task.domain())
    }
}

impl<E: Real, I: Instance> AtParameters<E, I> {
    fn new(
        instance: Rc<I>,
        parameters: Parameters<E>,
        batch: Batch<E>,
        dims: Dims,
        domain: Domain,
    ) -> Self {
        let once = Copies::new(&*instance, &parameters, &batch, 1);
        Self { instance, parameters, batch, once, dims, domain }
    }

    /// Hands over the estimates of as many rounds as copies allow.
    fn draw_rounds(
        &self,
        rounds: usize,
        copies: &Copies<E>,
        estimator: &mut dyn Estimator<E>,
        noise: &mut Noise,
        each: &mut dyn FnMut(&[E]),
    ) -> Result<()> {
        for _ in 0..rounds {
            let gradients = copies.estimate(self.dims.latents, estimator, noise)?;
            for gradient in gradients.chunks_exact(self.dims.elements()) {
                match self.instance.tied_gradient(gradient) {
                    Some(tied) => each(&tied),
                    None => each(gradient),
                }
            }
        }
        Ok(())
    }
}

impl<E: Real> Copies<E> {
    fn new<I: Instance>(
        instance: &I,
        parameters: &Parameters<E>,
        batch: &Batch<E>,
        count: usize,
    ) -> Self {
        let Forward { logits, objective, .. } = instance.forward(parameters, &batch.repeat(count));
        Self { count, logits: Rc::new(logits.numbers().clone()), objective }
    }

    /// An estimate for each copy, one after the other.
    fn estimate(
        &self,
        latents: usize,
        estimator: &mut dyn Estimator<E>,
        noise: &mut Noise,
    ) -> Result<Vec<E>> {
        let leaf = Node::new(Rc::clone(&self.logits));
        let logits = Logits::new(leaf.clone(), latents, Recording::default());
        estimator.surrogate(logits, &*self.objective, noise)?.backward()?;
        let none = || vec![E::ZERO; self.logits.rows() * self.logits.columns()];
        let mut gradients = leaf.take().map_or_else(none, |gradient| gradient.unpack());
        // The estimate is of the mean over the copies.
        gradients.iter_mut().for_each(|g| *g *= E::of(self.count as f64));
        Ok(gradients)
    }
}

impl<E: Real, I: Instance> Probe<E> for AtParameters<E, I> {
    fn dims(&self) -> Dims {
        self.dims
    }

    fn domain(&self) -> Domain {
        self.domain
    }

    fn draw(
        &self,
        estimator: &mut dyn Estimator<E>,
        draws: usize,
        noise: &mut Noise,
        each: &mut dyn FnMut(&[E]),
    ) -> Result<()> {
        let at_once = (ROWS_AT_ONCE / self.dims.batch).clamp(1, draws.max(1));
        for (rounds, copies) in [(draws / at_once, at_once), (1, draws % at_once)] {
            if copies == 1 {
                self.draw_rounds(rounds, &self.once, estimator, noise, each)?;
            } else if copies > 1 {
                let copies = Copies::new(&*self.instance, &self.parameters, &self.batch, copies);
                self.draw_rounds(rounds, &copies, estimator, noise, each)?;
            }
        }
        Ok(())
    }
}
