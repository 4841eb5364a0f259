//! The task `argmax-index` with the number of the chosen category as the prediction.

// Helpers outside of #[test] functions may unwrap, as the tests do.
#![allow(clippy::unwrap_used)]

use estimators::{Factory, Noise, kinds};
use model::task::{ArgmaxIndex, Origin, Predicted, Predictor, Registry, Value};
use model::{Budget, Optimizer, TaskKind};
use std::fmt::Write as _;
use std::path::Path;

fn task() -> ArgmaxIndex {
    let (inputs, rows, validation_rows, test_rows) = (6, 1024, 256, 512);
    let task = ArgmaxIndex { inputs, rows, validation_rows, test_rows, ..Default::default() };
    ArgmaxIndex { categories: 5, value: Value::Index, ..task }
}

/// Test and validation loss after some steps.
fn trained(task: ArgmaxIndex, estimator: &dyn Factory, steps: u64) -> [f64; 2] {
    let task = task.open(Path::new("")).unwrap();
    let mut training = task.start(0, 64, &Optimizer::adam(0.01));
    let (mut estimator, noise) = (estimator.build_f32(), Noise::named(&["tests", "index"]));
    for step in 0..steps {
        training.step(step, &mut *estimator, &noise).unwrap();
    }
    let metrics = training.evaluate(&mut *estimator, &mut noise.at(steps)).unwrap();
    assert_eq!((metrics[0].0.name, metrics[1].0.name), ("test-loss", "validation-loss"));
    [metrics[0].1, metrics[1].1]
}

/// The estimators of numbers and those of any choice learn the regimes.
#[test]
fn numbers_are_learned() {
    let budget = Budget { steps: 0, evaluate_every: 1, batch: 8 };
    let loaded = task().open(Path::new("")).unwrap();
    let references = loaded.reference_values(0, &budget, &|| true).unwrap().unwrap();
    let (bayes, mean) = (references[0].1, references[4].1);
    // The errors are those of `noise`.
    assert!((bayes / 0.01 - 1.0).abs() < 0.25 && mean > 1.0, "{references:?}");
    let estimators: [&dyn Factory; 3] =
        [&kinds::MveInt::default(), &kinds::Exact::default(), &kinds::ReinMax::default()];
    for estimator in estimators {
        let losses = trained(task(), estimator, 600);
        assert!(losses.iter().all(|&loss| loss > bayes && loss < 0.4 * mean), "{losses:?} {mean}");
    }
}

/// Ids of runs hold the parameters that are written.
#[test]
fn the_default_is_not_written() {
    let entry = Registry::standard().get("argmax-index").unwrap().clone();
    assert!(!entry.defaults().contains_key("value"));
    assert!(entry.keys().contains(&"value".to_owned()));
    let text = toml::to_string(&task()).unwrap();
    assert!(text.contains("value = \"index\""), "{text}");
}

#[test]
fn classes_have_no_numbers() {
    let wrong = ArgmaxIndex { classification: true, ..task() };
    let message = wrong.check().expect_err("a rejection").to_string();
    assert!(message.contains("classification") && message.contains("index"), "{message}");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("rows.csv"), "a,y\n1,no\n2,yes\n3,no\n4,yes\n").unwrap();
    let (data, target) = (Some("rows.csv".into()), Some("y".into()));
    let error = ArgmaxIndex { data, target, ..task() }.open(folder.path()).err().expect("an error");
    assert!(error.to_string().contains("`y` is text"), "{error}");
}

/// A stored network predicts the number of the category that it chooses.
#[test]
fn a_stored_network_predicts_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.csv");
    let mut text = "a,y\n".to_owned();
    (0..60).for_each(|row| writeln!(text, "{},{}", row * 7 % 11, row * 7 % 11 / 3).unwrap());
    std::fs::write(&path, text).unwrap();
    let (data, target) = (Some("rows.csv".into()), Some("y".into()));
    let task = ArgmaxIndex { data, target, ..task() }.open(folder.path()).unwrap();
    let predictor = task.start(0, 16, &Optimizer::adam(0.02)).predictor().unwrap();
    let origin = Origin {
        task: "argmax-index".into(),
        estimator: "exact".into(),
        optimizer: "adam".into(),
        seed: 0,
        step: 0,
        validation_loss: 1.0,
        test_loss: 1.0,
        data: None,
        program: "test 1".into(),
    };
    let (stored, _) = Predictor::from_bytes(&predictor.to_bytes(&origin).unwrap()).unwrap();
    let predictions = stored.predict(&path).unwrap();
    assert_eq!((predictions.len(), stored.value()), (60, Value::Index));
    for prediction in predictions {
        assert_eq!(prediction.value, Predicted::Number(prediction.choice as f64));
    }
}
