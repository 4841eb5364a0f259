//! Files of trained networks, read as `docs/network-file.md` describes them.

// Helpers outside of #[test] functions may unwrap, as the tests do.
#![allow(clippy::unwrap_used)]

use estimators::{Factory, Noise, kinds::Exact};
use model::task::{ArgmaxIndex, Missing, Origin, Predicted, Predictor};
use model::{Optimizer, TaskKind};
use safetensors::SafeTensors;
use serde_json::Value;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

fn origin() -> Origin {
    Origin {
        task: "argmax-index".into(),
        estimator: "exact".into(),
        optimizer: "adam".into(),
        seed: 3,
        step: 50,
        validation_loss: 0.1 + 0.2,
        test_loss: 0.5,
        data: Some("0123".into()),
        program: "test 1".into(),
    }
}

/// Numbers, texts and gaps, and a target that is a number or a class.
fn rows(is_class: bool) -> String {
    let mut noise = Noise::named(&["tests", "network file"]);
    let mut text = "a,color,y,b\n".to_owned();
    for row in 0..60 {
        let (a, b) = (noise.uniform() * 10.0, noise.uniform());
        let color = ["red", "blue", "", "green"][noise.index(4) as usize];
        let y = a * b + if color == "red" { 5.0 } else { 0.0 };
        let cell = if row % 7 == 0 { "NA".to_owned() } else { b.to_string() };
        let y = if is_class { ["low", "high"][usize::from(y > 4.0)].into() } else { y.to_string() };
        writeln!(text, "{a},{color},{y},{cell}").unwrap();
    }
    text
}

/// A network that was trained a bit on these rows, and their file.
fn trained(is_class: bool) -> (Predictor, PathBuf, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.csv");
    std::fs::write(&path, rows(is_class)).unwrap();
    let (data, target) = (Some("rows.csv".into()), Some("y".into()));
    let (hidden, missing) = (5, Missing::Mean);
    let task = ArgmaxIndex { data, target, hidden, missing, ..Default::default() };
    let mut training = task.open(folder.path()).unwrap().start(0, 16, &Optimizer::adam(0.02));
    let mut exact = Exact::default().build_f32();
    for step in 0..50 {
        training.step(step, &mut *exact, &Noise::named(&["tests", "train"])).unwrap();
    }
    (training.predictor().unwrap(), path, folder)
}

/// What a program that has only the page would compute.
struct Other<'a> {
    tensors: SafeTensors<'a>,
    about: Value,
}

