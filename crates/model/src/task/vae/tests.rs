//! Training and measuring on tiny images.

use super::*;
use crate::task::mnist::tiny::{levels, mnist, write};
use crate::task::vae::seeded::{Bound, Seeded};
use crate::task::{Instance, Streams, Task};
use crate::{AnyTask, Metric, Optimizer};
use estimators::{Estimator, Registry};
use kernels::{Noise, Parameters};
use std::sync::Arc;

fn small() -> Vae {
    let (latents, categories, hidden, validation_rows) = (2, 3, vec![8], 40);
    Vae { latents, categories, hidden, validation_rows, ..Vae::default() }
}

fn open(vae: Vae) -> Arc<dyn AnyTask> {
    let (_folder, folders) = mnist();
    vae.check().unwrap();
    vae.open_from(&folders).unwrap()
}

fn seeded(vae: Vae, seed: u64) -> (Seeded, Parameters<f32>) {
    let (_folder, folders) = mnist();
    vae.load(&folders).unwrap().instance(&Streams::new("vae", seed))
}

fn estimator(kind: &str) -> Box<dyn Estimator<f32>> {
    let registry = Registry::standard();
    registry.get(kind).unwrap().build(toml::Table::new()).unwrap().build_f32()
}

fn train(vae: Vae, kind: &str, steps: u64) -> Vec<(Metric, f64)> {
    let mut estimator = estimator(kind);
    let mut training = open(vae).start(0, 16, &Optimizer::adam(0.02));
    let noise = Noise::named(&["vae", "training"]);
    for step in 0..steps {
        assert!(training.step(step, &mut *estimator, &noise).unwrap().is_finite(), "{kind}");
    }
    training.evaluate(&mut *estimator, &mut noise.at(u64::MAX)).unwrap()
}

fn value(values: &[(Metric, f64)], name: &str) -> f64 {
    values.iter().find(|(metric, _)| metric.name == name).unwrap().1
}

/// Every kind of codes, pixels and batches learns which line is light: about 0.7 nats of the code buy
/// more than that of the pixels.
#[test]
fn training_beats_pixels_that_are_drawn_alone() {
    for codes in [Codes::OneHot, Codes::Integer] {
        for (pixels, batches) in [
            (Pixels::Real, Batches::Epochs),
            (Pixels::Dynamic, Batches::Epochs),
            (Pixels::Real, Batches::Replacement),
        ] {
            let vae = Vae { codes, pixels, batches, ..small() };
            let budget = crate::Budget { steps: 1, evaluate_every: 1, batch: 16 };
            let alone = open(vae.clone()).reference_values(0, &budget, &|| true).unwrap().unwrap();
            assert_eq!(alone[0].0, "independent-pixels");
            let values = train(vae, "reinmax", 1500);
            let (bound, rest) = (value(&values, "negative-elbo"), value(&values, "divergence"));
            assert!(bound < alone[0].1 - 0.5, "{codes:?} {pixels:?}: {bound} for {alone:?}");
            assert!((0.3..1.5).contains(&rest), "{codes:?} {pixels:?}: {rest}");
            let validation = value(&values, "validation-negative-elbo");
            assert!((validation - bound).abs() < 1.0 && validation != bound, "{values:?}");
        }
    }
}

/// Without rows to validate on, what is trained on ranks, and the test images choose nothing.
#[test]
fn the_ranking_metric_is_not_chosen_by_test_images() {
    let names = |vae: Vae| open(vae).metrics().iter().map(|m| m.name).collect::<Vec<_>>();
    let held_out = ["negative-elbo", "validation-negative-elbo", "training-loss", "divergence"];
    assert_eq!(names(small()), held_out);
    assert_eq!(open(small()).metrics()[0].chosen_by, Some("validation-negative-elbo"));
    let all = Vae { validation_rows: 0, ..small() };
    assert_eq!(names(all.clone()), ["training-loss", "negative-elbo", "divergence"]);
    assert!(open(all.clone()).metrics().iter().all(|metric| metric.chosen_by.is_none()));
    let values = train(all, "straight-through", 10);
    assert_eq!(
        values.iter().map(|(m, _)| m.name).collect::<Vec<_>>(),
        names(Vae { validation_rows: 0, ..small() })
    );
    assert!(values.iter().all(|(_, value)| value.is_finite()), "{values:?}");
}

