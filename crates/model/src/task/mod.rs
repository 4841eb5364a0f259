//! Tasks: one file or folder each, and their registry.
//!
//! A [`Task`] is data, a network, an objective and its metrics, and nothing else: taking steps,
//! measuring gradients, streams of noise and the metrics of every classifier are written once, for
//! all tasks, in [`crate::training`]. To add one, implement three traits in one file and add one line
//! to [`Registry::standard`]:
//!
//! - [`TaskKind`] for the struct of its parameters: its name, the ranges of its values, and how its
//!   data files are read;
//! - [`Task`] for the result: its metrics, its dimensions, and the data and first parameters of a
//!   seed;
//! - [`Instance`] for those: the batch of a step, the logits and the objective of a batch, and the
//!   values of the metrics.

mod argmax_index;
mod bernoulli_toy;
mod categorical_vae;
mod registry;

pub use argmax_index::{
    ArgmaxIndex, CombinedNetwork, RegimeRows, Regimes, Table, matched_accuracy,
};
pub use bernoulli_toy::BernoulliToy;
pub use categorical_vae::{Autoencoder, CategoricalVae, Reconstruction};
pub use registry::{Entry, Load, Registry, TaskKind};

use crate::{Artifact, Batch, Evaluation, Metric, Optimizer, Probe, Reference, Result, Training};
use estimators::{Dims, Domain, Logits, Objective};
use kernels::tape::{Node, Recording};
use kernels::{Noise, Packed, Parameters, Real};

/// A task with its data files read, for any seed.
pub trait Task: Send + Sync + 'static {
    /// Data and network of a seed.
    type Instance: Instance;

    /// What is measured. The first metric ranks.
    fn metrics(&self) -> Vec<Metric>;

    /// Values that metrics are read beside, if there are any.
    fn references(&self) -> Vec<Reference> {
        vec![]
    }

    /// The dimensions of the choice for a batch of so many rows.
    fn dims(&self, batch: usize) -> Dims;

    /// Where the objective is defined.
    fn domain(&self) -> Domain {
        Domain::Interior
    }

    /// Data and network of a seed, and the network's first parameters.
    fn instance<E: Real>(&self, streams: &Streams) -> (Self::Instance, Parameters<E>);

    /// A hash of the data files that were read, if any: what the data is where it does not follow
    /// from the parameters.
    fn data_digest(&self) -> Option<String> {
        None
    }
}

/// Data and network of a task, for one seed.
///
/// It is pure: it reads no clock and no file, starts no thread, and draws random numbers only from
/// the streams that it is handed.
pub trait Instance: 'static {
    /// A batch of so many rows to train on.
    fn batch(&self, rows: usize, noise: &mut Noise) -> Batch<f32>;

    /// The logits of a batch, and the objective of its choices.
    fn forward<E: Real>(&self, parameters: &Parameters<E>, batch: &Batch<E>) -> Forward<E>;

    /// The metrics, in the order of [`Task::metrics`], on rows that are not trained on.
    ///
    /// # Errors
    /// If the estimator or the device fails.
    fn evaluate(
        &self,
        parameters: &Parameters<f32>,
        evaluation: &mut Evaluation<'_>,
    ) -> Result<Vec<f64>>;

    /// The references, in the order of [`Task::references`].
    fn references(&self) -> Vec<f64> {
        vec![]
    }

    /// Pictures of what the network has learned.
    ///
    /// # Errors
    /// If the device fails.
    fn artifacts(&self, parameters: &Parameters<f32>, noise: &mut Noise) -> Result<Vec<Artifact>> {
        let _ = (parameters, noise);
        Ok(vec![])
    }

    /// The gradient for the numbers that the logits of one batch were made from, where logits are
    /// tied to each other; nothing where the gradient for the logits ([B, L, K]) is what is measured.
    fn tied_gradient<E: Real>(&self, logits: &[E]) -> Option<Vec<E>> {
        let _ = logits;
        None
    }
}

/// What a network computes of a batch.
pub struct Forward<E: Real> {
    /// θ, [B·L, K].
    pub logits: Node<E>,
    /// Latents of a row.
    pub latents: usize,
    /// The loss of choices.
    pub objective: Box<dyn Objective<E>>,
    /// A part of each row's loss that does not depend on the choice, [B, 1]; the gradient of its
    /// mean is on the tape.
    pub penalty: Option<Packed<E>>,
    /// The tape that recorded all of it.
    pub tape: Recording<E>,
}

impl<E: Real> Forward<E> {
    /// Logits and an objective on a tape.
    pub fn new(
        logits: Node<E>,
        latents: usize,
        objective: impl Objective<E> + 'static,
        tape: Recording<E>,
    ) -> Self {
        Self { logits, latents, objective: Box::new(objective), penalty: None, tape }
    }

    /// With a part of the loss that does not depend on the choice.
    pub fn with_penalty(self, penalty: Packed<E>) -> Self {
        Self { penalty: Some(penalty), ..self }
    }

    /// Logits for an estimator, the objective, and the mean of the penalty.
    pub(crate) fn split(self) -> (Logits<E>, Box<dyn Objective<E>>, f64) {
        let mean = |penalty: Packed<E>| penalty.total() / penalty.rows() as f64;
        let penalty = self.penalty.map_or(0.0, mean);
        (Logits::new(self.logits, self.latents, self.tape), self.objective, penalty)
    }
}

/// The streams of random numbers of a task and a seed: the same whatever the estimator.
#[derive(Clone, Debug)]
pub struct Streams {
    kind: &'static str,
    seed: String,
}

impl Streams {
    /// The streams of a kind of task and a seed.
    pub fn new(kind: &'static str, seed: u64) -> Self {
        Self { kind, seed: seed.to_string() }
    }

    /// The stream of a purpose, such as `data`.
    pub fn named(&self, purpose: &str) -> Noise {
        Noise::named(&[purpose, self.kind, &self.seed])
    }
}

/// A [`Task`] whose type does not show: what a registry gives, and the harness trains on.
pub trait AnyTask: Send + Sync {
    /// As [`Task::metrics`].
    fn metrics(&self) -> Vec<Metric>;

    /// As [`Task::references`].
    fn references(&self) -> Vec<Reference>;

    /// As [`Task::dims`].
    fn dims(&self, batch: usize) -> Dims;

    /// As [`Task::domain`].
    fn domain(&self) -> Domain;

    /// As [`Task::data_digest`].
    fn data_digest(&self) -> Option<String>;

    /// A network with its first parameters, ready to be trained.
    fn start(&self, seed: u64, batch: usize, optimizer: &Optimizer) -> Box<dyn Training>;

    /// A place to measure gradients without training, in double precision: the batch of step 0 at the
    /// first parameters.
    fn probe(&self, seed: u64, batch: usize) -> Box<dyn Probe<f64>>;
}
