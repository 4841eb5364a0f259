mod loaded;
mod seeded;
#[cfg(test)]
mod tests;

pub use loaded::Loaded;

use super::any::Named;
use super::autoencoder::{self, Codes, Shape};
use super::mnist::{Batches, Pixels};
use super::{AnyTask, TaskKind};
use crate::data::{Folders, Images};
use crate::{Result, ranges};
use kernels::{Activation, Initialization};
use registry::Fault;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A variational autoencoder of MNIST, with a code of categorical latents.
///
/// The network is pixels → hidden layers → L·K logits, and from the code back. The loss of an image is the
/// cross-entropy of its pixels, given a code that the estimator samples, plus the divergence of the code's
/// distribution from the uniform one, which is exact: the negative evidence lower bound (ELBO).
///
/// The images are in IDX files, plain or compressed with gzip, in a folder of data sets: that of `--data`,
/// else that of the environment variable `ARGMAX_LAB_DATA`, else `data`, in the current folder or beside
/// the experiment's. `scripts/fetch-mnist` gets them. They are `train-images-idx3-ubyte` and
/// `t10k-images-idx3-ubyte`; with `pixels = "static"`, `binarised-train-images-idx3-ubyte`,
/// `binarised-valid-images-idx3-ubyte` and `binarised-test-images-idx3-ubyte`.
///
/// **Which rows choose** With `validation-rows` above 0 these are held out of training, and choose settings
/// and the stopping step: `negative-elbo`, that of the test images, is ranked. With `validation-rows = 0`
/// all images are trained on, as some publications do, and the training loss is ranked, which is what they
/// report. The test images choose nothing either way.
///
/// Metrics, in nats: `negative-elbo` of the test images, and `validation-negative-elbo`, each at one hard
/// code sampled for each image; `training-loss`, the mean of the losses of the steps since the evaluation
/// before, which is that of an epoch if `evaluate-every` is the number of its steps, at the codes that the
/// estimator met: hard ones, or relaxed ones, for which it is no bound; `divergence`, the second part of
/// `negative-elbo`. Reference: `independent-pixels`, the cross-entropy of test images if each pixel is
/// drawn alone, with its mean in the images trained on, counted with one gray image more: a decoder whose
/// code says nothing.
///
/// **Streams** `init` gives the first weights, and biases if they are drawn, in the order of `categorical-vae`. `epochs` gives at substream e the permutation of
/// the images trained on in epoch e, from 0; images that do not fill a batch are left out of that epoch.
/// With `batches = "replacement"`, the stream `batch` gives the indices of a step. With
/// `pixels = "dynamic"`, a pixel is 1 if the next number of the step's stream `batch` is below it; the
/// images to validate and to test on are binarized once for each seed, with substreams 0 and 1 of the
/// stream `binarization`. The stream of an evaluation gives the codes of the images to validate on, then
/// those of the images to test on.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Vae {
    /// L, latents of a code: from 1 up.
    pub latents: usize,
    /// K, categories of a latent: from 2 up.
    pub categories: usize,
    /// Widths of the encoder's hidden layers, from 1 up each; the decoder has them in reverse.
    pub hidden: Vec<usize>,
    /// Between layers: `relu`, or `leaky-relu`, which multiplies negative numbers by `slope`.
    pub activation: Between,
    /// Of negative numbers in a `leaky-relu`: above 0, below 1.
    pub slope: f64,
    /// How the first weights and biases are drawn: as `pytorch` draws them, uniform between ±1/√inputs of their
    /// layer; or `glorot`, weights uniform between ±√(6/(inputs + outputs)) and biases 0, as TensorFlow does.
    #[serde(skip_serializing_if = "FirstParameters::is_pytorch")]
    pub initialization: FirstParameters,
    /// What the decoder reads of a latent: `one-hot`, K numbers; or `integer`, the category's number
    /// divided by K − 1.
    pub codes: Codes,
    /// `real`, gray levels from 0 to 1; `thresholded`, 1 above half of white; `static`, the binarization of
    /// Larochelle & Murray 2011; or `dynamic`, 1 with the gray level's probability, drawn for each batch
    /// (Salakhutdinov & Murray 2008).
    pub pixels: Pixels,
    /// `epochs`, in each of which an image is met once, or `replacement`.
    pub batches: Batches,
    /// Images to validate on: the last of those to train on, or the first of the `static` binarization's
    /// own. From 0 up.
    pub validation_rows: usize,
}

/// What is between layers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Between {
    /// max(0, y)
    Relu,
    /// y, or y times the slope where it is negative.
    #[default]
    LeakyRelu,
}

/// How the first weights and biases are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FirstParameters {
    /// Uniform between ±1/√inputs.
    #[default]
    Pytorch,
    /// Weights uniform between ±√(6/(inputs + outputs)), biases 0.
    Glorot,
}

impl FirstParameters {
    fn is_pytorch(&self) -> bool {
        *self == Self::Pytorch
    }
}

impl Default for Vae {
    fn default() -> Self {
        Self {
            latents: 8,
            categories: 64,
            hidden: vec![512, 256],
            activation: Between::LeakyRelu,
            slope: 0.2,
            initialization: FirstParameters::Pytorch,
            codes: Codes::OneHot,
            pixels: Pixels::Real,
            batches: Batches::Epochs,
            validation_rows: 10_000,
        }
    }
}

impl TaskKind for Vae {
    const NAME: &'static str = "vae";
    const SUMMARY: &'static str = "a code of categorical latents for MNIST";
    const VERSION: u32 = 1;
    type Task = Loaded;

    fn check(&self) -> Result<(), Fault> {
        autoencoder::check(self.latents, self.categories, &self.hidden)?;
        ranges::count("validation-rows", self.validation_rows, 0)?;
        let holds = self.slope > 0.0 && self.slope < 1.0;
        Fault::require(holds, "slope", self.slope, "a number above 0, below 1")
    }

    fn load(self, folders: &Folders) -> Result<Loaded> {
        Loaded::new(self, folders)
    }
}

impl Vae {
    /// The task with images that are in no file: those to train on, the last `validation-rows` of them held out,
    /// and those to test on.
    ///
    /// # Panics
    /// If none is left to train on, or they differ in size.
    pub fn with_images(self, train: &Images, test: Images) -> Arc<dyn AnyTask> {
        Arc::new(Named::new(Self::NAME, Loaded::with(self, train, test)))
    }

    fn shape(&self, pixels: usize) -> Shape {
        let Self { latents, categories, codes, .. } = *self;
        let activation = match self.activation {
            Between::Relu => Activation::Relu,
            Between::LeakyRelu => Activation::LeakyRelu(self.slope),
        };
        let (hidden, outputs) = (self.hidden.clone(), pixels);
        let initialization = match self.initialization {
            FirstParameters::Pytorch => Initialization::Inputs,
            FirstParameters::Glorot => Initialization::Glorot,
        };
        Shape { pixels, hidden, latents, categories, activation, codes, outputs, initialization }
    }
}