#[test]
fn evaluating_in_chunks_changes_nothing() {
    for pixels in [Pixels::Real, Pixels::Dynamic] {
        let (seeded, parameters) = seeded(Vae { pixels, ..small() }, 2);
        let bound = |at_once: usize| -> Bound {
            let noise = &mut Noise::named(&["chunks"]);
            seeded.bound(&parameters, &seeded.images.test, at_once, noise).unwrap()
        };
        let whole = bound(1000);
        for at_once in [16, 32, 64] {
            let Bound { total, divergence } = bound(at_once);
            assert!((total - whole.total).abs() < 1e-6 * whole.total, "{total} for {whole:?}");
            assert!((divergence - whole.divergence).abs() < 1e-6, "{divergence} for {whole:?}");
        }
        // Other codes have another loss: the agreement is not that of means.
        assert_ne!(
            bound(1000).total,
            seeded
                .bound(&parameters, &seeded.images.test, 1000, &mut Noise::named(&["other"]))
                .unwrap()
                .total
        );
    }
}

#[test]
fn held_out_images_are_the_last_ones() {
    let (_folder, folders) = mnist();
    let all = levels("train", 90);
    let (seeded, _) = small().load(&folders).unwrap().instance::<f32>(&Streams::new("vae", 0));
    assert_eq!(seeded.images.train.levels(), &all[..50 * 9]);
    assert_eq!(seeded.images.validation.unwrap().levels(), &all[50 * 9..]);
    assert_eq!(seeded.images.test.levels(), levels("test", 70));
}

/// A batch of bits is another one in each step; what is held out is binarized once for each seed.
#[test]
fn bits_have_the_probability_of_their_gray_level() {
    let dynamic = || Vae { pixels: Pixels::Dynamic, batches: Batches::Epochs, ..small() };
    let (one, _) = seeded(dynamic(), 3);
    let (two, _) = seeded(dynamic(), 3);
    assert_eq!(one.images.test.levels(), two.images.test.levels());
    assert_ne!(one.images.test.levels(), seeded(dynamic(), 4).0.images.test.levels());
    assert!(one.images.test.levels().iter().all(|&level| level == 0 || level == 255));
    let batches = Noise::named(&["batch"]);
    let mut sums = [0.0f64; 9];
    for step in 0..400 {
        let bits = one.batch_of_step(50, step, &batches).inputs().rows().unpack();
        assert!(bits.iter().all(|&bit| bit == 0.0 || bit == 1.0));
        for image in bits.chunks(9) {
            sums.iter_mut().zip(image).for_each(|(sum, &bit)| *sum += f64::from(bit));
        }
    }
    let levels = one.images.train.levels();
    for (i, sum) in sums.into_iter().enumerate() {
        let mean =
            levels.iter().skip(i).step_by(9).map(|&x| f64::from(x)).sum::<f64>() / 50.0 / 255.0;
        // Five standard deviations of 20,000 bits.
        assert!(
            (sum / 20_000.0 - mean).abs() < 5.0 * 0.5 / 20_000f64.sqrt(),
            "{i}: {sum} for {mean}"
        );
    }
}

#[test]
fn the_static_binarization_has_images_of_its_own_to_validate_on() {
    let folder = tempfile::tempdir().unwrap();
    for (part, count) in [("train", 30), ("valid", 20), ("test", 10)] {
        write(folder.path(), &format!("binarised-{part}-images-idx3-ubyte"), &levels(part, count));
    }
    let folders = Folders { data: vec![folder.path().to_owned()], ..Folders::default() };
    let vae = |validation_rows| Vae { pixels: Pixels::Static, validation_rows, ..small() };
    let load = |rows| vae(rows).load(&folders).unwrap();
    let (seeded, _) = load(12).instance::<f32>(&Streams::new("vae", 0));
    assert_eq!(seeded.images.train.levels(), levels("train", 30));
    assert_eq!(seeded.images.validation.unwrap().levels(), &levels("valid", 20)[..12 * 9]);
    let error = vae(21).load(&folders).err().unwrap().to_string();
    assert!(error.contains("it has 20 images; validation-rows = 21 needs 21 or more"), "{error}");
    // Only what is used counts.
    assert_ne!(load(12).data_digest(), load(0).data_digest());
    assert_eq!(load(12).data_digest(), load(13).data_digest());
}

