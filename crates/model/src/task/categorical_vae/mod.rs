#[cfg(test)]
mod tests;

use super::autoencoder::{self, Autoencoder, Codes, Shape, reconstructions};
use super::{Budget, GoOn, Instance, Streams, Task, TaskKind};
use crate::batch::{Batch, Rows};
use crate::data::Folders;
use crate::{Artifact, Evaluation, Forward, Metric, Reference, Result, Role, ranges};
use estimators::Dims;
use kernels::{Activation, Initialization, Noise, Packed, Parameters, Real};
use registry::Fault;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A variational autoencoder with a code of categorical latents.
///
/// The loss of an image is the cross-entropy of its pixels, given a code that the estimator samples,
/// plus the divergence of the code's distribution from the uniform one, which is exact. The network
/// is that of Liu et al. 2023, arXiv:2304.08612: pixels → hidden layers → L·K logits and back, with
/// ReLU between layers. Images are random: their pixels are independent bits, so that there is
/// nothing to learn but their mean.
///
/// Metrics: `negative-elbo`, that loss on the images to test on, at one code sampled for each image,
/// in nats; `validation-negative-elbo`, the same on the images to validate on, which chooses settings
/// and the stopping step; `divergence`, its second part. No code does better in expectation than the
/// entropy of the pixels.
///
/// The stream `data` gives the images to train on, to validate on and to test on, in this order. The
/// stream of an evaluation gives the codes of the images to validate on, then those of the images to
/// test on.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct CategoricalVae {
    /// L, latents of a code: from 1 up.
    pub latents: usize,
    /// K, categories of a latent: from 2 up.
    pub categories: usize,
    /// Widths of the encoder's hidden layers, from 1 up each; the decoder has them in reverse.
    pub hidden: Vec<usize>,
    /// Pixels of an image: from 1 up.
    pub pixels: usize,
    /// Images to train on: from 1 up.
    pub rows: usize,
    /// Images to validate on: from 1 up.
    pub validation_rows: usize,
    /// Images to test on: from 1 up.
    pub test_rows: usize,
    /// The probability that a pixel is 1: from 0 to 1.
    pub mean: f64,
}

impl Default for CategoricalVae {
    fn default() -> Self {
        Self {
            latents: 8,
            categories: 4,
            hidden: vec![512, 256],
            pixels: 784,
            rows: 2000,
            validation_rows: 500,
            test_rows: 500,
            mean: 0.13,
        }
    }
}

impl TaskKind for CategoricalVae {
    const NAME: &'static str = "categorical-vae";
    const SUMMARY: &'static str = "a code of categorical latents for images";
    const VERSION: u32 = 2;
    type Task = Self;

    fn check(&self) -> Result<(), Fault> {
        autoencoder::check(self.latents, self.categories, &self.hidden)?;
        ranges::count("pixels", self.pixels, 1)?;
        ranges::count("rows", self.rows, 1)?;
        ranges::count("validation-rows", self.validation_rows, 1)?;
        ranges::count("test-rows", self.test_rows, 1)?;
        let holds = (0.0..=1.0).contains(&self.mean);
        Fault::require(holds, "mean", self.mean, "a probability from 0 to 1")
    }

    fn load(self, _: &Folders) -> Result<Self> {
        Ok(self)
    }
}

impl CategoricalVae {
    /// So many images, one a column: [pixels, count].
    fn images(&self, count: usize, noise: &mut Noise) -> Packed<f32> {
        let mut bits = vec![0.0; count * self.pixels];
        noise.fill_uniform(&mut bits);
        bits.iter_mut().for_each(|u: &mut f32| *u = f32::from(u8::from(f64::from(*u) < self.mean)));
        Packed::from_columns(&bits, self.pixels)
    }

    fn shape(&self) -> Shape {
        let Self { pixels, latents, categories, .. } = *self;
        let (hidden, activation) = (self.hidden.clone(), Activation::Relu);
        let (codes, outputs) = (Codes::OneHot, pixels);
        let initialization = Initialization::Inputs;
        Shape { pixels, hidden, latents, categories, activation, codes, outputs, initialization }
    }

    /// The entropy of an image, in nats.
    fn pixel_entropy(&self) -> f64 {
        let term = |p: f64| if p > 0.0 { -p * p.ln() } else { 0.0 };
        self.pixels as f64 * (term(self.mean) + term(1.0 - self.mean))
    }
}

impl Task for CategoricalVae {
    type Instance = Seeded;

    fn metrics(&self) -> Vec<Metric> {
        let at_a_sample = "at one code sampled for each image";
        vec![
            Metric::lower("negative-elbo", "negative ELBO")
                .with_note(at_a_sample)
                .in_unit("nats")
                .chosen_by("validation-negative-elbo"),
            Metric::lower("validation-negative-elbo", "validation negative ELBO")
                .with_note(at_a_sample)
                .in_unit("nats"),
            Metric::neutral("divergence", "divergence of the code").in_unit("nats"),
        ]
    }

    fn references(&self) -> Vec<Reference> {
        let (name, label) = ("pixel-entropy", "entropy of the pixels");
        vec![Reference { name, label, metric: "negative-elbo", role: Role::Floor }]
    }

    fn dims(&self, batch: usize) -> Dims {
        Dims { batch, latents: self.latents, categories: self.categories }
    }

    fn instance<E: Real>(&self, streams: &Streams) -> (Seeded, Parameters<E>) {
        let data = &mut streams.named("data");
        let train = Rows::of_columns(self.images(self.rows, data));
        let [validation, test] = [self.validation_rows, self.test_rows]
            .map(|count| Rows::of_columns(self.images(count, data)).all());
        let (network, parameters) = Autoencoder::new(&self.shape(), &mut streams.named("init"));
        (Seeded { network, train, validation, test, floor: self.pixel_entropy() }, parameters)
    }
}

/// Images and network of a seed.
pub struct Seeded {
    network: Autoencoder,
    train: Rows,
    validation: Batch<f32>,
    test: Batch<f32>,
    /// The entropy of an image.
    floor: f64,
}

impl Instance for Seeded {
    fn batch(&self, rows: usize, noise: &mut Noise) -> Batch<f32> {
        self.train.draw(rows, noise)
    }

    fn forward<E: Real>(&self, parameters: &Parameters<E>, batch: &Batch<E>) -> Forward<E> {
        self.network.forward(parameters, batch.inputs())
    }

    fn evaluate(
        &self,
        parameters: &Parameters<f32>,
        evaluation: &mut Evaluation<'_>,
    ) -> Result<Vec<f64>> {
        let mut bound = |images: &Batch<f32>| -> Result<(f64, f64)> {
            let forward = self.forward(parameters, images);
            let reconstruction = forward.mean_loss(forward.sample(evaluation.noise()))?;
            let divergence = forward.mean_penalty();
            Ok((reconstruction + divergence, divergence))
        };
        let (validated, divergence) = bound(&self.validation)?;
        Ok(vec![bound(&self.test)?.0, validated, divergence])
    }

    fn references(&self, _: &Streams, _: &Budget, _: GoOn<'_>) -> Result<Option<Vec<f64>>> {
        Ok(Some(vec![self.floor]))
    }

    /// Images that are not trained on, above their reconstructions.
    fn artifacts(&self, parameters: &Parameters<f32>, noise: &mut Noise) -> Result<Vec<Artifact>> {
        let codes = self.forward(parameters, &self.validation).sample(noise);
        let images = self.validation.inputs().rows();
        Ok(vec![reconstructions(&self.network, parameters, images, &codes)])
    }
}
