//! Training and measuring small selections.

use super::*;
use crate::task::{Instance, gradients};
use crate::{AnyTask, Budget, Evaluation, Optimizer};
use estimators::{Estimator, Factory, Registry, kinds::Exact};
use kernels::Noise;
use std::path::Path;
use std::sync::Arc;

fn small(data: DataSet, shared_logits: bool) -> FeatureSelection {
    let (selector_hidden, predictor_hidden) = (vec![16], vec![32]);
    let (validation_rows, test_rows) = (300, 400);
    FeatureSelection {
        data,
        selected: Some(2),
        shared_logits,
        selector_hidden,
        predictor_hidden,
        validation_rows,
        test_rows,
    }
}

fn open(task: FeatureSelection) -> Arc<dyn AnyTask> {
    task.check().unwrap();
    task.open(Path::new("")).unwrap()
}

fn estimator(kind: &str) -> Box<dyn Estimator<f32>> {
    let registry = Registry::standard();
    registry.get(kind).unwrap().build(toml::Table::new()).unwrap().build_f32()
}

/// Metrics after so many steps.
fn train(task: FeatureSelection, kind: &str, steps: u64) -> Vec<(Metric, f64)> {
    let mut estimator = estimator(kind);
    let mut training = open(task).start(0, 64, &Optimizer::adam(0.01));
    let noise = Noise::named(&["feature-selection", "training"]);
    for step in 0..steps {
        assert!(training.step(step, &mut *estimator, &noise).unwrap().is_finite(), "{kind}");
    }
    training.evaluate(&mut *estimator, &mut noise.at(u64::MAX)).unwrap()
}

fn value(values: &[(Metric, f64)], name: &str) -> f64 {
    values.iter().find(|(metric, _)| metric.name == name).unwrap().1
}

fn references(task: FeatureSelection) -> [f64; 2] {
    let budget = Budget { steps: 1, evaluate_every: 1, batch: 1 };
    let values = open(task).reference_values(0, &budget, &|| true).unwrap().unwrap();
    [values[0].1, values[1].1]
}

/// The two features of `xor` are found by latents with logits of their own. Where they share them, the loss falls
/// as well, but what is chosen may tell the label in another way.
#[test]
fn training_finds_the_relevant_features() {
    for shared_logits in [true, false] {
        let task = small(DataSet::Xor, shared_logits);
        let [bayes, guess] = references(task.clone());
        assert!(bayes < guess - 0.05, "{bayes} {guess}");
        let before = train(task.clone(), "exact", 0);
        let (rank, share) = (value(&before, "median-rank"), value(&before, "relevant-share"));
        assert!(rank > 3.0 && share < 0.6, "{rank} {share}");
        for kind in ["exact", "reinforce-loo", "gumbel-softmax"] {
            let after = train(task.clone(), kind, 1000);
            let loss = value(&after, "test-loss");
            assert!(loss > bayes && loss < guess - 0.03, "{kind}: {loss} of {bayes} and {guess}");
            let (rank, share) = (value(&after, "median-rank"), value(&after, "relevant-share"));
            assert!(shared_logits || rank < 1.9 && share > 0.9, "{kind}: {rank} {share}");
            assert!(value(&after, "test-accuracy") > 0.8, "{kind}: {after:?}");
        }
    }
}

/// The gradient of every parameter by enumeration, against differences of the expected loss.
#[test]
fn the_exact_gradient_against_differences() {
    for shared_logits in [true, false] {
        let task = small(DataSet::Orange, shared_logits);
        let (seeded, mut parameters) = task.instance::<f64>(&Streams::new("feature-selection", 0));
        let batch = seeded.batch(5, &mut Noise::named(&["batch"])).cast::<f64>();
        let mut exact = Exact::default().build_f64();
        gradients::check(&mut parameters, 13, 100, |parameters| {
            let (logits, objective, _) = seeded.forward(parameters, &batch).split();
            exact.estimate(logits, &*objective, &mut Noise::named(&["exact"])).unwrap()
        });
    }
}

/// Where latents share their logits, gradients are for those.
#[test]
fn gradients_are_for_the_logits_that_are_shared() {
    for (shared_logits, latents) in [(true, 1), (false, 2)] {
        let probe = open(small(DataSet::Xor, shared_logits)).probe(0, 3);
        let mut drawn = vec![];
        let keep = &mut |g: &[f64]| drawn = g.to_vec();
        probe.draw(&mut *Exact::default().build_f64(), 1, &mut Noise::named(&["p"]), keep).unwrap();
        assert_eq!(drawn.len(), 3 * latents * FEATURES);
        // Softmax has no slope along a constant.
        for row in drawn.chunks(FEATURES) {
            assert!(row.iter().sum::<f64>().abs() < 1e-12 && row.iter().any(|g| g.abs() > 1e-6));
        }
    }
}

