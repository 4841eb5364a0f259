//! Training and measuring on tiny images.

use super::seeded::{Seeded, mixture};
use super::*;
use crate::task::mnist::tiny::{levels, mnist, write};
use crate::task::{Instance, Streams, Task, gradients};
use crate::{AnyTask, Metric, Optimizer};
use estimators::{Estimator, Factory, Registry, kinds::Exact};
use kernels::{Noise, Parameters, Real};
use std::path::Path;
use std::sync::Arc;

fn small() -> StructuredPrediction {
    let (latents, categories, hidden, pixels) = (2, 3, vec![8], Pixels::Real);
    let (samples, validation_rows, test_rows, batches) = (5, 40, 60, Batches::Epochs);
    StructuredPrediction {
        latents,
        categories,
        hidden,
        pixels,
        batches,
        samples,
        validation_rows,
        test_rows,
    }
}

fn open(task: StructuredPrediction) -> Arc<dyn AnyTask> {
    let (_folder, folders) = mnist();
    task.check().unwrap();
    task.open_from(&folders).unwrap()
}

fn seeded<E: Real>(task: StructuredPrediction, seed: u64) -> (Seeded, Parameters<E>) {
    let (_folder, folders) = mnist();
    task.load(&folders).unwrap().instance(&Streams::new("structured-prediction", seed))
}

fn estimator(kind: &str) -> Box<dyn Estimator<f32>> {
    let registry = Registry::standard();
    registry.get(kind).unwrap().build(toml::Table::new()).unwrap().build_f32()
}

fn train(task: StructuredPrediction, kind: &str, steps: u64) -> Vec<(Metric, f64)> {
    let mut estimator = estimator(kind);
    let mut training = open(task).start(0, 16, &Optimizer::adam(0.02));
    let noise = Noise::named(&["structured-prediction", "training"]);
    for step in 0..steps {
        assert!(training.step(step, &mut *estimator, &noise).unwrap().is_finite(), "{kind}");
    }
    training.evaluate(&mut *estimator, &mut noise.at(u64::MAX)).unwrap()
}

/// Whether the upper line is light tells whether the lowest is, which is about ln 2 for each of its three pixels.
#[test]
fn training_beats_pixels_that_are_drawn_alone() {
    let budget = crate::Budget { steps: 1, evaluate_every: 1, batch: 16 };
    for pixels in [Pixels::Real, Pixels::Dynamic] {
        let task = StructuredPrediction { pixels, ..small() };
        let alone = open(task.clone()).reference_values(0, &budget, &|| true).unwrap().unwrap();
        for kind in ["exact", "reinforce-loo", "gumbel-softmax"] {
            let values = train(task.clone(), kind, 1000);
            let names: Vec<&str> = values.iter().map(|(metric, _)| metric.name).collect();
            let test = "negative-log-likelihood";
            assert_eq!(names[..2], [test, "validation-negative-log-likelihood"]);
            assert_eq!(names[2..], ["training-loss", "entropy"]);
            let [test, validation, training, entropy] = [0, 1, 2, 3].map(|i| values[i].1);
            assert!(test < alone[0].1 - 0.5, "{kind} {pixels:?}: {test} for {alone:?}");
            assert!((validation - test).abs() < 0.5 && validation != test, "{values:?}");
            assert!(training > test - 1.0 && (0.0..=3f64.ln()).contains(&entropy), "{values:?}");
        }
    }
}

/// The lower pixels alone, with the means of 50 images and half a light one more, on 60 of 70 test images.
#[test]
fn the_reference_is_that_of_lower_pixels() {
    let mean = |levels: &[u8], pixel: usize| {
        let sum: f64 = levels.iter().skip(pixel).step_by(9).map(|&x| f64::from(x)).sum();
        sum / 255.0 / (levels.len() / 9) as f64
    };
    let (train, all) = (&levels("train", 90)[..50 * 9], levels("test", 70));
    let image = |i: usize| &all[i * 70 / 60 * 9..][..9];
    let test: Vec<u8> = (0..60).flat_map(image).copied().collect();
    let loss = |pixel: usize| {
        let (m, x) = ((50.0 * mean(train, pixel) + 0.5) / 51.0, mean(&test, pixel));
        -x * m.ln() - (1.0 - x) * (1.0 - m).ln()
    };
    let budget = crate::Budget { steps: 1, evaluate_every: 1, batch: 16 };
    let found = open(small()).reference_values(0, &budget, &|| true).unwrap().unwrap();
    let expected: f64 = (3..9).map(loss).sum();
    assert!((found[0].1 - expected).abs() < 1e-12, "{found:?} for {expected}");
}

/// The gradient of every parameter by enumeration, against differences of the expected loss.
#[test]
fn the_exact_gradient_against_differences() {
    let (seeded, mut parameters) = seeded::<f64>(small(), 1);
    let batch = seeded.batch(4, &mut Noise::named(&["batch"])).cast::<f64>();
    let mut exact = Exact::default().build_f64();
    gradients::check(&mut parameters, 5, 50, |parameters| {
        let (logits, objective, penalty) = seeded.forward(parameters, &batch).split();
        assert_eq!(penalty, 0.0);
        exact.estimate(logits, &*objective, &mut Noise::named(&["exact"])).unwrap()
    });
}

