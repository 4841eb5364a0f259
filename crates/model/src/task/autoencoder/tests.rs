//! The bound and its gradient, in plain arithmetic.

use super::*;
use dfdx::prelude::Backward;
use estimators::{Choice, Dims, Factory, Objective, kinds::Exact};
use kernels::rows;
use kernels::tape::{Weights, weigh};

const BATCH: usize = 3;
const PIXELS: usize = 37;
const LATENTS: usize = 2;
const CATEGORIES: usize = 3;

/// Every activation with every kind of codes.
fn shapes() -> Vec<Shape> {
    let mut all = vec![];
    for activation in [Activation::Relu, Activation::LeakyRelu(0.2)] {
        for codes in [Codes::OneHot, Codes::Integer] {
            let (pixels, hidden) = (PIXELS, vec![9, 7]);
            let (latents, categories) = (LATENTS, CATEGORIES);
            let outputs = PIXELS;
            let initialization = Initialization::Inputs;
            all.push(Shape {
                pixels,
                hidden,
                latents,
                categories,
                activation,
                codes,
                outputs,
                initialization,
            });
        }
    }
    all
}

fn network(shape: &Shape) -> (Autoencoder, Parameters<f64>) {
    Autoencoder::new(shape, &mut Noise::named(&["autoencoder"]))
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
fn perceptron(activation: Activation, widths: &[usize], parameters: &[f64], x: &[f64]) -> Vec<f64> {
    let activate = |y: f64| match activation {
        Activation::LeakyRelu(slope) if y < 0.0 => slope * y,
        Activation::LeakyRelu(_) | Activation::Identity => y,
        Activation::Relu => y.max(0.0),
    };
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
        x = y.into_iter().map(|y| if is_last { y } else { activate(y) }).collect();
    }
    x
}

