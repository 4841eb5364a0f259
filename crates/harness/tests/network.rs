//! Training one network, storing it, and predicting with it.

use crate::support::{Lab, edited, errors};
use model::task::{Origin, Predictor};
use serde_json::Value;
use std::fmt::Write as _;

/// Rows with texts, gaps and a column that says which part they are in: their parts, targets and text.
fn rows(is_class: bool) -> (Vec<(&'static str, String)>, String) {
    let (mut known, mut text) = (vec![], "part,x,color,y,z\n".to_owned());
    for row in 0..90 {
        let part = ["train", "test", "train", "validation", "train"][row % 5];
        let (x, z) = ((row * 37 % 90) as f64 / 45.0 - 1.0, (row * 11 % 17) as f64);
        let color = ["red", "blue", ""][row % 3];
        let y = if color == "red" { 2.0 * x } else { 1.0 - x };
        let y = if is_class { ["low", "high"][usize::from(y > 0.5)].into() } else { y.to_string() };
        let z = if row % 8 == 0 { "?".to_owned() } else { z.to_string() };
        writeln!(text, "{part},{x},{color},{y},{z}").unwrap();
        known.push((part, y));
    }
    (known, text)
}

/// An experiment on such rows.
fn on_rows(is_class: bool) -> (Lab, Vec<(&'static str, String)>) {
    let task = "data = \"own.csv\"\ntarget = \"y\"\nmissing = \"mean\"\nsplit = \"part\"";
    let lab = Lab::with(&[
        ("inputs = 4", task),
        ("steps = 20", "steps = 200"),
        ("every = 10", "every = 25"),
        ("seeds = 3", "seeds = 2"),
    ]);
    let (known, text) = rows(is_class);
    lab.write("own.csv", text);
    (lab, known)
}

fn origin(lab: &Lab, name: &str) -> Origin {
    Predictor::from_bytes(&std::fs::read(lab.path(name)).unwrap()).unwrap().1
}

/// The predictions of the test rows of `own.csv`, with their targets.
fn predictions(lab: &Lab, known: &[(&'static str, String)]) -> Vec<(String, String)> {
    lab.ok("predict network.safetensors own.csv --output predictions.csv");
    let table = lab.read("predictions.csv");
    let mut lines = table.lines();
    assert_eq!(lines.next(), Some("choice,probability,prediction"));
    assert_eq!(lines.clone().count(), known.len());
    let of_test = known.iter().zip(lines).filter(|((part, _), _)| *part == "test");
    let cells = |line: &str| -> Vec<String> { line.split(',').map(str::to_owned).collect() };
    let pair = |((_, target), line): (&(&str, String), &str)| {
        let cells = cells(line);
        let [choice, probability] = [0, 1].map(|i| cells[i].parse::<f64>().unwrap());
        assert!((0.0..3.0).contains(&choice) && (1.0 / 3.1..=1.0).contains(&probability), "{line}");
        (cells[2].clone(), target.clone())
    };
    of_test.map(pair).collect()
}

/// The record of a run.
fn record(lab: &Lab, estimator: &str, seed: u64) -> Value {
    let text = lab.read("results/tiny/runs.jsonl");
    let mut records = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let is_it = |record: &Value| {
        record["run"]["estimator"]["kind"] == estimator && record["run"]["seed"] == seed
    };
    records.find(is_it).unwrap()
}

/// What is stored is the run's network at the step that validation chooses, and what it predicts of
/// the test rows has the test loss that is reported.
#[test]
fn predictions_have_the_reported_test_loss() {
    let (lab, known) = on_rows(false);
    lab.ok("sweep tiny.toml --no-report");
    let said = lab.ok("train tiny.toml --estimator exact --seed 1 --output network.safetensors");
    for words in ["test loss", "least squares", "network without a choice", "predict the mean"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let origin = origin(&lab, "network.safetensors");
    assert_eq!((origin.seed, &*origin.estimator, &*origin.task), (1, "exact", "argmax-index"));
    let curves = &record(&lab, "exact", 1)["curves"];
    let curve = |name: &str| -> Vec<f64> {
        let values = curves["metrics"][name].as_array().unwrap().iter();
        values.map(|value| value.as_f64().unwrap()).collect()
    };
    let validation = curve("validation-loss");
    let best = (0..validation.len())
        .fold(0, |best, i| if validation[i] < validation[best] { i } else { best });
    assert_eq!(origin.step, curves["steps"][best].as_u64().unwrap());
    assert!(best > 0 && origin.validation_loss == validation[best]);
    assert_eq!(origin.test_loss, curve("test-loss")[best]);
    assert!(said.contains(&format!("after {} steps", origin.step)), "{said}");

    let pairs = predictions(&lab, &known);
    let square = |(ours, theirs): &(String, String)| {
        (ours.parse::<f64>().unwrap() - theirs.parse::<f64>().unwrap()).powi(2)
    };
    let loss = pairs.iter().map(square).sum::<f64>() / pairs.len() as f64;
    let is_close = (loss / origin.test_loss - 1.0).abs() < 1e-5;
    assert!(pairs.len() == 18 && is_close, "{loss} for {}", origin.test_loss);

    // The same again writes the same bytes, and to the terminal it is the same table.
    let bytes = std::fs::read(lab.path("network.safetensors")).unwrap();
    lab.ok("train tiny.toml --estimator exact --seed 1 --output network.safetensors");
    assert_eq!(std::fs::read(lab.path("network.safetensors")).unwrap(), bytes);
    assert_eq!(lab.ok("predict network.safetensors own.csv"), lab.read("predictions.csv"));
}

#[test]
fn predicted_classes_have_the_reported_accuracy() {
    let (lab, known) = on_rows(true);
    lab.ok("sweep tiny.toml --no-report --estimator exact --force");
    lab.ok("train tiny.toml --estimator exact --output network.safetensors");
    let origin = origin(&lab, "network.safetensors");
    let curves = record(&lab, "exact", 0)["curves"].clone();
    let steps = curves["steps"].as_array().unwrap();
    let index = steps.iter().position(|step| *step == origin.step).unwrap();
    let accuracy = curves["metrics"]["test-accuracy"][index].as_f64().unwrap();
    let pairs = predictions(&lab, &known);
    let right = pairs.iter().filter(|(ours, theirs)| ours == theirs).count() as f64;
    assert!(accuracy > 0.6 && (right / pairs.len() as f64 - accuracy).abs() < 1e-12, "{accuracy}");
}

/// Of several settings, stored runs choose; where there are none, the settings are listed.
#[test]
fn stored_runs_choose_the_setting() {
    let rates = "sweep.learning-rate = [1e-6, 0.02]";
    let lab = Lab::with(&[("learning-rate = 0.01", rates), ("steps = 20", "steps = 100")]);
    let train = "train tiny.toml --output network.safetensors";
    let output = lab.run(&format!("{train} --estimator exact"));
    let said = errors(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    for words in ["2 settings", "no runs", "--set", "learning-rate=0.000001", "learning-rate=0.02"]
    {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(!lab.path("network.safetensors").exists());
    lab.ok(&format!("{train} --estimator exact --set optimizer.learning-rate=1e-6"));
    assert!(origin(&lab, "network.safetensors").optimizer.contains("0.000001"));

    lab.ok("sweep tiny.toml --no-report");
    lab.ok(&format!("{train} --estimator exact"));
    let chosen = origin(&lab, "network.safetensors");
    assert!(chosen.optimizer.contains("learning-rate=0.02"), "{chosen:?}");
    // Two temperatures are no tuning of one estimator.
    let said = errors(&lab.run(&format!("{train} --estimator soft-argmax")));
    assert!(said.contains("has runs of several") && said.contains("temperature=0.5"), "{said}");
    lab.ok(&format!("{train} --estimator soft-argmax --set estimator.temperature=0.5"));
}

#[test]
fn what_cannot_be_trained_or_predicted_is_an_error() {
    let lab = Lab::new();
    let rejected = |arguments: &str, words: &[&str]| {
        let output = lab.run(arguments);
        let said = errors(&output);
        assert_eq!(output.status.code(), Some(2), "{arguments}: {said}");
        assert!(words.iter().all(|words| said.contains(words)), "{arguments}: {said}");
    };
    let train = "train tiny.toml --output network.safetensors --estimator";
    rejected(&format!("{train} exat"), &["`exat`", "`exact`?"]);
    lab.write("arm.toml", edited(&[("\"exact\"", "\"arm\"")]));
    rejected(
        "train arm.toml --output network.safetensors --estimator arm",
        &["`arm` does not support the task"],
    );
    let toy = "[[estimator]]\nkind = \"exact\"\n";
    lab.write("toy.toml", format!("steps = 2\n[task]\nkind = \"bernoulli-toy\"\n{toy}"));
    rejected("train toy.toml --output network.safetensors", &["`bernoulli-toy` predict no rows"]);
    let gradient = "[protocol]\nkind = \"gradient\"\ndraws = 10\n[task]\nkind = \"argmax-index\"\n";
    lab.write("drawn.toml", format!("{gradient}{toy}"));
    rejected("train drawn.toml --output network.safetensors", &["takes no training steps"]);
    assert!(!lab.path("network.safetensors").exists());

    lab.ok(&format!("{train} exact"));
    lab.write("new.csv", "x1,x3\n1,2\n");
    rejected("predict network.safetensors new.csv", &["new.csv", "no columns `x2`, `x4`"]);
    rejected("predict network.safetensors none.csv", &["none.csv", "cannot be read"]);
    rejected("predict none.safetensors new.csv", &["none.safetensors", "cannot be read"]);
    rejected("predict new.csv new.csv", &["new.csv", "not a network that `harness train` wrote"]);
    lab.write("new.csv", "x4,x3,x2,x1\n1,2,3,4\n");
    assert_eq!(lab.ok("predict network.safetensors new.csv").lines().count(), 2);
}
