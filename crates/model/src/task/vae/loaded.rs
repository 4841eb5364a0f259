use super::Vae;
use super::seeded::Seeded;
use crate::data::{Absent, Folders, Images};
use crate::task::autoencoder::Autoencoder;
use crate::task::mnist::{Sets, Source};
use crate::task::{Streams, Task};
use crate::{Metric, Reference, Result, Role, TRAINING_LOSS};
use estimators::Dims;
use kernels::{Parameters, Real};

/// The task with its images read, or without them.
pub struct Loaded {
    task: Vae,
    source: Source,
}

impl Loaded {
    /// The task, with images from folders of data sets. Without them it says only what it measures.
    ///
    /// # Errors
    /// If a file cannot be used.
    pub(super) fn new(task: Vae, folders: &Folders) -> Result<Self> {
        let source = Source::read(task.pixels, task.validation_rows, folders)?;
        Ok(Self { task, source })
    }

    /// The task, with images that are in no file.
    pub(super) fn with(task: Vae, train: &Images, test: Images) -> Self {
        let Vae { pixels, validation_rows, .. } = task;
        let source = Source::of(pixels, validation_rows, Sets::of(train, test, validation_rows));
        Self { task, source }
    }

    /// Whether rows are held out to choose.
    fn validates(&self) -> bool {
        self.task.validation_rows > 0
    }
}

/// Of an autoencoder's bound, which the estimator meets.
const TRAINING: Metric =
    Metric { label: "training negative ELBO", ..TRAINING_LOSS }.in_unit("nats");

impl Task for Loaded {
    type Instance = Seeded;

    fn metrics(&self) -> Vec<Metric> {
        let sampled = "at one code sampled for each image";
        let test = Metric::lower("negative-elbo", "test negative ELBO");
        let test = test.with_note(sampled).in_unit("nats");
        let divergence = Metric::neutral("divergence", "divergence of the code").in_unit("nats");
        if !self.validates() {
            return vec![TRAINING, test, divergence];
        }
        let validation = Metric::lower("validation-negative-elbo", "validation negative ELBO")
            .with_note(sampled)
            .in_unit("nats");
        vec![test.chosen_by(validation.name), validation, TRAINING, divergence]
    }

    fn references(&self) -> Vec<Reference> {
        let (name, label) = ("independent-pixels", "pixels drawn alone");
        vec![Reference { name, label, metric: "negative-elbo", role: Role::Rival }]
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
        let images = self.source.split(self.task.batches, streams);
        let shape = self.task.shape(images.train.pixels());
        let (network, parameters) = Autoencoder::new(&shape, &mut streams.named("init"));
        (Seeded { network, images }, parameters)
    }

    fn data_digest(&self) -> Option<String> {
        Some(self.source.digest())
    }

    fn absent(&self) -> Option<&Absent> {
        self.source.absent()
    }
}