/// The mean over images of E f + divergence, by every code, in plain arithmetic.
fn expected(shape: &Shape, parameters: &[f64], images: &Packed<f64>) -> f64 {
    let Shape { activation, codes, .. } = *shape;
    let encoder = [PIXELS, 9, 7, LATENTS * CATEGORIES];
    let decoder = [codes.width(LATENTS, CATEGORIES), 7, 9, PIXELS];
    let split = encoder.windows(2).map(|pair| (pair[0] + 1) * pair[1]).sum();
    let (of_encoder, of_decoder) = parameters.split_at(split);
    let mut total = 0.0;
    for x in images.unpack().chunks(PIXELS) {
        let logits = perceptron(activation, &encoder, of_encoder, x);
        let p: Vec<Vec<f64>> = logits.chunks(CATEGORIES).map(softmax).collect();
        for p in p.iter().flatten() {
            total += p * (p * CATEGORIES as f64).ln();
        }
        for (a, pa) in p[0].iter().enumerate() {
            for (b, pb) in p[1].iter().enumerate() {
                let z = match codes {
                    Codes::OneHot => {
                        let mut z = vec![0.0; LATENTS * CATEGORIES];
                        (z[a], z[CATEGORIES + b]) = (1.0, 1.0);
                        z
                    }
                    // 0, ½ and 1
                    Codes::Integer => vec![a as f64 / 2.0, b as f64 / 2.0],
                };
                let o = perceptron(activation, &decoder, of_decoder, &z);
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
    let data = Data::from_rows(images());
    for shape in shapes() {
        let (network, mut parameters) = network(&shape);
        let (logits, objective, penalty) = network.forward(&parameters, &data).split();
        let mut exact = Exact::default().build_f64();
        let dims = Dims { batch: BATCH, latents: LATENTS, categories: CATEGORIES };
        assert_eq!(logits.dims(), dims);
        let noise = &mut Noise::named(&["exact"]);
        let surrogate = exact.estimate(logits, &*objective, noise).unwrap();
        let bound = surrogate.loss() + penalty;
        let plain = parameters.values().to_vec();
        let truth = expected(&shape, &plain, data.rows());
        assert!((bound - truth).abs() < 1e-10 * truth.abs(), "{bound} for {truth}, {shape:?}");
        surrogate.backward().unwrap();
        drop(objective);
        let gradient = parameters.gradient();
        for i in (0..plain.len()).step_by(7) {
            let at = |step: f64| {
                let mut moved = plain.clone();
                moved[i] += step;
                expected(&shape, &moved, data.rows())
            };
            let slope = (at(1e-5) - at(-1e-5)) / 2e-5;
            let found = gradient[i];
            assert!((found - slope).abs() < 1e-6, "{i}: {found} for {slope}, {shape:?}");
        }
        parameters.values_mut()[0] += 1.0;
        assert_ne!(parameters.values(), plain);
    }
}

/// The losses of points inside the simplex ([B·L, S·K]), and the gradient of their sum.
fn judge(
    network: &Autoencoder,
    parameters: &Parameters<f64>,
    points: Packed<f64>,
) -> (Vec<f64>, Packed<f64>) {
    let dims = Dims { batch: BATCH, latents: LATENTS, categories: CATEGORIES };
    let points = Node::new(points);
    let choice = Choice::interior(points.clone(), dims, Recording::default());
    let objective = network.reconstruction(parameters, Data::from_rows(images()));
    let losses = objective.loss(choice).unwrap();
    let f = losses.numbers().unpack();
    let (node, tape) = losses.into_node();
    let ones = Weights::Each(Packed::filled(BATCH, f.len() / BATCH, 1.0));
    weigh(tape, node, ones).unwrap().backward();
    (f, points.take().unwrap())
}

/// Several samples at once are each what they are alone.
#[test]
fn samples_do_not_touch_each_other() {
    for shape in shapes() {
        let (network, parameters) = network(&shape);
        let points = rows::softmax(&Packed::pack(&Noise::named(&["p"]).normals(36), 3), 1.0);
        // [B·L, S·K] of two samples
        let both = Packed::pack(&points.unpack(), 6);
        let (f, g) = judge(&network, &parameters, both.clone());
        for sample in 0..2 {
            let columns: Vec<u32> = (3 * sample..3 * sample + 3).collect();
            let (alone, slopes) = judge(&network, &parameters, both.select_columns(&columns));
            let of_both: Vec<f64> = f.iter().skip(sample as usize).step_by(2).copied().collect();
            assert_eq!(alone, of_both);
            assert_eq!(slopes.unpack(), g.select_columns(&columns).unpack());
        }
    }
}

/// The gradient that estimators differentiate through, against differences.
#[test]
fn the_gradient_for_points() {
    for shape in shapes() {
        let (network, parameters) = network(&shape);
        let points = rows::softmax(&Packed::pack(&Noise::named(&["p"]).normals(18), 3), 1.0);
        let (_, g) = judge(&network, &parameters, points.clone());
        let plain = points.unpack();
        for (i, g) in g.unpack().into_iter().enumerate() {
            let at = |step: f64| -> f64 {
                let mut moved = plain.clone();
                moved[i] += step;
                judge(&network, &parameters, Packed::pack(&moved, 3)).0.iter().sum()
            };
            let slope = (at(1e-5) - at(-1e-5)) / 2e-5;
            assert!((g - slope).abs() < 1e-6, "{i}: {g} for {slope}, {shape:?}");
        }
    }
}

/// A decoder that is given categories reads what it reads of their vertices.
#[test]
fn categories_are_vertices() {
    let categories = [0.0f32, 2.0, 1.0, 1.0, 2.0, 0.0];
    let one_hot = Codes::OneHot.of_categories(&Packed::pack(&categories, 1), 2, 3).unpack();
    let expected = [[1, 0, 0, 0, 0, 1], [0, 1, 0, 0, 1, 0], [0, 0, 1, 1, 0, 0]].concat();
    assert_eq!(one_hot, expected.into_iter().map(|bit| bit as f32).collect::<Vec<_>>());
    let integer = Codes::Integer.of_categories(&Packed::pack(&categories, 1), 2, 3).unpack();
    assert_eq!(integer, [0.0, 1.0, 0.5, 0.5, 1.0, 0.0]);
    let points = Node::constant(Packed::pack(&one_hot, 6));
    let of_points = Codes::Integer.of_points(points, 3, &mut Recording::default());
    assert_eq!(of_points.numbers().unpack(), integer);
}

/// Weights and biases of a layer are uniform between ±1/√inputs, as PyTorch draws them.
#[test]
fn first_parameters_are_within_their_bounds() {
    for shape in shapes() {
        let (network, parameters) = network(&shape);
        for layer in network.encoder.layers().iter().chain(network.decoder.layers()) {
            let bound = 1.0 / (layer.dense.inputs as f64).sqrt();
            for range in [layer.weight.clone(), layer.bias.clone()] {
                let values = &parameters.values()[range];
                let largest = values.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
                // The largest of n is below 0.3 of the bound with probability 0.3ⁿ, and n is 6 or more.
                assert!(largest <= bound && largest > 0.3 * bound, "{largest} of {bound}");
            }
        }
    }
}
