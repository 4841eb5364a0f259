use super::Vae;
use super::batches::{Batches, Epochs};
use super::files::{Pixels, Sets, binarized, published};
use super::seeded::Seeded;
use crate::data::{Absent, Folders};
use crate::task::autoencoder::Autoencoder;
use crate::task::{Streams, Task};
use crate::{Error, Metric, Reference, Result, Role, TRAINING_LOSS};
use estimators::Dims;
use kernels::{Parameters, Real};

/// The task with its images read, or without them.
pub struct Loaded {
    task: Vae,
    images: Result<Sets, Absent>,
}

impl Loaded {
    /// The task, with images from folders of data sets. Without them it says only what it measures.
    ///
    /// # Errors
    /// If a file cannot be used.
    pub(super) fn new(task: Vae, folders: &Folders) -> Result<Self> {
        let images = match Sets::read(task.pixels, task.validation_rows, folders) {
            Ok(images) => Ok(images),
            Err(Error::Absent(absent)) => Err(absent),
            Err(error) => return Err(error),
        };
        Ok(Self { task, images })
    }

    /// The hash of the images as they were published.
    fn published(&self) -> String {
        published(self.task.pixels, self.task.validation_rows)
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
        let others = self.images.as_ref().is_ok_and(|images| images.digest != self.published());
        let warning =
            "the images are not those of MNIST as published: its figures are no comparison";
        others.then(|| warning.to_owned()).into_iter().collect()
    }

    fn dims(&self, batch: usize) -> Dims {
        Dims { batch, latents: self.task.latents, categories: self.task.categories }
    }

    /// # Panics
    /// If the images are not there.
    fn instance<E: Real>(&self, streams: &Streams) -> (Seeded, Parameters<E>) {
        let Sets { train, validation, test, .. } = match &self.images {
            Ok(images) => images.clone(),
            Err(absent) => panic!("{absent}"),
        };
        let is_dynamic = self.task.pixels == Pixels::Dynamic;
        let held_out = |images, substream: u64| match is_dynamic {
            true => binarized(&images, &mut streams.named("binarization").at(substream)),
            false => images,
        };
        let epochs = match self.task.batches {
            Batches::Epochs => Some(Epochs::new(streams.named("epochs"), train.len())),
            Batches::Replacement => None,
        };
        let shape = self.task.shape(train.pixels());
        let (network, parameters) = Autoencoder::new(&shape, &mut streams.named("init"));
        let validation = self.validates().then(|| held_out(validation, 0));
        let test = held_out(test, 1);
        (Seeded { network, train, validation, test, epochs, is_dynamic }, parameters)
    }

    fn data_digest(&self) -> Option<String> {
        Some(self.images.as_ref().map_or_else(|_| self.published(), |images| images.digest.clone()))
    }

    fn absent(&self) -> Option<&Absent> {
        self.images.as_ref().err()
    }
}
