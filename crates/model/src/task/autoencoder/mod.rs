//! A variational autoencoder whose code is made of categorical latents.

use estimators::{Choice, Domain, Losses, Objective};
use kernels::tape::{Node, Recording, record};
use kernels::{Data, Initial, Input, Noise, Packed, Parameters, Perceptron, Real, rowwise};
use std::rc::Rc;

/// Encoder and decoder: pixels → … → L·K logits, and a code of L one-hot rows of K → … → a logit for
/// each pixel, through the same widths in reverse; ReLU between layers.
#[derive(Clone, Debug)]
pub struct Autoencoder {
    encoder: Perceptron,
    decoder: Perceptron,
    latents: usize,
    categories: usize,
}

impl Autoencoder {
    /// A network and its first parameters.
    ///
    /// # Panics
    /// If a width, or a product of widths, is 0.
    pub fn new<E: Real>(
        pixels: usize,
        hidden: &[usize],
        (latents, categories): (usize, usize),
        noise: &mut Noise,
    ) -> (Self, Parameters<E>) {
        let mut widths = [&[pixels], hidden, &[latents * categories]].concat();
        let mut initial = Initial::new();
        let encoder = Perceptron::new(&mut initial, &widths, noise);
        widths.reverse();
        let decoder = Perceptron::new(&mut initial, &widths, noise);
        (Self { encoder, decoder, latents, categories }, initial.build())
    }

    /// L, latents of a code.
    pub fn latents(&self) -> usize {
        self.latents
    }

    /// K, categories of a latent.
    pub fn categories(&self) -> usize {
        self.categories
    }

    /// Logits of images ([B, pixels]), [B·L, K].
    pub fn encode<E: Real>(
        &self,
        parameters: &Parameters<E>,
        images: &Rc<Data<E>>,
        tape: &mut Recording<E>,
    ) -> Node<E> {
        let logits = self.encoder.forward(parameters, Input::Data(Rc::clone(images)), tape);
        let each = logits.numbers().clone().reshape(self.categories);
        record(tape, each, move |gradient| {
            let width = logits.numbers().columns();
            logits.add(gradient.reshape(width));
        })
    }

    /// The loss of codes of these images ([B, pixels]).
    pub fn reconstruction<E: Real>(
        &self,
        parameters: &Parameters<E>,
        images: Rc<Data<E>>,
    ) -> Reconstruction<E> {
        let (decoder, parameters) = (self.decoder.clone(), parameters.shared());
        Reconstruction { decoder, parameters, images }
    }

    /// Logits of the pixels of codes ([B, L·K]), [B, pixels].
    pub fn decode(&self, parameters: &Parameters<f32>, codes: &Packed<f32>) -> Packed<f32> {
        self.decoder.evaluate(parameters, codes)
    }
}

/// f(z) = Σ_pixels [max(o, 0) − o x + ln(1 + e^{−|o|})], the binary cross-entropy of the pixels x,
/// from 0 to 1, whose logits o the decoder computes from the code z.
#[derive(Debug)]
pub struct Reconstruction<E: Real> {
    decoder: Perceptron,
    parameters: Parameters<E>,
    images: Rc<Data<E>>,
}

impl<E: Real> Objective<E> for Reconstruction<E> {
    fn loss(&self, choice: Choice<E>) -> estimators::Result<Losses<E>> {
        let (samples, batch) = (choice.samples(), choice.dims().batch);
        let (codes, mut tape) = choice.into_rows();
        let decoded = self.decoder.forward(&self.parameters, Input::Learned(codes), &mut tape);
        let once = self.images.rows();
        let repeated = (samples > 1).then(|| once.repeat(samples));
        let (losses, slopes) = cross_entropy(decoded.numbers(), repeated.as_ref().unwrap_or(once));
        let losses = Packed::from_columns(&losses.unpack(), batch);
        let node = record(&mut tape, losses, move |gradient| {
            rowwise! {
                fn scale(g => slopes) {
                    for slope in slopes {
                        *slope = g[0] * *slope;
                    }
                }
            }
            let each = Packed::pack(&gradient.to_columns(), 1);
            let mut slopes = slopes;
            scale(&each, &mut slopes);
            decoded.add(slopes);
        });
        Ok(Losses::new(node, tape))
    }

    fn domain(&self) -> Domain {
        Domain::Interior
    }
}

/// Pixels whose factors are multiplied before one logarithm is taken of them all: each is between 1
/// and 2, and so many leave the product within any format.
const FACTORS: usize = 32;

