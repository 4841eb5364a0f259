use super::argmax_index::Predictor;
use super::references::{Budget, GoOn};
use crate::data::Absent;
use crate::{Artifact, Batch, Evaluation, Forward, Metric, Reference, Result};
use estimators::{Dims, Domain};
use kernels::{Noise, Parameters, Real};

/// A task with its data files read, for any seed.
pub trait Task: Send + Sync + 'static {
    /// Data and network of a seed.
    type Instance: Instance;

    /// What is measured. The first metric ranks. A task that declares [`crate::TRAINING_LOSS`] has it
    /// recorded.
    fn metrics(&self) -> Vec<Metric>;

    /// Values to compare metrics with, such as floors and simple baselines.
    fn references(&self) -> Vec<Reference> {
        vec![]
    }

    /// What a reader of its results has to be warned of, such as too few rows.
    fn warnings(&self) -> Vec<String> {
        vec![]
    }

    /// The dimensions of the choice for a batch of `batch` rows.
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

    /// The data file that is not there, if one is missing. Then the task still says what it measures, so
    /// that stored runs can be reported; no [`Task::instance`] can be had. Its [`Task::data_digest`] is that
    /// of the data set as it was published, or of the file that stored runs used
    /// ([`crate::data::Folders::known`]).
    fn absent(&self) -> Option<&Absent> {
        None
    }
}

/// Data and network of a task, for one seed.
///
/// It is pure: it reads no clock and no file, starts no thread, and draws random numbers only from
/// the streams that it is handed.
pub trait Instance: 'static {
    /// A batch of `rows` training rows.
    fn batch(&self, rows: usize, noise: &mut Noise) -> Batch<f32>;

    /// The batch of a step, where batches depend on each other, as when each row comes once in an epoch.
    /// `batches` is the stream whose substreams give the batches of steps.
    fn batch_of_step(&self, rows: usize, step: u64, batches: &Noise) -> Batch<f32> {
        self.batch(rows, &mut batches.at(step))
    }

    /// The logits of a batch, and the objective of its choices.
    fn forward<E: Real>(&self, parameters: &Parameters<E>, batch: &Batch<E>) -> Forward<E>;

    /// The metrics, in the order of [`Task::metrics`], on rows that are not trained on: all but those
    /// over the steps ([`Metric::over_steps`]), which training itself records.
    ///
    /// # Errors
    /// If the estimator or the device fails.
    fn evaluate(
        &self,
        parameters: &Parameters<f32>,
        evaluation: &mut Evaluation<'_>,
    ) -> Result<Vec<f64>>;

    /// The references, in the order of [`Task::references`]. Those that are networks are trained with
    /// the budget. Nothing if it was stopped.
    ///
    /// # Errors
    /// If the device fails.
    fn references(
        &self,
        streams: &Streams,
        budget: &Budget,
        go_on: GoOn<'_>,
    ) -> Result<Option<Vec<f64>>> {
        let _ = (streams, budget, go_on);
        Ok(Some(vec![]))
    }

    /// Pictures of what the network has learned.
    ///
    /// # Errors
    /// If the device fails.
    fn artifacts(&self, parameters: &Parameters<f32>, noise: &mut Noise) -> Result<Vec<Artifact>> {
        let _ = (parameters, noise);
        Ok(vec![])
    }

    /// The network with these parameters, ready to predict new rows, if the task has new rows.
    fn predictor(&self, parameters: &Parameters<f32>) -> Option<Predictor> {
        let _ = parameters;
        None
    }

    /// The gradient of the expected loss, in the form in which estimates of it are measured, where it is
    /// known in closed form: it is then measured against with more outcomes than can be enumerated.
    fn exact_gradient<E: Real>(&self, parameters: &Parameters<E>) -> Option<Vec<f64>> {
        let _ = parameters;
        None
    }

    /// The gradient for the numbers that the logits of one batch were made from, where logits are
    /// tied to each other; nothing where the gradient for the logits ([B, L, K]) is what is measured.
    fn tied_gradient<E: Real>(&self, logits: &[E]) -> Option<Vec<E>> {
        let _ = logits;
        None
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
