//! How close the time of a training step comes to that of its matrix products. Both are timed in turn
//! in one run, so a slow machine slows both. Prints Markdown, and needs a core to itself.
//!
//! `cargo bench -p model --bench limit --profile dev`

use estimators::{Noise, Registry};
use kernels::product::Sums;
use kernels::{Activation, Dense, Packed};
use model::data::Images;
use model::optimizer::{AdamW, Options};
use model::task::{ArgmaxIndex, CategoricalVae, Vae};
use model::{AnyTask, Optimizer, TaskKind, Training};
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};
use toml::Table;

/// Number of turns of products and of steps.
const ROUNDS: usize = 60;
/// Duration of a turn.
const TURN: Duration = Duration::from_millis(8);

/// The products of a layer, for a number of rows.
struct Layer {
    dense: Dense,
    activation: Activation,
    /// Whether its input is data, which needs no gradient.
    is_data: bool,
    x: Packed<f32>,
    x_transposed: Packed<f32>,
    g: Packed<f32>,
    weight: Vec<f32>,
    bias: Vec<f32>,
    sums: Vec<f32>,
}

impl Layer {
    fn new(rows: usize, inputs: usize, outputs: usize, is_data: bool) -> Self {
        let mut noise = Noise::named(&["bench", "limit"]);
        let mut normals =
            |count| -> Vec<f32> { noise.normals(count).into_iter().map(|z| z as f32).collect() };
        let x = Packed::pack(&normals(rows * inputs), inputs);
        Self {
            dense: Dense { inputs, outputs },
            activation: Activation::Relu,
            is_data,
            x_transposed: x.transposed(),
            x,
            g: Packed::pack(&normals(rows * outputs), outputs),
            weight: normals(inputs * outputs),
            bias: normals(outputs),
            sums: vec![0.0; inputs * outputs],
        }
    }

    fn multiply(&mut self) {
        let Self { dense, activation, x, x_transposed, g, weight, bias, sums, .. } = self;
        black_box(dense.forward(x, weight, bias, *activation));
        if !self.is_data {
            black_box(dense.input_gradient(g, weight, Some((x, *activation))));
        }
        dense.weight_gradient(x_transposed, g, Sums::Write(black_box(sums)));
    }

    /// Multiplications and additions.
    fn operations(&self) -> f64 {
        let products = if self.is_data { 2 } else { 3 };
        (2 * products * self.x.rows() * self.dense.weights()) as f64
    }
}

/// A network that is trained, and its layers.
struct Subject {
    name: &'static str,
    task: Arc<dyn AnyTask>,
    batch: usize,
    optimizer: fn() -> Optimizer,
    /// Estimators, with their parameters and the number of rows that the decoder reads for each row of the
    /// batch.
    kinds: &'static [(&'static str, &'static str, usize)],
    /// The layers, by batch size and the number of rows that the decoder reads for each row.
    layers: fn(usize, usize) -> Vec<Layer>,
}

fn opened(kind: impl TaskKind) -> Arc<dyn AnyTask> {
    kind.open(".".as_ref()).unwrap_or_else(|error| panic!("{error}"))
}

fn subjects() -> [Subject; 4] {
    let seed = ArgmaxIndex { categories: 8, rows: 4096, validation_rows: 1, ..Default::default() };
    let vae = CategoricalVae { validation_rows: 1, ..CategoricalVae::default() };
    [
        Subject {
            name: "seed question",
            task: opened(seed),
            batch: 128,
            optimizer: || Optimizer::adam(5e-4),
            kinds: &[("exact", "", 1), ("soft-argmax", "", 1)],
            layers: |batch, _| {
                [(16, 32, true), (32, 8, false), (16, 8, true)]
                    .map(|(inputs, outputs, is_data)| Layer::new(batch, inputs, outputs, is_data))
                    .into()
            },
        },
        Subject {
            name: "autoencoder",
            task: opened(vae),
            batch: 100,
            optimizer: || Optimizer::adam(5e-4),
            kinds: &[
                ("straight-through", "", 1),
                ("st-gumbel-softmax", "", 1),
                ("reinmax", "", 1),
                ("reinforce-loo", "samples = 2", 2),
            ],
            layers: |batch, samples| autoencoder(batch, batch * samples, 32),
        },
        published("published autoencoder, 8 × 64", 8, 64),
        published("published autoencoder, 128 × 4", 128, 4),
    ]
}