/// Gray levels of 127 are black, those of 128 are white.
#[test]
fn thresholded_pixels_are_black_or_white() {
    let (folder, folders) = mnist();
    let mut train = levels("train", 90);
    (train[0], train[1], train[80 * 9], train[80 * 9 + 1]) = (127, 128, 127, 128);
    write(folder.path(), "train-images-idx3-ubyte", &train);
    let load = |pixels| Vae { pixels, ..small() }.load(&folders).unwrap();
    let thresholded = load(Pixels::Thresholded);
    assert_eq!(thresholded.data_digest(), load(Pixels::Real).data_digest());
    let (seeded, _) = thresholded.instance::<f32>(&Streams::new("vae", 0));
    let held_out = seeded.images.validation.unwrap();
    let bits = |levels: &[u8]| -> Vec<u8> {
        levels.iter().map(|&level| if level >= 128 { 255 } else { 0 }).collect()
    };
    let kept = seeded.images.train.levels().len();
    assert_eq!(seeded.images.train.levels(), bits(&train[..kept]));
    assert_eq!(held_out.levels(), bits(&train[kept..]));
    assert_eq!(seeded.images.test.levels(), bits(&levels("test", 70)));
    assert_eq!(&seeded.images.train.levels()[..2], [0, 255]);
    assert_eq!(seeded.images.train.rows([0].into_iter()).unpack()[..2], [0.0, 1.0]);
}

/// Images in no file train as the same ones in files do.
#[test]
fn images_need_no_file() {
    let images = |name, count| crate::data::Images::new((3, 3), levels(name, count));
    let values = |task: Arc<dyn AnyTask>| {
        let mut estimator = estimator("straight-through");
        let mut training = task.start(0, 16, &Optimizer::adam(0.02));
        let noise = Noise::named(&["vae", "no file"]);
        for step in 0..5 {
            training.step(step, &mut *estimator, &noise).unwrap();
        }
        training.evaluate(&mut *estimator, &mut noise.at(9)).unwrap()
    };
    let task = small().with_images(&images("train", 90), images("test", 70));
    assert_eq!(task.warnings().len(), 1, "they are not MNIST");
    assert_eq!(values(task), values(open(small())));
}

#[test]
fn the_digest_is_that_of_the_images() {
    let (folder, folders) = mnist();
    let digest = || small().load(&folders).unwrap().data_digest().unwrap();
    let before = digest();
    assert_eq!(before, digest());
    let mut changed = levels("test", 70);
    changed[5] ^= 1;
    write(folder.path(), "t10k-images-idx3-ubyte", &changed);
    assert_ne!(before, digest());
}

#[test]
fn images_that_do_not_fit_are_refused() {
    let (folder, folders) = mnist();
    let error = |vae: Vae| vae.load(&folders).err().expect("an error").to_string();
    let all = Vae { validation_rows: 90, ..small() };
    assert!(error(all).contains("it has 90 images; validation-rows = 90 needs 91 or more"));
    let header = [0x0803, 1, 2, 2].map(u32::to_be_bytes).concat();
    std::fs::write(folder.path().join("t10k-images-idx3-ubyte"), [header, vec![0; 4]].concat())
        .unwrap();
    let other = error(small());
    assert!(
        other.contains("have 2 × 2 pixels, those to train on 3 × 3") && other.contains("t10k"),
        "{other}"
    );
}

/// What is measured is known without images, so that stored runs can be reported.
#[test]
fn absent_images_are_named() {
    let (folder, folders) = mnist();
    let there = small().open_from(&folders).unwrap();
    assert_eq!(there.absent(), None);
    std::fs::remove_file(folder.path().join("t10k-images-idx3-ubyte")).unwrap();
    let task = small().open_from(&folders).unwrap();
    let absent = task.absent().unwrap().to_string();
    let path = folder.path().display().to_string();
    for words in
        ["t10k-images-idx3-ubyte", &path, "scripts/fetch-mnist", "--data", "ARGMAX_LAB_DATA"]
    {
        assert!(absent.contains(words), "{words}: {absent}");
    }
    assert_eq!((task.metrics(), task.dims(5)), (there.metrics(), there.dims(5)));
    assert_eq!((task.warnings(), task.references()), (vec![], there.references()));
    // Other images than those that were published are no stand-in for them.
    assert!(there.data_digest() != task.data_digest() && there.warnings().len() == 1);
}

#[test]
fn pictures_are_reconstructions_and_samples() {
    let training = open(small()).start(0, 4, &Optimizer::adam(0.02));
    let pictures = training.artifacts(&mut Noise::named(&["artifacts"])).unwrap();
    let [reconstructions, samples] = pictures.as_slice() else { panic!("{pictures:?}") };
    assert_eq!((reconstructions.name, samples.name), ("reconstructions", "samples"));
    // Ten images of 3 × 3 pixels in a line, with gaps of 1; two lines and three.
    assert_eq!((reconstructions.width, reconstructions.pixels.len()), (39, 39 * 7));
    assert_eq!((samples.width, samples.pixels.len()), (39, 39 * 11));
    let held_out = &levels("train", 90)[50 * 9..];
    assert_eq!(reconstructions.pixels[4..7], held_out[9..12]);
}