/// A selector that always takes the same features, and a predictor that is the law.
#[test]
fn what_is_deployed_is_measured() {
    let task = FeatureSelection {
        selector_hidden: vec![],
        predictor_hidden: vec![],
        ..small(DataSet::Xor, false)
    };
    let (seeded, mut parameters) = task.instance::<f32>(&Streams::new("feature-selection", 3));
    // Two latents of ten logits, with weights [20, 10] and biases; then a weight for each feature, and a bias.
    let values = parameters.values_mut();
    values.fill(0.0);
    (values[200], values[215]) = (20.0, 20.0);
    (values[220], values[225], values[226], values[230]) = (0.5, -0.25, 9.0, 0.125);
    let found = seeded.deployed(&parameters, &seeded.test);
    let (x, q) = (seeded.test.batch.inputs().rows(), seeded.test.batch.targets());
    let (mut loss, mut right) = (0.0, 0.0);
    for row in 0..400 {
        let (x, q) = (|j: usize| f64::from(x.get(row, j)), f64::from(q.get(row, 0)));
        assert!((q - 1.0 / (1.0 + (-x(0) * x(1)).exp())).abs() < 1e-6);
        let o = 0.5 * x(0) - 0.25 * x(5) + 0.125;
        loss += (1.0 + o.exp()).ln() - q * o;
        right += f64::from(u8::from((o > 0.0) == (x(0) * x(1) > 0.0)));
    }
    assert!((found.loss - loss / 400.0).abs() < 1e-6, "{found:?} for {loss}");
    assert!((found.accuracy - right / 400.0).abs() < 1e-12, "{found:?} for {right}");
    // One of two is right: ranks 1 or 2 with 3 to 10, 1.5 and 6.5 on average.
    assert_eq!((found.median_rank, found.relevant_share), (4.0, 0.5));
    let entropy = (1.0 + 9.0 * (-20f64).exp()).ln() + 180.0 * (-20f64).exp();
    assert!((found.entropy - entropy).abs() < 1e-6, "{found:?}");
}

/// The entropy of the labels of rows to test on, and their cross-entropy with the mean of those to validate on.
#[test]
fn references_by_hand() {
    let task = small(DataSet::Orange, false);
    let (seeded, _) = task.instance::<f32>(&Streams::new("feature-selection", 0));
    let probabilities = |held_out: &HeldOut| -> Vec<f64> {
        held_out.batch.targets().unpack().into_iter().map(f64::from).collect()
    };
    let (validation, test) = (probabilities(&seeded.validation), probabilities(&seeded.test));
    let mean = |numbers: &[f64]| numbers.iter().sum::<f64>() / numbers.len() as f64;
    let loss = |q: f64, p: f64| -q * p.ln() - (1.0 - q) * (1.0 - p).ln();
    let certain = |q: f64| q == 0.0 || q == 1.0;
    let entropies: Vec<f64> =
        test.iter().map(|&q| if certain(q) { 0.0 } else { loss(q, q) }).collect();
    let expected = [mean(&entropies), loss(mean(&test), mean(&validation))];
    for (found, expected) in references(task).into_iter().zip(expected) {
        assert!((found - expected).abs() < 1e-12, "{found} for {expected}");
    }
}

/// Rows of steps are new ones, and those to test on are no rows to validate on.
#[test]
fn rows_are_met_once() {
    let (seeded, _) = small(DataSet::Switch, true).instance::<f32>(&Streams::new("f", 0));
    let batches = Noise::named(&["batches"]);
    let first = |batch: &crate::Batch<f32>| batch.inputs().rows().get(0, 0);
    let parts = [
        first(&seeded.validation.batch),
        first(&seeded.test.batch),
        first(&seeded.batch_of_step(4, 0, &batches)),
        first(&seeded.batch_of_step(4, 1, &batches)),
    ];
    for (i, x) in parts.iter().enumerate() {
        assert!(parts.iter().skip(i + 1).all(|other| other != x), "{parts:?}");
    }
    assert_eq!(parts[3], first(&seeded.batch_of_step(4, 1, &batches)));
    assert_eq!(seeded.test.batch.rows(), 400);
}

#[test]
fn as_many_features_as_labels_depend_on() {
    for (data, count) in [("xor", 2), ("orange", 4), ("nonlinear-additive", 4), ("switch", 5)] {
        let task: FeatureSelection = toml::from_str(&format!("data = {data:?}")).unwrap();
        assert_eq!(task.dims(7), Dims { batch: 7, latents: count, categories: FEATURES });
        task.check().unwrap();
        assert!(!toml::to_string(&task).unwrap().contains("selected"));
    }
    let task = FeatureSelection { selected: Some(3), ..FeatureSelection::default() };
    assert_eq!((task.dims(1).latents, task.data), (3, DataSet::Orange));
}

/// An evaluation does not depend on the estimator, nor on noise.
#[test]
fn evaluations_need_no_noise() {
    let task = small(DataSet::NonlinearAdditive, true);
    let (seeded, parameters) = task.instance::<f32>(&Streams::new("feature-selection", 1));
    let values = |kind: &str, word: &str| {
        let (mut estimator, mut noise) = (estimator(kind), Noise::named(&[word]));
        seeded.evaluate(&parameters, &mut Evaluation::new(&mut *estimator, &mut noise)).unwrap()
    };
    assert_eq!(values("exact", "a"), values("reinforce-loo", "b"));
}