/// The cross-entropy of rows of logits and pixels, [rows, 1], and its derivative for each logit,
/// σ(o) − x.
fn cross_entropy<E: Real>(logits: &Packed<E>, pixels: &Packed<E>) -> (Packed<E>, Packed<E>) {
    rowwise! {
        fn of_rows(logits, pixels => loss, slopes) {
            let one = V::splat(E::ONE);
            loss[0] = V::zero();
            let mut first = 0;
            while first < logits.len() {
                let last = logits.len().min(first + FACTORS);
                let (mut linear, mut product) = (V::zero(), one);
                for i in first..last {
                    let (o, x) = (logits[i], pixels[i]);
                    let e = (-o.abs()).exp();
                    let sum = one + e;
                    linear += o.max(V::zero()) - o * x;
                    product = product * sum;
                    // σ(o) = 1/(1 + e⁻ᵒ), or eᵒ/(1 + eᵒ) of a negative logit
                    let above = V::select(o.less(V::zero()), e, one);
                    slopes[i] = above / sum - x;
                }
                loss[0] += linear + product.ln();
                first = last;
            }
        }
    }
    let mut losses = Packed::scratch(logits.rows(), 1);
    let mut slopes = Packed::scratch(logits.rows(), logits.columns());
    of_rows(logits, pixels, &mut losses, &mut slopes);
    (losses, slopes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classifier::divergence_from_uniform;
    use dfdx::prelude::Backward;
    use estimators::{Dims, Factory, Logits, kinds::Exact};
    use kernels::rows;
    use kernels::tape::{Weights, weigh};

    const BATCH: usize = 3;
    const PIXELS: usize = 37;
    const LATENTS: usize = 2;
    const CATEGORIES: usize = 3;

    fn network() -> (Autoencoder, Parameters<f64>) {
        let noise = &mut Noise::named(&["autoencoder"]);
        Autoencoder::new(PIXELS, &[9, 7], (LATENTS, CATEGORIES), noise)
    }

    /// Bits, and one image of greys.
    fn images() -> Packed<f64> {
        let mut noise = Noise::named(&["images"]);
        let grey = 2 * PIXELS;
        let pixel = |i: usize, u: f64| if i < grey { f64::from(u < 0.3) } else { u };
        let pixels: Vec<f64> = (0..BATCH * PIXELS).map(|i| pixel(i, noise.uniform())).collect();
        Packed::pack(&pixels, PIXELS)
    }

    fn softmax(row: &[f64]) -> Vec<f64> {
        let total: f64 = row.iter().map(|x| x.exp()).sum();
        row.iter().map(|x| x.exp() / total).collect()
    }

    /// A plain perceptron with these parameters, outputs × inputs a layer.
    fn perceptron(widths: &[usize], parameters: &[f64], x: &[f64]) -> Vec<f64> {
        let (mut x, mut rest) = (x.to_vec(), parameters);
        for (depth, pair) in widths.windows(2).enumerate() {
            let (weight, behind) = rest.split_at(pair[0] * pair[1]);
            let (bias, behind) = behind.split_at(pair[1]);
            rest = behind;
            let row = |(row, b): (&[f64], &f64)| -> f64 {
                b + row.iter().zip(&x).map(|(w, x)| w * x).sum::<f64>()
            };
            let y: Vec<f64> = weight.chunks(pair[0]).zip(bias).map(row).collect();
            let is_last = depth + 2 == widths.len();
            x = y.into_iter().map(|y| if is_last { y } else { y.max(0.0) }).collect();
        }
        x
    }

    /// The mean over images of E f + divergence, by every code, in plain arithmetic.
    fn expected(parameters: &[f64], images: &Packed<f64>) -> f64 {
        let code = LATENTS * CATEGORIES;
        let encoder = [PIXELS, 9, 7, code];
        let decoder = [code, 7, 9, PIXELS];
        let split = encoder.windows(2).map(|pair| (pair[0] + 1) * pair[1]).sum();
        let (of_encoder, of_decoder) = parameters.split_at(split);
        let mut total = 0.0;
        for x in images.unpack().chunks(PIXELS) {
            let logits = perceptron(&encoder, of_encoder, x);
            let p: Vec<Vec<f64>> = logits.chunks(CATEGORIES).map(softmax).collect();
            for p in p.iter().flatten() {
                total += p * (p * CATEGORIES as f64).ln();
            }
            for (a, pa) in p[0].iter().enumerate() {
                for (b, pb) in p[1].iter().enumerate() {
                    let mut z = [0.0; LATENTS * CATEGORIES];
                    (z[a], z[CATEGORIES + b]) = (1.0, 1.0);
                    let o = perceptron(&decoder, of_decoder, &z);
                    let loss = |(o, x): (&f64, &f64)| (1.0 + o.exp()).ln() - o * x;
                    total += pa * pb * o.iter().zip(x).map(loss).sum::<f64>();
                }
            }
        }
        total / BATCH as f64
    }

    /// The exact gradient of the negative evidence bound, and the bound itself, against differences.
    #[test]
    fn the_bound_and_its_gradient() {
        let (network, mut parameters) = network();
        let data = Data::from_rows(images());
        let mut tape = Recording::default();
        let logits = network.encode(&parameters, &data, &mut tape);
        let divergence = divergence_from_uniform(&logits, LATENTS, 1.0, &mut tape);
        let objective = network.reconstruction(&parameters, Rc::clone(&data));
        let mut exact = Exact::default().build_f64();
        let logits = Logits::new(logits, LATENTS, tape);
        let dims = Dims { batch: BATCH, latents: LATENTS, categories: CATEGORIES };
        assert_eq!(logits.dims(), dims);
        let surrogate = exact.estimate(logits, &objective, &mut Noise::named(&["exact"])).unwrap();
        let bound = surrogate.loss() + divergence.total() / BATCH as f64;
        let plain = parameters.values().to_vec();
        let truth = expected(&plain, data.rows());
        assert!((bound - truth).abs() < 1e-10 * truth.abs(), "{bound} for {truth}");
        surrogate.backward().unwrap();
        let gradient = parameters.gradient();
        for i in (0..plain.len()).step_by(7) {
            let at = |step: f64| {
                let mut moved = plain.clone();
                moved[i] += step;
                expected(&moved, data.rows())
            };
            let slope = (at(1e-5) - at(-1e-5)) / 2e-5;
            assert!((gradient[i] - slope).abs() < 1e-6, "{i}: {} for {slope}", gradient[i]);
        }
        parameters.values_mut()[0] += 1.0;
        assert_ne!(parameters.values(), plain);
    }

    /// Several samples at once are each what they are alone.
    #[test]
    fn samples_do_not_touch_each_other() {
        let (network, parameters) = network();
        let data = Data::from_rows(images());
        let dims = Dims { batch: BATCH, latents: LATENTS, categories: CATEGORIES };
        let points = rows::softmax(&Packed::pack(&Noise::named(&["p"]).normals(36), 3), 1.0);
        // [B·L, S·K] of two samples
        let both = Packed::pack(&points.unpack(), 6);
        let judge = |points: Packed<f64>| {
            let points = Node::new(points);
            let choice = Choice::interior(points.clone(), dims, Recording::default());
            let losses =
                network.reconstruction(&parameters, Rc::clone(&data)).loss(choice).unwrap();
            let f = losses.numbers().unpack();
            let (node, tape) = losses.into_node();
            let ones = Weights::Each(Packed::filled(BATCH, f.len() / BATCH, 1.0));
            weigh(tape, node, ones).unwrap().backward();
            (f, points.take().unwrap())
        };
        let (f, g) = judge(both.clone());
        for sample in 0..2 {
            let columns: Vec<u32> = (3 * sample..3 * sample + 3).collect();
            let (alone, slopes) = judge(both.select_columns(&columns));
            let of_both: Vec<f64> = f.iter().skip(sample as usize).step_by(2).copied().collect();
            assert_eq!(alone, of_both);
            assert_eq!(slopes.unpack(), g.select_columns(&columns).unpack());
        }
    }

    /// Logits far out have a loss that is linear in them, and no slope that is not finite.
    #[test]
    fn extreme_logits_have_finite_losses() {
        let logits = Packed::pack(&[1e4f32, -1e4, 0.0, -200.0, 90.0, 1e-30], 6);
        let pixels = Packed::pack(&[1.0f32, 0.0, 1.0, 1.0, 0.0, 0.5], 6);
        let (losses, slopes) = cross_entropy(&logits, &pixels);
        let expected = 2.0 * 2f32.ln() + 290.0;
        assert!((losses.get(0, 0) - expected).abs() < 1e-4, "{}", losses.get(0, 0));
        for (slope, expected) in slopes.unpack().into_iter().zip([0.0, 0.0, -0.5, -1.0, 1.0, 0.0]) {
            assert!((slope - expected).abs() < 1e-6, "{slope}");
        }
    }
}
