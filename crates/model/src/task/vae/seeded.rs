use super::batches::Epochs;
use crate::data::Images;
use crate::task::autoencoder::{Autoencoder, reconstructions, samples};
use crate::task::{Budget, GoOn, Instance, Streams};
use crate::{Artifact, Batch, Evaluation, Forward, Result};
use kernels::{Data, Noise, Packed, Parameters, Real};

/// Images and network of a seed.
pub struct Seeded {
    pub(super) network: Autoencoder,
    pub(super) train: Images,
    /// None if nothing is held out to choose.
    pub(super) validation: Option<Images>,
    pub(super) test: Images,
    /// The orders of epochs; none if batches are drawn with replacement.
    pub(super) epochs: Option<Epochs>,
    /// Whether pixels of a batch are bits that are drawn for it.
    pub(super) is_dynamic: bool,
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
    fn batch_of(&self, indices: &[usize], noise: &mut Noise) -> Batch<f32> {
        let mut rows = self.train.rows(indices.iter().copied());
        if self.is_dynamic {
            rows = binarized(&rows, noise);
        }
        Batch::of_inputs(Data::from_rows(rows))
    }

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

    /// The cross-entropy of a test image if pixels are drawn alone, with their means over images to train
    /// on and one more of gray pixels.
    fn independent_pixels(&self) -> f64 {
        let count = self.train.len() as f64;
        let (train, test) = (means(&self.train), means(&self.test));
        let loss = |(m, x): (f64, f64)| {
            let m = (count * m + 0.5) / (count + 1.0);
            -(x * m.ln() + (1.0 - x) * (1.0 - m).ln())
        };
        // It is linear in the pixels, so that their means are enough.
        train.into_iter().zip(test).map(loss).sum()
    }
}

impl Instance for Seeded {
    fn batch(&self, rows: usize, noise: &mut Noise) -> Batch<f32> {
        let indices = noise.indices(self.train.len() as u32, rows);
        let indices: Vec<usize> = indices.iter().map(|&index| index as usize).collect();
        self.batch_of(&indices, noise)
    }

    fn batch_of_step(&self, rows: usize, step: u64, batches: &Noise) -> Batch<f32> {
        let noise = &mut batches.at(step);
        match &self.epochs {
            Some(epochs) => self.batch_of(&epochs.images(step, rows), noise),
            None => self.batch(rows, noise),
        }
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
        let validation = self.validation.as_ref().map(&mut bound).transpose()?;
        let test = bound(&self.test)?;
        let validation = validation.map(|bound| bound.total);
        Ok([test.total].into_iter().chain(validation).chain([test.divergence]).collect())
    }

    fn references(&self, _: &Streams, _: &Budget, _: GoOn<'_>) -> Result<Option<Vec<f64>>> {
        Ok(Some(vec![self.independent_pixels()]))
    }

    fn artifacts(&self, parameters: &Parameters<f32>, noise: &mut Noise) -> Result<Vec<Artifact>> {
        let shown = self.validation.as_ref().unwrap_or(&self.test);
        let images = shown.rows(0..shown.len().min(10));
        let batch = Batch::of_inputs(Data::from_rows(images.clone()));
        let codes = self.forward(parameters, &batch).sample(noise);
        Ok(vec![
            reconstructions(&self.network, parameters, &images, &codes),
            samples(&self.network, parameters, noise),
        ])
    }
}

/// Each number as 1 if the next uniform number of the noise is below it, else 0.
fn binarized(rows: &Packed<f32>, noise: &mut Noise) -> Packed<f32> {
    let mut bits = rows.unpack();
    let mut uniforms = vec![0.0f32; bits.len()];
    noise.fill_uniform(&mut uniforms);
    bits.iter_mut().zip(uniforms).for_each(|(x, u)| *x = f32::from(u8::from(u < *x)));
    Packed::pack(&bits, rows.columns())
}

/// The mean of each pixel, from 0 to 1.
fn means(images: &Images) -> Vec<f64> {
    let mut sums = vec![0u64; images.pixels()];
    for image in images.levels().chunks_exact(sums.len()) {
        sums.iter_mut().zip(image).for_each(|(sum, &level)| *sum += u64::from(level));
    }
    let scale = 255.0 * images.len() as f64;
    sums.into_iter().map(|sum| sum as f64 / scale).collect()
}