impl Other<'_> {
    fn numbers(&self, name: &str) -> Vec<f64> {
        let data = self.tensors.tensor(name).unwrap().data();
        data.as_chunks().0.iter().map(|bytes| f64::from(f32::from_le_bytes(*bytes))).collect()
    }

    /// W x + b
    fn layer(&self, name: &str, x: &[f64]) -> Vec<f64> {
        let weight = self.numbers(&format!("{name}.weight"));
        let bias = self.numbers(&format!("{name}.bias"));
        let sum = |row: &[f64]| row.iter().zip(x).map(|(w, x)| w * x).sum::<f64>();
        weight.chunks(x.len()).zip(bias).map(|(row, b)| sum(row) + b).collect()
    }

    fn inputs(&self, row: &[(&str, &str)]) -> Vec<f64> {
        let scaled = |scale: &Value, x: f64| {
            let [first, half_range, mean, deviation] = ["first", "half-range", "mean", "deviation"]
                .map(|key| scale[key].as_f64().unwrap());
            let z = ((x / 2.0 - first / 2.0) / half_range - mean) / deviation;
            if half_range == 0.0 { 0.0 } else { z }
        };
        let mut inputs = vec![];
        for feature in self.about["features"].as_array().unwrap() {
            let cell = row.iter().find(|(name, _)| feature["name"] == *name).unwrap().1;
            let is_missing = ["", "NA"].contains(&cell);
            if feature["kind"] == "number" {
                let fill = || feature["fill"].as_f64().unwrap();
                let x = if is_missing { fill() } else { cell.parse().unwrap() };
                inputs.push(scaled(&feature["scale"], x));
                if !feature["flag"].is_null() {
                    inputs.push(scaled(&feature["flag"], f64::from(u8::from(is_missing))));
                }
            } else {
                let name = if is_missing { "missing" } else { cell };
                let levels = feature["levels"].as_array().unwrap().iter();
                for (level, scale) in levels.zip(feature["scales"].as_array().unwrap()) {
                    inputs.push(scaled(scale, f64::from(u8::from(level == name))));
                }
            }
        }
        inputs
    }

    /// The choice, its probability, and what is predicted.
    fn predict(&self, row: &[(&str, &str)]) -> (usize, f64, String) {
        let x = self.inputs(row);
        let hidden: Vec<f64> =
            self.layer("classifier.0", &x).into_iter().map(|x| x.max(0.0)).collect();
        let logits = self.layer("classifier.1", &hidden);
        let choice = largest(&logits);
        let sum: f64 = logits.iter().map(|x| (x - logits[choice]).exp()).sum();
        let values = self.layer("head", &x);
        let target = &self.about["target"];
        let predicted = if target["kind"] == "class" {
            let classes = target["classes"].as_array().unwrap();
            let own = &values[choice * classes.len()..][..classes.len()];
            classes[largest(own)].as_str().unwrap().to_owned()
        } else {
            let of = |key: &str| target["scale"][key].as_f64().unwrap();
            let unscaled = of("mean") + of("deviation") * values[choice];
            (2.0 * (of("first") / 2.0 + of("half-range") * unscaled)).to_string()
        };
        (choice, 1.0 / sum, predicted)
    }
}

fn largest(numbers: &[f64]) -> usize {
    (0..numbers.len()).fold(0, |best, i| if numbers[i] > numbers[best] { i } else { best })
}

#[test]
fn the_page_says_all_that_another_program_needs() {
    for is_class in [false, true] {
        let (network, path, _folder) = trained(is_class);
        let bytes = network.to_bytes(&origin()).unwrap();
        let (_, metadata) = SafeTensors::read_metadata(&bytes).unwrap();
        let about = &metadata.metadata().as_ref().unwrap()["argmax-lab"];
        let about: Value = serde_json::from_str(about).unwrap();
        assert_eq!(about["origin"]["seed"], 3);
        assert_eq!((&about["hidden"], &about["categories"]), (&5.into(), &3.into()));
        let other = Other { tensors: SafeTensors::deserialize(&bytes).unwrap(), about };
        let ours = network.predict(&path).unwrap();
        let text = rows(is_class);
        assert_eq!(ours.len(), 60);
        for (line, ours) in text.lines().skip(1).zip(ours) {
            let cells: Vec<&str> = line.split(',').collect();
            let row = [("a", cells[0]), ("color", cells[1]), ("b", cells[3])];
            let (choice, probability, predicted) = other.predict(&row);
            assert_eq!(ours.choice, choice);
            assert!((ours.probability - probability).abs() < 1e-5);
            match ours.value {
                Predicted::Class(name) => assert_eq!(name, predicted),
                Predicted::Number(x) => {
                    let y: f64 = predicted.parse().unwrap();
                    assert!((x - y).abs() < 1e-4 * y.abs().max(1.0), "{x} {y}");
                }
            }
        }
    }
}

#[test]
fn a_file_is_read_as_it_was_written() {
    for is_class in [false, true] {
        let (network, path, _folder) = trained(is_class);
        let bytes = network.to_bytes(&origin()).unwrap();
        assert_eq!(network.to_bytes(&origin()).unwrap(), bytes, "the same bytes each time");
        let (again, from) = Predictor::from_bytes(&bytes).unwrap();
        assert_eq!((from, again.weights()), (origin(), network.weights()));
        assert_eq!(again.encoder(), network.encoder());
        assert_eq!(again.predict(&path).unwrap(), network.predict(&path).unwrap());
    }
}

