//! Training, measuring and showing small autoencoders.

use super::*;
use crate::{AnyTask, Optimizer};
use estimators::{Estimator, Registry};
use std::path::Path;
use std::sync::Arc;

fn small() -> Arc<dyn AnyTask> {
    let (latents, categories, hidden) = (2, 3, vec![8]);
    let (pixels, rows, validation_rows, test_rows) = (20, 50, 40, 40);
    let (mean, parts) = (0.2, CategoricalVae { rows, validation_rows, test_rows, ..default() });
    let vae = CategoricalVae { latents, categories, hidden, pixels, mean, ..parts };
    vae.open(Path::new("")).unwrap()
}

fn default() -> CategoricalVae {
    CategoricalVae::default()
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
        let names: Vec<&str> = after.iter().map(|(metric, _)| metric.name).collect();
        assert_eq!(names, ["negative-elbo", "validation-negative-elbo", "divergence"]);
        let (bound, validated, divergence) = (after[0].1, after[1].1, after[2].1);
        assert!((9.5..11.5).contains(&bound), "{kind}: {bound}");
        assert!((9.5..11.5).contains(&validated) && bound != validated, "{kind}: {validated}");
        assert!((0.0..1.5).contains(&divergence), "{kind}: {divergence}");
    }
    let budget = Budget { steps: 1, evaluate_every: 1, batch: 30 };
    let floor = small().reference_values(0, &budget, &|| true).unwrap().unwrap();
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

/// Images are bits of the given mean, and none is in two parts but by chance.
#[test]
fn images_are_random_bits_in_three_parts() {
    let (pixels, rows, validation_rows, test_rows, mean) = (300, 40, 30, 20, 0.2);
    let vae = CategoricalVae { pixels, rows, validation_rows, test_rows, mean, ..default() };
    let (seeded, _) = vae.instance::<f32>(&Streams::new("categorical-vae", 5));
    let parts = [seeded.train.all(), seeded.validation, seeded.test];
    let parts = parts.map(|part| part.inputs().rows().unpack());
    assert_eq!(parts.each_ref().map(Vec::len), [40 * 300, 30 * 300, 20 * 300]);
    let all = parts.concat();
    let mut seen = std::collections::HashSet::new();
    for image in all.chunks(300) {
        assert!(image.iter().all(|&pixel| pixel == 0.0 || pixel == 1.0));
        assert!(seen.insert(image.iter().map(|&pixel| pixel as u8).collect::<Vec<_>>()));
    }
    // Five standard deviations of 27,000 bits.
    let share = all.iter().sum::<f32>() / 27_000.0;
    assert!((share - 0.2).abs() < 0.0122, "{share}");
}

/// Above each code's decoded image is the image that it was sampled for.
#[test]
fn reconstructions_are_those_of_sampled_codes() {
    let vae = CategoricalVae {
        latents: 2,
        hidden: vec![8],
        pixels: 9,
        rows: 3,
        validation_rows: 2,
        mean: 0.5,
        ..Default::default()
    };
    let (seeded, parameters) = vae.instance::<f32>(&Streams::new("categorical-vae", 1));
    let noise = Noise::named(&["artifacts"]);
    let grid = seeded.artifacts(&parameters, &mut noise.clone()).unwrap().remove(0);
    let forward = seeded.forward(&parameters, &seeded.validation);
    let chosen = forward.sample(&mut noise.clone()).to_columns();
    let images = seeded.validation.inputs().rows();
    let pixel = |line: usize, row: usize, i: usize| {
        f64::from(grid.pixels[(4 * line + i / 3) * grid.width + 4 * row + i % 3])
    };
    for row in 0..2 {
        let code = Packed::pack(&chosen[2 * row..2 * row + 2], 1);
        let logits = seeded.network.decode(&parameters, &code).unpack();
        for (i, logit) in logits.into_iter().enumerate() {
            assert_eq!(pixel(0, row, i), 255.0 * f64::from(images.get(row, i)));
            let gray = 255.0 / (1.0 + f64::from(-logit).exp());
            assert!((pixel(1, row, i) - gray).abs() < 0.51, "{row} {i}: {gray}");
        }
    }
}

/// The loss that an estimator meets is the whole loss, with the part that does not depend on codes.
#[test]
fn a_forward_loss_has_its_penalty() {
    let vae = CategoricalVae { pixels: 9, hidden: vec![6], rows: 3, ..Default::default() };
    let (seeded, parameters) = vae.instance::<f32>(&Streams::new("categorical-vae", 3));
    let forward = || seeded.forward(&parameters, &seeded.validation);
    let (mut exact, mut noise) = (estimator("reinforce-loo"), Noise::named(&["forward"]));
    let (logits, objective, penalty) = forward().split();
    let loss = exact.estimate(logits, &*objective, &mut noise.clone()).unwrap().loss();
    let met = Evaluation::new(&mut *exact, &mut noise).forward_loss(forward()).unwrap();
    assert!(penalty > 1e-3 && met == loss + penalty, "{met} for {loss} + {penalty}");
}

#[test]
fn reconstructions_are_a_grid_of_images() {
    let training = small().start(0, 4, &Optimizer::adam(0.02));
    let artifacts = training.artifacts(&mut Noise::named(&["artifacts"])).unwrap();
    let [grid] = artifacts.as_slice() else { panic!("{artifacts:?}") };
    // Ten images of 5 × 5 pixels, of which 20 are used, side by side with a gap of 1.
    assert_eq!((grid.width, grid.pixels.len() / grid.width), (59, 11));
}
