mod network;

pub use network::{Autoencoder, Reconstruction};

use super::{Instance, Streams, Task, TaskKind};
use crate::batch::{Batch, Rows};
use crate::classifier::divergence_from_uniform;
use crate::{Artifact, Evaluation, Forward, Metric, Reference, Result};
use estimators::Dims;
use kernels::tape::Recording;
use kernels::{Noise, Packed, Parameters, Real, rows};
use registry::Fault;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::rc::Rc;

/// A variational autoencoder with a code of categorical latents.
///
/// The loss of an image is the cross-entropy of its pixels, given a code that the estimator samples,
/// plus the divergence of the code's distribution from the uniform one, which is exact. The network
/// is that of Liu et al. 2023, arXiv:2304.08612: pixels → hidden layers → L·K logits and back, with
/// ReLU between layers. Images are random: their pixels are independent bits, so that there is
/// nothing to learn but their mean.
///
/// Metrics, on images that are not trained on: `negative-elbo`, that loss at one code sampled for
/// each image, in nats; `divergence`, its second part. No code does better in expectation than the
/// entropy of the pixels.
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
            mean: 0.13,
        }
    }
}

impl TaskKind for CategoricalVae {
    const NAME: &'static str = "categorical-vae";
    const SUMMARY: &'static str = "a code of categorical latents for images";
    const VERSION: u32 = 1;
    type Task = Self;

    fn check(&self) -> Result<(), Fault> {
        let at_least = |key: &str, value: usize, least: usize| {
            let expected = format!("a whole number from {least} to 1000000");
            Fault::require((least..=1_000_000).contains(&value), key, value, expected)
        };
        at_least("latents", self.latents, 1)?;
        at_least("categories", self.categories, 2)?;
        self.hidden.iter().try_for_each(|&width| at_least("hidden", width, 1))?;
        at_least("pixels", self.pixels, 1)?;
        at_least("rows", self.rows, 1)?;
        at_least("validation-rows", self.validation_rows, 1)?;
        let holds = (0.0..=1.0).contains(&self.mean);
        Fault::require(holds, "mean", self.mean, "a probability from 0 to 1")
    }

    fn load(self, _: &Path) -> Result<Self> {
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

    /// The entropy of an image, in nats.
    fn pixel_entropy(&self) -> f64 {
        let term = |p: f64| if p > 0.0 { -p * p.ln() } else { 0.0 };
        self.pixels as f64 * (term(self.mean) + term(1.0 - self.mean))
    }
}

impl Task for CategoricalVae {
    type Instance = Seeded;

    fn metrics(&self) -> Vec<Metric> {
        vec![
            Metric::lower("negative-elbo", "negative ELBO")
                .with_note("at one code sampled for each image")
                .in_unit("nats"),
            Metric::neutral("divergence", "divergence of the code").in_unit("nats"),
        ]
    }

    fn references(&self) -> Vec<Reference> {
        let (name, label) = ("pixel-entropy", "entropy of the pixels");
        vec![Reference { name, label, metric: "negative-elbo", is_floor: true }]
    }

    fn dims(&self, batch: usize) -> Dims {
        Dims { batch, latents: self.latents, categories: self.categories }
    }

    fn instance<E: Real>(&self, streams: &Streams) -> (Seeded, Parameters<E>) {
        let data = &mut streams.named("data");
        let train = Rows::of_columns(self.images(self.rows, data));
        let validation = Rows::of_columns(self.images(self.validation_rows, data)).all();
        let code = (self.latents, self.categories);
        let init = &mut streams.named("init");
        let (network, parameters) = Autoencoder::new(self.pixels, &self.hidden, code, init);
        (Seeded { network, train, validation, floor: self.pixel_entropy() }, parameters)
    }
}

/// Images and network of a seed.
pub struct Seeded {
    network: Autoencoder,
    train: Rows,
    validation: Batch<f32>,
    /// The entropy of an image.
    floor: f64,
}

impl Instance for Seeded {
    fn batch(&self, rows: usize, noise: &mut Noise) -> Batch<f32> {
        self.train.draw(rows, noise)
    }

    fn forward<E: Real>(&self, parameters: &Parameters<E>, batch: &Batch<E>) -> Forward<E> {
        let (mut tape, latents) = (Recording::default(), self.network.latents());
        let logits = self.network.encode(parameters, batch.inputs(), &mut tape);
        let divergence = divergence_from_uniform(&logits, latents, 1.0, &mut tape);
        let objective = self.network.reconstruction(parameters, Rc::clone(batch.inputs()));
        Forward::new(logits, latents, objective, tape).with_penalty(divergence)
    }

    fn evaluate(
        &self,
        parameters: &Parameters<f32>,
        evaluation: &mut Evaluation<'_>,
    ) -> Result<Vec<f64>> {
        let forward = self.forward(parameters, &self.validation);
        let reconstruction = forward.mean_loss(forward.sample(evaluation.noise()))?;
        let divergence = forward.mean_penalty();
        Ok(vec![reconstruction + divergence, divergence])
    }

    fn references(&self) -> Vec<f64> {
        vec![self.floor]
    }

