use super::data::Split;
use super::judge::{self, Predicted};
use super::network::Network;
use super::references;
use super::seeded::Seeded;
use super::{ExpertData, MixtureOfExperts};
use crate::batch::Rows;
use crate::data::{Absent, Folders};
use crate::metric::{ENTROPY, EXPERTS_PER_ROW, TRAINING_LOSS};
use crate::task::mnist::{Classified, NOT_AS_PUBLISHED};
use crate::task::{Streams, Task};
use crate::{Metric, Reference, Result};
use estimators::{Dims, Domain};
use kernels::{Parameters, Real};
use std::sync::OnceLock;

/// The task with its images, if it has any, read or missing.
pub struct Loaded {
    task: MixtureOfExperts,
    images: Option<Classified>,
    /// Of the images, which all runs share.
    rows: OnceLock<[Rows; 3]>,
}

impl Loaded {
    /// The task, with images from folders of data sets if it needs them. Without them it says only what it measures.
    ///
    /// # Errors
    /// If a file cannot be used, or has too few images.
    pub(super) fn new(task: MixtureOfExperts, folders: &Folders) -> Result<Self> {
        let needs_images = task.data == ExpertData::Mnist;
        let images = needs_images.then(|| Classified::read(folders, task.counts())).transpose()?;
        Ok(Self { task, images, rows: OnceLock::new() })
    }
}

impl Task for Loaded {
    type Instance = Seeded;

    fn metrics(&self) -> Vec<Metric> {
        let deployed = "with the experts that are deployed";
        let loss = |name, label| Metric::lower(name, label).with_note(deployed);
        let accuracy =
            |name, label| Metric::higher(name, label).with_note(deployed).bounded_by(0.0);
        let mut metrics = match judge::predicted(self.task.data) {
            Predicted::Number => vec![
                loss("test-loss", "test loss").chosen_by("validation-loss"),
                loss("validation-loss", "validation loss"),
            ],
            Predicted::Class(_) => vec![
                accuracy("test-accuracy", "test accuracy").chosen_by("validation-accuracy"),
                accuracy("validation-accuracy", "validation accuracy"),
                loss("test-loss", "test loss").in_unit("nats"),
            ],
        };
        metrics.extend([
            Metric::neutral("soft-hard-gap", "soft–hard gap")
                .with_note("the deployed loss minus that of the mixture of all experts"),
            EXPERTS_PER_ROW,
            Metric::lower("load-variation", "variation of loads")
                .with_note("the standard deviation of the experts' rows divided by their mean")
                .bounded_by((self.task.experts as f64 - 1.0).sqrt()),
            Metric::lower("dead-experts", "dead experts")
                .with_note("the share of experts that no row goes to")
                .bounded_by(1.0),
        ]);
        if self.task.recovers() {
            let note = "the share of rows that go to the expert of their cluster";
            let recovered = Metric::higher("recovered-share", "recovered share").with_note(note);
            metrics.push(recovered.bounded_by(0.0));
        }
        metrics.extend([TRAINING_LOSS, ENTROPY]);
        metrics
    }

    fn references(&self) -> Vec<Reference> {
        references::declared(&self.task)
    }

    fn dims(&self, batch: usize) -> Dims {
        Dims { batch, latents: self.task.picks, categories: self.task.experts }
    }

    fn domain(&self) -> Domain {
        if self.task.gated { Domain::GatedGradients } else { Domain::Interior }
    }

    fn instance<E: Real>(&self, streams: &Streams) -> (Seeded, Parameters<E>) {
        let make = |images: &Classified| images.rows(self.task.counts());
        let rows = self.images.as_ref().map(|images| self.rows.get_or_init(|| make(images)));
        let split = Split::new(&self.task, rows, &mut streams.named("data"));
        let (network, parameters) = Network::new(&self.task, &mut streams.named("init"));
        (Seeded { task: self.task.clone(), network, split }, parameters)
    }

    fn warnings(&self) -> Vec<String> {
        let is_other = self.images.as_ref().is_some_and(Classified::is_other);
        is_other.then(|| NOT_AS_PUBLISHED.to_owned()).into_iter().collect()
    }

    fn data_digest(&self) -> Option<String> {
        self.images.as_ref().map(Classified::digest)
    }

    fn absent(&self) -> Option<&Absent> {
        self.images.as_ref().and_then(Classified::absent)
    }
}