/// Networks of synthetic rows predict them as they are.
#[test]
fn synthetic_rows_have_names() {
    let task =
        ArgmaxIndex { inputs: 2, rows: 8, ..Default::default() }.open(Path::new("")).unwrap();
    let network = task.start(0, 4, &Optimizer::adam(0.1)).predictor().unwrap();
    assert_eq!(network.encoder().input_names(), ["x1", "x2"]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new.csv");
    std::fs::write(&path, "x2,x1\n0,0\n").unwrap();
    let found = &network.predict(&path).unwrap()[0];
    // At the origin only the head's bias is left.
    let weights = network.weights();
    let bias = weights.iter().find(|weights| weights.name == "head.bias").unwrap();
    assert_eq!(found.value, Predicted::Number(f64::from(bias.values[found.choice])));
}

#[test]
fn files_that_are_not_networks_are_rejected() {
    let (network, _, _folder) = trained(false);
    let bytes = network.to_bytes(&origin()).unwrap();
    let rejected = |bytes: &[u8], words: &str| {
        let error = Predictor::from_bytes(bytes).unwrap_err();
        assert!(error.contains(words), "{words}: {error}");
    };
    rejected(b"", "not a network that `harness train` wrote");
    rejected(b"a,y\n1,2\n", "not a network");
    rejected(&bytes[..bytes.len() - 4], "not a network");
    // Changes of the header that keep its length.
    let replaced = |from: &str, to: &str| {
        assert_eq!(from.len(), to.len());
        let place = bytes.windows(from.len()).position(|part| part == from.as_bytes()).unwrap();
        let mut bytes = bytes.clone();
        bytes[place..place + to.len()].copy_from_slice(to.as_bytes());
        bytes
    };
    rejected(&replaced("argmax-lab", "argmax-lob"), "no `argmax-lab`");
    rejected(&replaced("\\\"format\\\":1", "\\\"format\\\":2"), "has format 2");
    rejected(&replaced("\\\"hidden\\\":5", "\\\"hidden\\\":6"), "`classifier.0.weight` is not");
    rejected(&replaced("\\\"hidden\\\":5", "\\\"hidden\\\":0"), "0 hidden units");
    rejected(&replaced("head.bias", "head.bios"), "head.bias");
}

/// Every column that is missing is named, and the first cells that are not understood.
#[test]
fn rows_have_what_the_network_was_trained_on() {
    let (network, _, folder) = trained(false);
    let path = folder.path().join("new.csv");
    let rejected = |text: &str, words: &[&str]| {
        std::fs::write(&path, text).unwrap();
        let error = network.predict(&path).unwrap_err().to_string();
        assert!(words.iter().all(|words| error.contains(words)), "{error}");
    };
    rejected("color,y\nred,1\n", &["new.csv", "no columns `a`, `b`"]);
    rejected("a,color\n1,red\n", &["no column `b`"]);
    rejected(
        "a,b,color\n1,2,red\nx,2,blu\n",
        &["2 problems", "line 3, column `a`: the cell is `x`", "unknown text `blu`", "`blue`?"],
    );
    // What was missing in training may be missing.
    std::fs::write(&path, "b,color,more,a\nNA,,z,\n").unwrap();
    assert_eq!(network.predict(&path).unwrap().len(), 1);
    let text = rows(false).replace(",,", ",red,").replace("NA", "0.5");
    std::fs::write(folder.path().join("rows.csv"), text).unwrap();
    let (data, target) = (Some("rows.csv".into()), Some("y".into()));
    let task = ArgmaxIndex { data, target, ..Default::default() }.open(folder.path()).unwrap();
    let strict = task.start(0, 4, &Optimizer::adam(0.1)).predictor().unwrap();
    let error = strict.predict(&path).unwrap_err().to_string();
    assert!(error.contains("column `a`: the cell is missing, as none was in training"), "{error}");
    assert!(error.contains("column `color`: the cell is missing"), "{error}");
}
