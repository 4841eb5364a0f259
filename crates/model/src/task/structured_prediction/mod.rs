mod loaded;
mod seeded;
#[cfg(test)]
mod tests;

pub use loaded::Loaded;

use super::TaskKind;
use super::autoencoder::{self, Codes, Shape};
use super::mnist::{Batches, Pixels};
use crate::data::Folders;
use crate::{Result, ranges};
use kernels::{Activation, Initialization};
use registry::Fault;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The lower half of an MNIST digit, predicted from its upper half through a layer of categorical latents.
///
/// The network is upper pixels → hidden layers → L·K logits, and from the latents back through the same widths
/// to a logit for each lower pixel, with ReLU between layers. The loss of an image is the cross-entropy of its
/// lower pixels y, −ln p(y | z), at latents z that are drawn given its upper pixels; its expectation is what is
/// minimized, as by Raiko et al. 2015, arXiv:1406.2989, and Jang, Gu & Poole 2017, arXiv:1611.01144, §4.1. Their
/// networks have two layers of latents; this one has one.
///
/// The images are those of `vae`, from the same files. The upper half of an odd number of lines is the
/// smaller one.
///
/// Metrics, in nats: `negative-log-likelihood` of the lower halves of test images, which is
/// −ln (1/m Σ_i p(y | z_i)) with m latents drawn for each image, on average an upper bound that the greater m is,
/// the less it exceeds; `validation-negative-log-likelihood`, the same of the images to validate on, which
/// chooses settings and the stopping step; `training-loss`, the mean of the losses that the estimator met since
/// the evaluation before, at one choice or relaxed ones; `entropy` of the latents of test images. Publications
/// take m = 1000, which takes ten times as long as the 100 that `samples` is unless given. Reference:
/// `independent-pixels`, the cross-entropy if each lower pixel is drawn alone, as in `vae`.
///
/// **Streams** `init`, `epochs`, `batch` and `binarization` are as in `vae`. The stream of an evaluation gives
/// the latents of the images to validate on, then those of the images to test on: it is that of the step and
/// the seed, so that all estimators are measured with the same noise.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct StructuredPrediction {
    /// L, latents: from 1 up.
    pub latents: usize,
    /// K, categories of a latent: from 2 up.
    pub categories: usize,
    /// Widths of the encoder's hidden layers, from 1 up each; the decoder has them in reverse.
    pub hidden: Vec<usize>,
    /// `real`, `thresholded`, `static` or `dynamic`, as in `vae`.
    pub pixels: Pixels,
    /// `epochs`, in each of which an image is met once, or `replacement`.
    pub batches: Batches,
    /// m, latents drawn for each image to evaluate: from 1 up.
    pub samples: usize,
    /// Images to validate on, from the same place as in `vae`: from 1 up.
    pub validation_rows: usize,
    /// Images to test on, at even distances in their file, if there are so many: from 1 up.
    pub test_rows: usize,
}

impl Default for StructuredPrediction {
    fn default() -> Self {
        Self {
            latents: 20,
            categories: 10,
            hidden: vec![200],
            pixels: Pixels::Static,
            batches: Batches::Epochs,
            samples: 100,
            validation_rows: 1000,
            test_rows: 10_000,
        }
    }
}

impl TaskKind for StructuredPrediction {
    const NAME: &'static str = "structured-prediction";
    const SUMMARY: &'static str = "the lower half of an MNIST digit from its upper half";
    const VERSION: u32 = 2;
    type Task = Loaded;

    fn check(&self) -> Result<(), Fault> {
        autoencoder::check(self.latents, self.categories, &self.hidden)?;
        ranges::count("samples", self.samples, 1)?;
        ranges::count("validation-rows", self.validation_rows, 1)?;
        ranges::count("test-rows", self.test_rows, 1)
    }

    fn load(self, folders: &Folders) -> Result<Loaded> {
        Loaded::new(self, folders)
    }
}

impl StructuredPrediction {
    /// The network from so many upper pixels to so many lower ones.
    fn shape(&self, pixels: usize, outputs: usize) -> Shape {
        let Self { latents, categories, .. } = *self;
        let (hidden, activation, codes) = (self.hidden.clone(), Activation::Relu, Codes::OneHot);
        let initialization = Initialization::Inputs;
        Shape { pixels, hidden, latents, categories, activation, codes, outputs, initialization }
    }
}
