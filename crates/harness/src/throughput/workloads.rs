use anyhow::Result;
use estimators::Noise;
use model::data::{Folders, Images};
use model::optimizer::{AdamW, Options};
use model::task::{
    ArgmaxIndex, Batches, Between, CategoricalVae, Codes, FirstParameters, MixtureOfExperts,
    Pixels, Registry, Vae,
};
use model::{AnyTask, Optimizer, TaskKind};
use std::path::Path;
use std::sync::Arc;
use toml::Table;

/// A task, and the estimators to train it with.
#[derive(Debug)]
pub struct Workload {
    /// Its name on the command line.
    pub name: &'static str,
    /// The task.
    pub task: fn() -> Result<Arc<dyn AnyTask>>,
    /// Rows of a batch.
    pub batch: usize,
    /// The optimizer.
    pub optimizer: fn() -> Optimizer,
    /// Steps of a run.
    pub steps: u64,
    /// Estimators that are timed unless others are given: kind and parameters, as TOML.
    pub estimators: &'static [(&'static str, &'static str)],
}

/// The workloads. Every parameter that costs time is written down, so that a new default elsewhere
/// changes no workload.
pub static WORKLOADS: &[Workload] = &[
    Workload {
        name: "argmax-index",
        task: argmax_index,
        batch: 128,
        optimizer: || Optimizer::adam(0.01),
        steps: 2000,
        estimators: &[
            ("exact", ""),
            ("soft-argmax", "temperature = 1.0"),
            ("straight-through", "temperature = 1.0"),
            ("gumbel-softmax", "temperature = 0.5"),
            ("st-gumbel-softmax", "temperature = 0.5"),
            ("reinforce", "baseline = \"ema\"\ndecay = 0.95"),
            ("reinforce-loo", "samples = 4"),
            ("reinmax", "temperature = 1.0"),
            ("gumbel-rao", "samples = 10\ntemperature = 0.5"),
        ],
    },
    Workload {
        name: "vae",
        task: categorical_vae,
        batch: 100,
        optimizer: || Optimizer::adam(5e-4),
        steps: 100,
        estimators: &[
            ("straight-through", "temperature = 1.0"),
            ("st-gumbel-softmax", "temperature = 0.5"),
            ("reinmax", "temperature = 1.0"),
            ("reinforce-loo", "samples = 2"),
        ],
    },
    Workload {
        name: "vae-8x64",
        task: || Ok(published_vae(8, 64)),
        batch: 200,
        optimizer: adamw,
        steps: 100,
        estimators: PUBLISHED,
    },
    Workload {
        name: "vae-128x4",
        task: || Ok(published_vae(128, 4)),
        batch: 200,
        optimizer: adamw,
        steps: 100,
        estimators: PUBLISHED,
    },
    Workload {
        name: "experts",
        task: experts,
        batch: 512,
        optimizer: || Optimizer::adam(0.001),
        steps: 100,
        estimators: &[("switch", ""), ("straight-through", ""), ("dense-mixer", "")],
    },
];

/// Estimators of the published comparison, without their schedules; the temperature of `gumbel-rao` is one
/// that its schedule passes.
const PUBLISHED: &[(&str, &str)] = &[
    ("straight-through", "temperature = 1.0"),
    ("reinmax", "temperature = 1.0"),
    ("gumbel-rao", "samples = 20\ntemperature = 0.7"),
];

/// A task, opened as a sweep opens it. To call [`TaskKind::open`] here would compile the task's whole training
/// once more in this crate, whose profile is not the fast one.
fn open<K: TaskKind>(task: K) -> Result<Arc<dyn AnyTask>> {
    let task = Registry::standard().get(K::NAME)?.build(Table::try_from(task)?)?;
    Ok(task.load(&Folders::of_experiment(Path::new("")))?)
}

/// The seed question's network, 16 → 32 → 8 and 16 → 8.
fn argmax_index() -> Result<Arc<dyn AnyTask>> {
    let task = ArgmaxIndex {
        categories: 8,
        hidden: 32,
        inputs: 16,
        noise: 0.1,
        rows: 4096,
        validation_rows: 2048,
        test_rows: 1,
        data: None,
        ..ArgmaxIndex::default()
    };
    open(task)
}

/// A mixture of 32 experts 64 → 128 → 1 with gates, of which a linear router picks one for each row.
fn experts() -> Result<Arc<dyn AnyTask>> {
    let task = MixtureOfExperts {
        experts: 32,
        expert_hidden: vec![128],
        inputs: 64,
        clusters: 8,
        rows: 4096,
        validation_rows: 1000,
        test_rows: 1,
        ..MixtureOfExperts::default()
    };
    open(task)
}

/// An autoencoder of images with a code of eight latents of four, 784 → 512 → 256 → 32 and back.
fn categorical_vae() -> Result<Arc<dyn AnyTask>> {
    let (latents, categories, hidden) = (8, 4, vec![512, 256]);
    let (pixels, mean) = (784, 0.13);
    let (rows, validation_rows, test_rows) = (2000, 500, 1);
    let parts = CategoricalVae { rows, validation_rows, test_rows, ..Default::default() };
    let task = CategoricalVae { latents, categories, hidden, pixels, mean, ..parts };
    open(task)
}

/// The optimizer of Hooper & Shekhovtsov 2026, without its schedule.
fn adamw() -> Optimizer {
    let rule = AdamW { learning_rate: 0.001, weight_decay: 0.01, ..AdamW::default() };
    Optimizer::new(rule, Options::default())
}

/// The autoencoder of Hooper & Shekhovtsov 2026, 784 → 512 → 256 → L·K and back with leaky ReLU, and images that
/// need no file.
fn published_vae(latents: usize, categories: usize) -> Arc<dyn AnyTask> {
    let task = Vae {
        latents,
        categories,
        hidden: vec![512, 256],
        activation: Between::LeakyRelu,
        slope: 0.2,
        initialization: FirstParameters::Pytorch,
        codes: Codes::OneHot,
        pixels: Pixels::Real,
        batches: Batches::Epochs,
        validation_rows: 500,
    };
    let mut images = gray(10_501);
    let test = images.split_off(10_500 * PIXELS);
    let of = |levels| Images::new((SIDE, SIDE), levels);
    task.with_images(&of(images), of(test))
}

/// Lines and columns of an image.
const SIDE: usize = 28;
const PIXELS: usize = SIDE * SIDE;

/// Images of a bar across the middle or down the middle, in which a tenth of the pixels is drawn anew: four
/// fifths of what is drawn is black.
fn gray(count: usize) -> Vec<u8> {
    let noise = &mut Noise::named(&["bench", "images"]);
    let is_bar = |place: usize| (11..17).contains(&place);
    let mut images = Vec::with_capacity(count * PIXELS);
    for _ in 0..count {
        let goes_down = noise.indices(2, 1)[0] == 1;
        let (is_new, drawn) = (noise.indices(10, PIXELS), noise.indices(5 * 256, PIXELS));
        for (pixel, (&is_new, drawn)) in is_new.iter().zip(drawn.iter()).enumerate() {
            let place = if goes_down { pixel % SIDE } else { pixel / SIDE };
            images.push(match is_new {
                0 => drawn.saturating_sub(4 * 256) as u8,
                _ if is_bar(place) => 192,
                _ => 0,
            });
        }
    }
    images
}
