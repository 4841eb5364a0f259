use crate::data::Images;
use crate::task::autoencoder::{Autoencoder, reconstructions, samples};
use crate::task::mnist::Split;
use crate::task::{Budget, GoOn, Instance, Streams};
use crate::{Artifact, Batch, Evaluation, Forward, Result};
use kernels::{Data, Noise, Parameters, Real};

/// Images and network of a seed.
pub struct Seeded {
    pub(super) network: Autoencoder,
    pub(super) images: Split,
}

/// Images that are evaluated at a time: activations of more would leave the cache. A multiple of sixteen,
/// so that codes are the same however many it is.
const AT_ONCE: usize = 512;

/// The mean negative bound of images, and the part of it that is the divergence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bound {
    pub(super) total: f64,
    pub(super) divergence: f64,
}

impl Seeded {
    /// The bound at one code sampled for each image, `at_once` images at a time.
    pub(super) fn bound(
        &self,
        parameters: &Parameters<f32>,
        images: &Images,
        at_once: usize,
        noise: &mut Noise,
    ) -> Result<Bound> {
        let (mut total, mut divergence) = (0.0, 0.0);
        for first in (0..images.len()).step_by(at_once) {
            let end = images.len().min(first + at_once);
            let batch = Data::from_rows(images.rows(first..end));
            let forward = self.network.forward(parameters, &batch);
            let count = (end - first) as f64;
            total += count * forward.mean_loss(forward.sample(noise))?;
            divergence += count * forward.mean_penalty();
        }
        let count = images.len() as f64;
        Ok(Bound { total: (total + divergence) / count, divergence: divergence / count })
    }
}

impl Instance for Seeded {
    fn batch(&self, rows: usize, noise: &mut Noise) -> Batch<f32> {
        Batch::of_inputs(Data::from_rows(self.images.batch(rows, noise)))
    }

    fn batch_of_step(&self, rows: usize, step: u64, batches: &Noise) -> Batch<f32> {
        Batch::of_inputs(Data::from_rows(self.images.batch_of_step(rows, step, batches)))
    }

    fn forward<E: Real>(&self, parameters: &Parameters<E>, batch: &Batch<E>) -> Forward<E> {
        self.network.forward(parameters, batch.inputs())
    }

    fn evaluate(
        &self,
        parameters: &Parameters<f32>,
        evaluation: &mut Evaluation<'_>,
    ) -> Result<Vec<f64>> {
        let noise = evaluation.noise();
        let mut bound = |images: &Images| self.bound(parameters, images, AT_ONCE, noise);
        let validation = self.images.validation.as_ref().map(&mut bound).transpose()?;
        let test = bound(&self.images.test)?;
        let validation = validation.map(|bound| bound.total);
        Ok([test.total].into_iter().chain(validation).chain([test.divergence]).collect())
    }

    fn references(&self, _: &Streams, _: &Budget, _: GoOn<'_>) -> Result<Option<Vec<f64>>> {
        Ok(Some(vec![self.images.independent_pixels().sum()]))
    }

    fn artifacts(&self, parameters: &Parameters<f32>, noise: &mut Noise) -> Result<Vec<Artifact>> {
        let shown = self.images.validation.as_ref().unwrap_or(&self.images.test);
        let images = shown.rows(0..shown.len().min(10));
        let batch = Batch::of_inputs(Data::from_rows(images.clone()));
        let codes = self.forward(parameters, &batch).sample(noise);
        Ok(vec![
            reconstructions(&self.network, parameters, &images, &codes),
            samples(&self.network, parameters, noise),
        ])
    }
}
