use super::StructuredPrediction;
use super::seeded::Seeded;
use crate::data::{Absent, Folders};
use crate::metric::{ENTROPY, TRAINING_LOSS};
use crate::task::autoencoder::Autoencoder;
use crate::task::mnist::Source;
use crate::task::{Streams, Task};
use crate::{Metric, Reference, Result, Role};
use estimators::Dims;
use kernels::{Parameters, Real};

/// The task with its images read, or without them.
pub struct Loaded {
    task: StructuredPrediction,
    source: Source,
}

impl Loaded {
    /// The task, with images from folders of data sets. Without them it says only what it measures.
    ///
    /// # Errors
    /// If a file cannot be used.
    pub(super) fn new(task: StructuredPrediction, folders: &Folders) -> Result<Self> {
        let source = Source::read(task.pixels, task.validation_rows, folders)?;
        Ok(Self { task, source })
    }
}

/// The training loss, which is a bound as well: at one choice of the latents.
const TRAINING: Metric =
    Metric { label: "training negative log-likelihood", ..TRAINING_LOSS }.in_unit("nats");

impl Task for Loaded {
    type Instance = Seeded;

    fn metrics(&self) -> Vec<Metric> {
        let loss = |name, label| {
            let loss = Metric::lower(name, label).in_unit("nats");
            loss.with_note("of the lower half, a bound from latents sampled for each image")
        };
        let test = loss("negative-log-likelihood", "test negative log-likelihood");
        let validation =
            loss("validation-negative-log-likelihood", "validation negative log-likelihood");
        vec![test.chosen_by(validation.name), validation, TRAINING, ENTROPY]
    }

    fn references(&self) -> Vec<Reference> {
        let (name, label) = ("independent-pixels", "pixels drawn alone");
        vec![Reference { name, label, metric: "negative-log-likelihood", role: Role::Rival }]
    }

    fn warnings(&self) -> Vec<String> {
        self.source.warnings()
    }

    fn dims(&self, batch: usize) -> Dims {
        Dims { batch, latents: self.task.latents, categories: self.task.categories }
    }

    /// # Panics
    /// If the images are not there.
    fn instance<E: Real>(&self, streams: &Streams) -> (Seeded, Parameters<E>) {
        let mut images = self.source.split(self.task.batches, streams);
        images.test = images.test.spaced(self.task.test_rows);
        let (lines, columns) = images.train.size();
        let upper = lines / 2 * columns;
        let shape = self.task.shape(upper, images.train.pixels() - upper);
        let (network, parameters) = Autoencoder::new(&shape, &mut streams.named("init"));
        (Seeded { network, images, upper, samples: self.task.samples }, parameters)
    }

    fn data_digest(&self) -> Option<String> {
        Some(self.source.digest())
    }

    fn absent(&self) -> Option<&Absent> {
        self.source.absent()
    }
}