/// The layers of an autoencoder, whose decoder reads so many rows.
fn autoencoder(batch: usize, rows: usize, code: usize) -> Vec<Layer> {
    vec![
        Layer::new(batch, 784, 512, true),
        Layer::new(batch, 512, 256, false),
        Layer::new(batch, 256, code, false),
        // A code that the estimator samples and does not differentiate is data.
        Layer::new(rows, code, 256, rows > batch),
        Layer::new(rows, 256, 512, false),
        Layer::new(rows, 512, 784, false),
    ]
}

/// The autoencoder, batches and optimizer of Hooper & Shekhovtsov 2026, with random images. Its code has 512
/// numbers.
fn published(name: &'static str, latents: usize, categories: usize) -> Subject {
    let mut noise = Noise::named(&["bench", "images"]);
    let mut images = |count: usize| {
        let levels = noise.indices(256, count * 784);
        Images::new((28, 28), levels.iter().map(|&level| level as u8).collect())
    };
    let task = Vae { latents, categories, validation_rows: 0, ..Vae::default() };
    Subject {
        name,
        task: task.with_images(&images(10_000), images(1)),
        batch: 200,
        optimizer: || Optimizer::new(AdamW::default(), Options::default()),
        kinds: &[
            ("straight-through", "", 1),
            ("reinmax", "", 1),
            ("gumbel-rao", "samples = 20\ntemperature = 1.0", 1),
            ("mve", "", 1),
        ],
        layers: |batch, _| {
            let leaky = |layer| Layer { activation: Activation::LeakyRelu(0.2), ..layer };
            autoencoder(batch, batch, 512).into_iter().map(leaky).collect()
        },
    }
}

/// Seconds that `work` takes, averaged over a turn.
fn turn(mut work: impl FnMut()) -> f64 {
    let (start, mut count) = (Instant::now(), 0);
    while count == 0 || start.elapsed() < TURN {
        work();
        count += 1;
    }
    start.elapsed().as_secs_f64() / f64::from(count)
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

fn main() {
    println!(
        "| network | estimator | products, µs | 10⁹ operations per second | step, µs | ratio |"
    );
    println!("|---|---|---|---|---|---|");
    let registry = Registry::standard();
    for subject in subjects() {
        for &(kind, parameters, samples) in subject.kinds {
            let mut training: Box<dyn Training> =
                subject.task.start(0, subject.batch, &(subject.optimizer)());
            let parameters: Table = parameters.parse().unwrap_or_else(|e| panic!("{e}"));
            let entry = registry.get(kind).unwrap_or_else(|e| panic!("{e}"));
            let mut estimator =
                entry.build(parameters).unwrap_or_else(|e| panic!("{e}")).build_f32();
            let (noise, mut steps) = (Noise::named(&["limit", kind]), 0..);
            let mut layers = (subject.layers)(subject.batch, samples);
            let operations: f64 = layers.iter().map(Layer::operations).sum();
            let (mut products, mut whole, mut ratios) = (vec![], vec![], vec![]);
            for _ in 0..ROUNDS {
                let product = turn(|| layers.iter_mut().for_each(Layer::multiply));
                let step = turn(|| {
                    let step = steps.next().unwrap_or(0);
                    let loss = training.step(step, &mut *estimator, &noise);
                    black_box(loss.unwrap_or_else(|e| panic!("{e}")));
                });
                products.push(product);
                whole.push(step);
                ratios.push(step / product);
            }
            let (product, step) = (median(products), median(whole));
            println!(
                "| {} | `{kind}` | {:.2} | {:.0} | {:.2} | {:.2} |",
                subject.name,
                1e6 * product,
                1e-9 * operations / product,
                1e6 * step,
                median(ratios)
            );
        }
    }
}
