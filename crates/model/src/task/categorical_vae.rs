use super::Task;
use crate::training::draw_repeated;
use crate::{Autoencoder, Metric, Probe, Result, Training, divergence_from_uniform};
use estimators::{Choice, Dims, Domain, Estimator, Logits, Objective};
use kernels::tape::{Node, Recording};
use kernels::{Data, Noise, Optimizer, OptimizerState, Packed, Parameters, Real, rows};
use std::rc::Rc;

/// A variational autoencoder with a code of categorical latents.
///
/// The loss of an image is the cross-entropy of its pixels, given a code that the estimator draws,
/// and the divergence of the code's distribution from the uniform one, which is exact. The network
/// is that of Liu et al. 2023, arXiv:2304.08612: 784 → 512 → 256 → L·K and back.
///
/// Metrics, on images that are not trained on: `negative-elbo`, that loss at one code drawn for each
/// image, in nats; `divergence`, its second part.
#[derive(Clone, Debug)]
pub struct CategoricalVae {
    /// L, latents of a code: from 1 up.
    pub latents: usize,
    /// K, categories of a latent: from 2 up.
    pub categories: usize,
    /// Widths of the encoder's hidden layers; the decoder has them in reverse.
    pub hidden: Vec<usize>,
    /// What is encoded.
    pub images: RandomImages,
}

/// Images whose pixels are independent bits: nothing to learn but their mean, and all of the work.
#[derive(Clone, Debug)]
pub struct RandomImages {
    /// Pixels of an image.
    pub pixels: usize,
    /// Images to train on.
    pub rows: usize,
    /// Images to validate on.
    pub validation_rows: usize,
    /// The probability that a pixel is 1.
    pub mean: f64,
}

impl RandomImages {
    /// So many images, [pixels, count].
    fn draw(&self, count: usize, noise: &mut Noise) -> Packed<f32> {
        let mut bits = vec![0.0; count * self.pixels];
        noise.fill_uniform(&mut bits);
        bits.iter_mut().for_each(|u: &mut f32| *u = f32::from(u8::from(f64::from(*u) < self.mean)));
        Packed::from_columns(&bits, self.pixels)
    }
}

impl CategoricalVae {
    fn streams(seed: u64) -> impl Fn(&str) -> Noise {
        let seed = seed.to_string();
        move |purpose| Noise::named(&[purpose, "categorical-vae", &seed])
    }

    fn network<E: Real>(&self, noise: &mut Noise) -> (Autoencoder, Parameters<E>) {
        let code = (self.latents, self.categories);
        Autoencoder::new(self.images.pixels, &self.hidden, code, noise)
    }

    fn dims(&self, batch: usize) -> Dims {
        Dims { batch, latents: self.latents, categories: self.categories }
    }

    /// Images of a step, drawn with replacement, [pixels, batch].
    fn batch(images: &Packed<f32>, batch: usize, noise: &mut Noise) -> Packed<f32> {
        images.pick_columns(&noise.indices(images.columns() as u32, batch))
    }
}

impl Task for CategoricalVae {
    fn start(&self, seed: u64, batch: usize, optimizer: Optimizer) -> Result<Box<dyn Training>> {
        let stream = Self::streams(seed);
        let data = &mut stream("data");
        let images = self.images.draw(self.images.rows, data);
        let validation = self.images.draw(self.images.validation_rows, data);
        let (network, parameters) = self.network(&mut stream("init"));
        Ok(Box::new(InTraining {
            optimizer: OptimizerState::new(optimizer, parameters.values().len()),
            network,
            parameters,
            images,
            validation: Data::of_transposed(validation),
            dims: self.dims(batch),
            batches: stream("batch"),
        }))
    }

    fn place(&self, seed: u64, batch: usize) -> Result<Box<dyn Probe<f64>>> {
        let stream = Self::streams(seed);
        let images = self.images.draw(self.images.rows, &mut stream("data"));
        let images = Self::batch(&images, batch, &mut stream("batch").at(0));
        let (network, parameters) = self.network(&mut stream("init"));
        Ok(Box::new(At::new(network, &parameters, images.transposed().cast())))
    }
}

struct InTraining {
    network: Autoencoder,
    parameters: Parameters<f32>,
    optimizer: OptimizerState<f32>,
    /// [pixels, rows]
    images: Packed<f32>,
    validation: Rc<Data<f32>>,
    dims: Dims,
    batches: Noise,
}

impl InTraining {
    /// Images of a step.
    fn batch(&self, step: u64) -> Rc<Data<f32>> {
        let noise = &mut self.batches.at(step);
        Data::of_transposed(CategoricalVae::batch(&self.images, self.dims.batch, noise))
    }
}

impl Training for InTraining {
    fn dims(&self) -> Dims {
        self.dims
    }

    fn domain(&self) -> Domain {
        Domain::Interior
    }

    fn step(
        &mut self,
        step: u64,
        estimator: &mut dyn Estimator<f32>,
        noise: &Noise,
    ) -> Result<f64> {
        let images = self.batch(step);
        let (latents, mut tape) = (self.dims.latents, Recording::default());
        let logits = self.network.encode(&self.parameters, &images, &mut tape);
        let divergence = divergence_from_uniform(&logits, latents, &mut tape);
        let objective = self.network.reconstruction(&self.parameters, images);
        let logits = Logits::new(logits, latents, tape);
        let surrogate = estimator.surrogate(logits, &objective, &mut noise.at(step))?;
        let loss = surrogate.loss() + divergence.total() / self.dims.batch as f64;
        surrogate.backward()?;
        self.parameters.step(&mut self.optimizer);
        estimator.advance()?;
        Ok(loss)
    }