    /// Images that are not trained on, above their reconstructions.
    fn artifacts(&self, parameters: &Parameters<f32>, noise: &mut Noise) -> Result<Vec<Artifact>> {
        let images = self.validation.inputs().rows();
        let forward = self.forward(parameters, &self.validation);
        let one_hot = rows::one_hots(&forward.sample(noise), self.network.categories());
        let codes = one_hot.reshape(self.network.latents() * self.network.categories());
        let logits = self.network.decode(parameters, &codes);
        let probability = |logit: f32| 1.0 / (1.0 + (-f64::from(logit)).exp());
        let side = (images.columns() as f64).sqrt().ceil() as usize;
        let shown = images.rows().min(10);
        let gray = |probability: f64| (255.0 * probability).round() as u8;
        let image =
            |row: usize| (0..images.columns()).map(move |i| gray(images.get(row, i).into()));
        let decoded = |row: usize| {
            let logits = &logits;
            (0..images.columns()).map(move |i| gray(probability(logits.get(row, i))))
        };
        let originals = (0..shown).map(|row| image(row).collect());
        let reconstructions = (0..shown).map(|row| decoded(row).collect());
        let tiles: Vec<Vec<u8>> = originals.chain(reconstructions).collect();
        let caption = "Images that were not trained on, above their reconstructions.".to_owned();
        Ok(vec![Artifact::grid("reconstructions", caption, &tiles, side, shown)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AnyTask, Optimizer};
    use estimators::{Estimator, Registry};
    use std::sync::Arc;

    fn small() -> Arc<dyn AnyTask> {
        let (latents, categories, hidden) = (2, 3, vec![8]);
        let (pixels, rows, validation_rows, mean) = (20, 50, 40, 0.2);
        let vae =
            CategoricalVae { latents, categories, hidden, pixels, rows, validation_rows, mean };
        vae.open(Path::new("")).unwrap()
    }

    fn estimator(kind: &str) -> Box<dyn Estimator<f32>> {
        let registry = Registry::standard();
        registry.get(kind).unwrap().build(toml::Table::new()).unwrap().build_f32()
    }

    fn train(kind: &str, steps: u64) -> Vec<(Metric, f64)> {
        let mut estimator = estimator(kind);
        let mut training = small().start(0, 30, &Optimizer::adam(0.02));
        let noise = Noise::named(&["vae", "training"]);
        for step in 0..steps {
            assert!(training.step(step, &mut *estimator, &noise).unwrap().is_finite(), "{kind}");
        }
        training.evaluate(&mut *estimator, &mut noise.at(u64::MAX)).unwrap()
    }

    /// There is nothing in the images but their mean: −20 (0.2 ln 0.2 + 0.8 ln 0.8) is 10.0 nats.
    #[test]
    fn training_ends_at_the_entropy_of_the_pixels() {
        let before = train("exact", 0);
        assert!(before[0].1 > 13.0, "{before:?}");
        for kind in ["exact", "straight-through", "reinforce-loo", "gumbel-softmax"] {
            let after = train(kind, 300);
            assert_eq!((after[0].0.name, after[1].0.name), ("negative-elbo", "divergence"));
            let (bound, divergence) = (after[0].1, after[1].1);
            assert!((9.5..11.5).contains(&bound), "{kind}: {bound}");
            assert!((0.0..1.5).contains(&divergence), "{kind}: {divergence}");
        }
        let floor = small().start(0, 30, &Optimizer::adam(0.02)).references();
        assert!(floor[0].0 == "pixel-entropy" && (floor[0].1 - 10.008).abs() < 1e-3, "{floor:?}");
    }

    /// Estimates of a probe average to the gradient at fixed parameters, and change nothing.
    #[test]
    fn a_probe_teaches_nothing() {
        let noise = Noise::named(&["vae", "probe"]);
        let steps = |probed: bool| {
            let mut training = small().start(1, 10, &Optimizer::adam(0.02));
            for step in 0..3 {
                if probed {
                    let probe = training.probe(step);
                    let mut estimator = estimator("straight-through");
                    probe.draw(&mut *estimator, 2, &mut noise.at(9), &mut |_| ()).unwrap();
                }
                training.step(step, &mut *estimator("exact"), &noise).unwrap();
            }
            training.evaluate(&mut *estimator("exact"), &mut noise.at(7)).unwrap()
        };
        assert_eq!(steps(true), steps(false));
        assert_eq!(small().probe(0, 4).dims(), Dims { batch: 4, latents: 2, categories: 3 });
        let probe = small().start(0, 4, &Optimizer::adam(0.02)).probe(0);
        let (mut truth, mut mean, mut draws) = (vec![], vec![0.0; 24], 0.0);
        let exact = &mut *estimator("exact");
        probe.draw(exact, 1, &mut noise.at(0), &mut |g| truth = g.to_vec()).unwrap();
        let mut add = |g: &[f32]| {
            mean.iter_mut().zip(g).for_each(|(sum, &g)| *sum += f64::from(g));
            draws += 1.0;
        };
        let sampled = &mut *estimator("reinforce-loo");
        probe.draw(sampled, 20_000, &mut noise.at(1), &mut add).unwrap();
        let scale = truth.iter().fold(0.0f64, |top, &g| top.max(f64::from(g).abs()));
        for (mean, &truth) in mean.iter().zip(&truth) {
            assert!((mean / draws - f64::from(truth)).abs() < 0.1 * scale, "{mean} {truth}");
        }
    }

    #[test]
    fn reconstructions_are_a_grid_of_images() {
        let training = small().start(0, 4, &Optimizer::adam(0.02));
        let artifacts = training.artifacts(&mut Noise::named(&["artifacts"])).unwrap();
        let [grid] = artifacts.as_slice() else { panic!("{artifacts:?}") };
        // Ten images of 5 × 5 pixels, of which 20 are used, side by side with a gap of 1.
        assert_eq!((grid.width, grid.pixels.len() / grid.width), (59, 11));
    }
}
