use crate::classifier::entropy;
use crate::data::Images;
use crate::task::autoencoder::{Autoencoder, completions};
use crate::task::mnist::Split;
use crate::task::{Budget, GoOn, Instance, Streams};
use crate::{Artifact, Batch, Evaluation, Forward, Result};
use kernels::{Data, Noise, Packed, Parameters, Real};
use std::rc::Rc;

/// Images and network of a seed.
pub struct Seeded {
    pub(super) network: Autoencoder,
    pub(super) images: Split,
    /// Pixels of an upper half.
    pub(super) upper: usize,
    /// m, latents drawn for each image to evaluate.
    pub(super) samples: usize,
}

/// Images that are predicted at a time, each from m latents: activations of more would leave the cache.
const AT_ONCE: usize = 1024;

/// Lower halves of an image that are shown.
const SHOWN: usize = 3;

/// What is measured of images.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Measured {
    /// The mean of −ln (1/m Σ_i p(y | z_i)).
    pub(super) loss: f64,
    /// Of the latents.
    pub(super) entropy: f64,
}

impl Seeded {
    /// Images ([B, pixels]) as upper halves with the lower ones as targets.
    pub(super) fn halves(&self, images: &Packed<f32>) -> Batch<f32> {
        let part = |columns: std::ops::Range<usize>| {
            let mut numbers = vec![0.0; images.rows() * columns.len()];
            let width = columns.len();
            images.columns_to_rows(columns, &mut numbers);
            Packed::pack(&numbers, width)
        };
        let (upper, lower) = (part(0..self.upper), part(self.upper..images.columns()));
        Batch::new(Data::from_rows(upper), Rc::new(lower))
    }

    /// Measures images, with m latents drawn for each. However many are predicted at a time, latents are the
    /// same, as it is a multiple of sixteen.
    pub(super) fn measure(
        &self,
        parameters: &Parameters<f32>,
        images: &Images,
        noise: &mut Noise,
    ) -> Result<Measured> {
        let at_once = (AT_ONCE / self.samples / 16).max(1) * 16;
        let (mut loss, mut uncertainty) = (0.0, 0.0);
        for first in (0..images.len()).step_by(at_once) {
            let end = images.len().min(first + at_once);
            let batch = self.halves(&images.rows(first..end));
            let forward = self.forward(parameters, &batch);
            let losses = forward.losses(forward.samples(self.samples, noise))?.unpack();
            loss += losses.chunks_exact(self.samples).map(mixture).sum::<f64>();
            uncertainty += (end - first) as f64 * entropy(&forward.logits);
        }
        let count = images.len() as f64;
        Ok(Measured { loss: loss / count, entropy: uncertainty / count })
    }
}

/// −ln (1/m Σ_i e^{−f_i})
pub(super) fn mixture(losses: &[f32]) -> f64 {
    let losses = || losses.iter().map(|&loss| f64::from(loss));
    let least = losses().fold(f64::INFINITY, f64::min);
    if !least.is_finite() {
        // Not a number minus itself, but what a network that diverged has.
        return losses().sum();
    }
    let sum: f64 = losses().map(|loss| Real::exp(least - loss)).sum();
    least - Real::ln(sum / losses().count() as f64)
}

impl Instance for Seeded {
    fn batch(&self, rows: usize, noise: &mut Noise) -> Batch<f32> {
        self.halves(&self.images.batch(rows, noise))
    }

    fn batch_of_step(&self, rows: usize, step: u64, batches: &Noise) -> Batch<f32> {
        self.halves(&self.images.batch_of_step(rows, step, batches))
    }

    fn forward<E: Real>(&self, parameters: &Parameters<E>, batch: &Batch<E>) -> Forward<E> {
        let lower = Data::from_rows(batch.targets().as_ref().clone());
        self.network.prediction(parameters, batch.inputs(), lower)
    }

    fn evaluate(
        &self,
        parameters: &Parameters<f32>,
        evaluation: &mut Evaluation<'_>,
    ) -> Result<Vec<f64>> {
        let noise = evaluation.noise();
        let mut measure = |images: &Images| self.measure(parameters, images, noise);
        let validation = self.images.validation.as_ref().map(&mut measure).transpose()?;
        let Measured { loss, entropy } = measure(&self.images.test)?;
        let validation = validation.map(|measured| measured.loss);
        Ok([loss].into_iter().chain(validation).chain([entropy]).collect())
    }

    fn references(&self, _: &Streams, _: &Budget, _: GoOn<'_>) -> Result<Option<Vec<f64>>> {
        Ok(Some(vec![self.images.independent_pixels().skip(self.upper).sum()]))
    }

    fn artifacts(&self, parameters: &Parameters<f32>, noise: &mut Noise) -> Result<Vec<Artifact>> {
        let shown = self.images.validation.as_ref().unwrap_or(&self.images.test);
        let images = shown.rows(0..shown.len().min(10));
        let codes = self.forward(parameters, &self.halves(&images)).samples(SHOWN, noise);
        Ok(vec![completions(&self.network, parameters, &images, &codes)])
    }
}