/// With many samples the bound is near −ln Σ_z p(z) p(y | z), and with one it is the loss of that one.
#[test]
fn the_bound_tends_to_the_likelihood() {
    let of = |samples: usize, seed: u64| {
        let (seeded, mut parameters) =
            seeded::<f32>(StructuredPrediction { samples, ..small() }, 2);
        parameters.values_mut().iter_mut().for_each(|x| *x *= 3.0);
        let noise = &mut Noise::named(&["bound", &seed.to_string()]);
        seeded.measure(&parameters, &seeded.images.test, noise).unwrap().loss
    };
    let (seeded, mut parameters) = seeded::<f32>(small(), 2);
    parameters.values_mut().iter_mut().for_each(|x| *x *= 3.0);
    let batch = seeded.halves(&seeded.images.test.rows(0..60));
    let forward = seeded.forward(&parameters, &batch);
    let p = kernels::rows::softmax(&forward.logits.numbers().cast::<f64>(), 1.0).unpack();
    let mut likelihoods = vec![0.0; 60];
    for (a, b) in (0..9).map(|outcome| (outcome / 3, outcome % 3)) {
        let picks = [a as f32, b as f32].repeat(60);
        let losses = forward.losses(kernels::Packed::pack(&picks, 1)).unwrap().unpack();
        for (row, loss) in losses.into_iter().enumerate() {
            likelihoods[row] += p[row * 6 + a] * p[row * 6 + 3 + b] * f64::from(-loss).exp();
        }
    }
    let truth = -likelihoods.iter().map(|p| p.ln()).sum::<f64>() / 60.0;
    let [one, many] = [of(1, 0), of(20_000, 1)];
    assert!((many - truth).abs() < 1e-3, "{many} for {truth}");
    assert!(one > truth + 0.02, "{one} for {truth}");
    assert_ne!(one, of(1, 1));
}

#[test]
fn a_mixture_by_hand() {
    assert_eq!(mixture(&[2.5]), 2.5);
    let expected = -((-1f64).exp() / 2.0 + (-3f64).exp() / 2.0).ln();
    assert!((mixture(&[1.0, 3.0]) - expected).abs() < 1e-15);
    // Likelihoods that are 0 as numbers have logarithms.
    assert!((mixture(&[2000.0, 3000.0]) - 2000.0 - 2f64.ln()).abs() < 1e-12);
    assert_eq!(mixture(&[f32::INFINITY; 2]), f64::INFINITY);
    assert!(mixture(&[f32::NAN; 2]).is_nan());
}

#[test]
fn images_are_cut_in_two() {
    let (seeded, _) = seeded::<f32>(small(), 0);
    let all: Vec<f32> = levels("test", 70).iter().map(|&x| f32::from(x) / 255.0).collect();
    // The first ones are tested on.
    assert_eq!(seeded.images.test.len(), 60);
    let batch = seeded.halves(&seeded.images.test.rows(3..5));
    let (upper, lower) = (batch.inputs().rows().unpack(), batch.targets().unpack());
    assert_eq!(upper, [&all[27..30], &all[36..39]].concat());
    assert_eq!(lower, [&all[30..36], &all[39..45]].concat());
    assert_eq!((seeded.upper, seeded.network.latents()), (3, 2));
}

/// Images are those of `vae`, whose files, pixels and batches are tested there.
#[test]
fn the_static_binarization_is_the_default() {
    let folder = tempfile::tempdir().unwrap();
    for (part, count) in [("train", 30), ("valid", 20), ("test", 10)] {
        write(folder.path(), &format!("binarised-{part}-images-idx3-ubyte"), &levels(part, count));
    }
    let folders = Folders { data: vec![folder.path().to_owned()], ..Folders::default() };
    let task = StructuredPrediction { validation_rows: 12, ..StructuredPrediction::default() };
    let loaded = task.load(&folders).unwrap();
    let (seeded, _) = loaded.instance::<f32>(&Streams::new("structured-prediction", 0));
    let counts = [&seeded.images.train, seeded.images.validation.as_ref().unwrap()];
    assert_eq!(counts.map(crate::data::Images::len), [30, 12]);
    assert_eq!(seeded.images.test.len(), 10);
    assert!(loaded.absent().is_none() && loaded.warnings().len() == 1);
}

#[test]
fn absent_images_are_named() {
    let folders = Folders { data: vec![Path::new("nowhere").to_owned()], ..Folders::default() };
    let task = StructuredPrediction::default().open_from(&folders).unwrap();
    let absent = task.absent().unwrap().to_string();
    assert!(absent.contains("no binarised-train-images-idx3-ubyte,"), "{absent}");
    assert_eq!(task.metrics()[0].chosen_by, Some(task.metrics()[1].name));
    assert_eq!((task.dims(3).latents, task.dims(3).categories), (20, 10));
}

/// Images, above three lines of their upper halves, which are kept, and predicted lower ones.
#[test]
fn pictures_are_completions() {
    let training = open(small()).start(0, 4, &Optimizer::adam(0.02));
    let pictures = training.artifacts(&mut Noise::named(&["artifacts"])).unwrap();
    let [picture] = pictures.as_slice() else { panic!("{pictures:?}") };
    // Ten images of 3 × 3 pixels in a line, with gaps of 1, in four lines.
    assert_eq!((picture.name, picture.width, picture.pixels.len()), ("completions", 39, 39 * 15));
    let held_out = &levels("train", 90)[50 * 9..];
    for line in 0..4 {
        let first = 4 * line * 39;
        assert_eq!(picture.pixels[first + 4..first + 7], held_out[9..12]);
    }
    assert_eq!(picture.pixels[2 * 39 + 4..2 * 39 + 7], held_out[15..18]);
    assert_ne!(picture.pixels[6 * 39 + 4..6 * 39 + 7], held_out[15..18]);
}