    fn evaluate(&mut self, _: &mut dyn Estimator<f32>, noise: &mut Noise) -> Result<Vec<Metric>> {
        let parameters = self.parameters.frozen();
        let theta = self.network.classify(&parameters, self.validation.rows());
        let picks = rows::categorical(&rows::softmax(&theta, 1.0), 1, noise);
        let latents = self.dims.latents;
        let dims = Dims { batch: self.validation.rows().rows(), ..self.dims };
        let choice = Choice::vertices(Rc::new(picks), dims, Recording::default());
        let losses =
            self.network.reconstruction(&parameters, Rc::clone(&self.validation)).loss(choice)?;
        let logits = Node::constant(theta);
        let divergence = divergence_from_uniform(&logits, latents, &mut Recording::default());
        let mean = |numbers: &Packed<f32>| numbers.total() / dims.batch as f64;
        let divergence = mean(&divergence);
        Ok(vec![
            Metric { name: "negative-elbo", value: mean(losses.numbers()) + divergence },
            Metric { name: "divergence", value: divergence },
        ])
    }

    fn probe(&mut self, step: u64) -> Result<Box<dyn Probe<f32> + '_>> {
        let images = self.batch(step).rows().clone();
        Ok(Box::new(At::new(self.network.clone(), &self.parameters, images)))
    }
}

/// A batch and its logits at fixed parameters.
struct At<E: Real> {
    network: Autoencoder,
    parameters: Parameters<E>,
    /// [B, pixels]
    images: Packed<E>,
    /// [B·L, K]
    logits: Packed<E>,
}

impl<E: Real> At<E> {
    fn new(network: Autoencoder, parameters: &Parameters<E>, images: Packed<E>) -> Self {
        let parameters = parameters.frozen();
        let logits = network.classify(&parameters, &images);
        Self { network, parameters, images, logits }
    }
}

impl<E: Real> Probe<E> for At<E> {
    fn dims(&self) -> Dims {
        let (latents, categories) = (self.network.latents(), self.network.categories());
        Dims { batch: self.images.rows(), latents, categories }
    }

    fn domain(&self) -> Domain {
        Domain::Interior
    }

    /// Of the cross-entropy alone: the divergence's gradient is exact, and the same for all.
    fn draw(
        &self,
        estimator: &mut dyn Estimator<E>,
        draws: usize,
        noise: &mut Noise,
        each: &mut dyn FnMut(&[E]),
    ) -> Result<()> {
        let latents = self.network.latents();
        draw_repeated(&self.logits, latents, estimator, draws, noise, each, |times| {
            let images = Data::of_rows(self.images.repeat(times));
            self.network.reconstruction(&self.parameters, images)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use estimators::Registry;

    fn small() -> CategoricalVae {
        let images = RandomImages { pixels: 20, rows: 50, validation_rows: 40, mean: 0.2 };
        CategoricalVae { latents: 2, categories: 3, hidden: vec![8], images }
    }

    fn train(kind: &str, steps: u64) -> Vec<Metric> {
        let entry = Registry::standard();
        let mut estimator = entry.get(kind).unwrap().build(toml::Table::new()).unwrap().build_f32();
        let mut training = small().start(0, 30, Optimizer::adam(0.02)).unwrap();
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
        assert!(before[0].value > 13.0, "{before:?}");
        for kind in ["exact", "straight-through", "reinforce-loo", "gumbel-softmax"] {
            let after = train(kind, 300);
            assert_eq!((after[0].name, after[1].name), ("negative-elbo", "divergence"));
            let (bound, divergence) = (after[0].value, after[1].value);
            assert!((9.5..11.5).contains(&bound), "{kind}: {bound}");
            assert!((0.0..1.5).contains(&divergence), "{kind}: {divergence}");
        }
    }

    /// A probe's estimates are those of the loss at fixed parameters, which it leaves alone.
    #[test]
    fn a_probe_teaches_nothing() {
        let entry = Registry::standard();
        let make =
            |kind: &str| entry.get(kind).unwrap().build(toml::Table::new()).unwrap().build_f32();
        let (mut exact, mut estimator) = (make("exact"), make("reinforce-loo"));
        let noise = Noise::named(&["vae", "probe"]);
        let steps = |probed: bool| {
            let mut training = small().start(1, 10, Optimizer::adam(0.02)).unwrap();
            for step in 0..3 {
                if probed {
                    let probe = training.probe(step).unwrap();
                    probe
                        .draw(&mut *make("straight-through"), 2, &mut noise.at(9), &mut |_| ())
                        .unwrap();
                }
                training.step(step, &mut *make("exact"), &noise).unwrap();
            }
            training.evaluate(&mut *make("exact"), &mut noise.at(7)).unwrap()
        };
        assert_eq!(steps(true), steps(false));
        let place = small().place(0, 4).unwrap();
        assert_eq!(place.dims(), Dims { batch: 4, latents: 2, categories: 3 });
        let mut training = small().start(0, 4, Optimizer::adam(0.02)).unwrap();
        let probe = training.probe(0).unwrap();
        let (mut truth, mut mean, mut draws) = (vec![], vec![0.0; 24], 0.0);
        probe.draw(&mut *exact, 1, &mut noise.at(0), &mut |g| truth = g.to_vec()).unwrap();
        let mut add = |g: &[f32]| {
            mean.iter_mut().zip(g).for_each(|(sum, &g)| *sum += f64::from(g));
            draws += 1.0;
        };
        probe.draw(&mut *estimator, 20_000, &mut noise.at(1), &mut add).unwrap();
        let scale = truth.iter().fold(0.0f64, |top, &g| top.max(f64::from(g).abs()));
        for (mean, &truth) in mean.iter().zip(&truth) {
            assert!((mean / draws - f64::from(truth)).abs() < 0.1 * scale, "{mean} {truth}");
        }
    }
}
