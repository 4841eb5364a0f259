//! Laws of whole runs: which numbers a change of the data or the experiment moves, and which not.

use crate::support::{EXPERIMENT, Lab};
use model::Streams;
use serde_json::Value;
use std::fmt::Write as _;

/// On a table, with gradients measured on the batches that are trained on.
const TABLE: &str = r#"seeds = 2
steps = 12
evaluate-every = 4
batch = 8

[gradient]
every = 4
draws = 4

[optimizer]
kind = "adam"
learning-rate = 0.01

[task]
kind = "argmax-index"
categories = 3
hidden = 8
data = "own.csv"
target = "y"
validation-share = 0.25

[[estimator]]
kind = "exact"
[[estimator]]
kind = "reinforce"
baseline = "ema"
"#;

const ROWS: usize = 24;

/// Features and a target, without a pattern that a permutation of rows would keep.
fn table() -> Vec<[f64; 3]> {
    let row = |i: usize| {
        let (x, z) = ((i * 7 % ROWS) as f64 / 8.0 - 1.5, (i * i % 11) as f64);
        [x, z, if z > 5.0 { 3.0 - x } else { x * x + 0.25 * z }]
    };
    (0..ROWS).map(row).collect()
}

/// The records of a sweep on these rows, in order of estimator and seed.
fn on_table(rows: &[[f64; 3]]) -> Vec<Value> {
    let mut text = "x,z,y\n".to_owned();
    rows.iter().for_each(|[x, z, y]| writeln!(text, "{x},{z},{y}").unwrap());
    let lab = Lab::new();
    lab.write("own.csv", text);
    records(&lab, TABLE)
}

/// The records of an experiment, in order of estimator and seed.
fn records(lab: &Lab, experiment: &str) -> Vec<Value> {
    lab.write("law.toml", experiment);
    lab.ok("sweep law.toml --no-report --fresh");
    let text = lab.read("results/law/runs.jsonl");
    let mut records: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    records.sort_by_key(|record| {
        (record["run"]["estimator"].to_string(), record["run"]["seed"].as_u64())
    });
    records
}

fn metric<'a>(record: &'a Value, name: &str) -> &'a Value {
    let value = &record["curves"]["metrics"][name];
    assert!(value.is_array(), "no {name} in {record}");
    value
}

/// The rows of the table that a seed validates on and tests on, as the task documents them.
fn held_out(seed: u64) -> [Vec<usize>; 2] {
    let order = Streams::new("argmax-index", seed).named("data").permutation(ROWS);
    [order[..6].to_vec(), order[6..11].to_vec()]
}

/// What was measured before and after one of these rows was changed, which seed 1 trains on.
fn changed(rows: &[usize]) -> Vec<(Value, Value)> {
    let trained_by_the_other = |row: &&usize| !held_out(1).concat().contains(row);
    let mut changed = table();
    changed[*rows.iter().find(trained_by_the_other).unwrap()] = [40.0, -30.0, 20.0];
    on_table(&table()).into_iter().zip(on_table(&changed)).collect()
}

/// Nothing that is trained with, or measured on training batches, knows a held-out row; nothing that
/// chooses a setting knows a row that is tested on.
#[test]
fn held_out_rows_do_not_leak_into_training() {
    let [validation, test] = held_out(0);
    let of_validation = ["validation-loss", "forward-loss"];
    for (rows, moved, kept) in [
        (validation, &of_validation[..], &["test-loss"][..]),
        (test, &["test-loss"], &of_validation),
    ] {
        for (before, after) in changed(&rows) {
            if before["run"]["seed"] == 0 {
                assert_eq!(before["gradient"], after["gradient"]);
                assert!(moved.iter().all(|name| metric(&before, name) != metric(&after, name)));
                assert!(kept.iter().all(|name| metric(&before, name) == metric(&after, name)));
                let of = |record: &Value, name: &str| record["references"][name].clone();
                for name in ["least-squares", "predict-mean"] {
                    let is_moved = of(&before, name) != of(&after, name);
                    assert_eq!(is_moved, moved == ["test-loss"], "{name}");
                }
            } else {
                // The other seed trains on it.
                assert_ne!(before["gradient"], after["gradient"]);
            }
        }
    }
}

/// A target in another unit is standardized to the same numbers, so that training is the same; a
/// loss is in the square of the unit. With a power of two, nothing is rounded differently.
#[test]
fn losses_scale_with_the_square_of_the_targets_unit() {
    let scaled: Vec<[f64; 3]> = table().into_iter().map(|[x, z, y]| [x, z, 4.0 * y]).collect();
    let (ours, theirs) = (on_table(&table()), on_table(&scaled));
    assert_eq!(ours.len(), 4);
    for (ours, theirs) in ours.iter().zip(&theirs) {
        assert_eq!(ours["gradient"], theirs["gradient"]);
        assert_eq!(metric(ours, "entropy"), metric(theirs, "entropy"));
        for name in ["test-loss", "validation-loss", "forward-loss"] {
            let [ours, theirs] = [ours, theirs].map(|record| metric(record, name));
            let pairs = ours.as_array().unwrap().iter().zip(theirs.as_array().unwrap());
            for (ours, theirs) in pairs {
                assert_eq!(16.0 * ours.as_f64().unwrap(), theirs.as_f64().unwrap(), "{name}");
            }
        }
        for name in ["plain-network", "least-squares", "predict-mean"] {
            let [ours, theirs] =
                [ours, theirs].map(|record| record["references"][name].as_f64().unwrap());
            assert_eq!(16.0 * ours, theirs, "{name}");
        }
    }
}

/// The toy has no data and fixed first parameters: only the estimator's noise can tell seeds apart.
#[test]
fn seeds_have_noise_of_their_own() {
    let toy = r#"seeds = 3
steps = 4
evaluate-every = 1
batch = 2
[gradient]
every = 1
draws = 4
[task]
kind = "bernoulli-toy"
[[estimator]]
kind = "exact"
[[estimator]]
kind = "reinforce"
baseline = "none"
"#;
    let records = records(&Lab::new(), toy);
    let (exact, reinforce) = records.split_at(3);
    for (i, j) in [(0, 1), (0, 2), (1, 2)] {
        assert_eq!(exact[i]["curves"], exact[j]["curves"]);
        let [ours, theirs] = [i, j].map(|seed| metric(&reinforce[seed], "validation-loss"));
        assert_eq!(ours[0], theirs[0], "before the first step");
        assert!((1..=4).all(|step| ours[step] != theirs[step]), "{ours} {theirs}");
        let [ours, theirs] =
            [i, j].map(|seed| &reinforce[seed]["gradient"]["metrics"]["total-variance"]);
        assert!((0..=4).all(|step| ours[step] != theirs[step]), "{ours} {theirs}");
    }
}

/// With steps too small to move anything, only noise tells measurements apart.
#[test]
fn every_measurement_has_noise_of_its_own() {
    let rate = [("rate = 0.01", "rate = 1e-30"), ("[task]", "[gradient]\nevery = 10\n[task]")];
    let text = rate.iter().fold(EXPERIMENT.to_owned(), |text, (a, b)| text.replacen(a, b, 1));
    let estimator = "[[estimator]]\nkind = \"reinforce\"\nbaseline = \"none\"\n";
    let text = format!("{}{estimator}", &text[..text.find("[[estimator]]").unwrap()]);
    for record in records(&Lab::new(), &text) {
        let [loss, met] = ["validation-loss", "forward-loss"].map(|name| metric(&record, name));
        assert!(loss[0] == loss[1] && loss[1] == loss[2], "{loss}");
        assert!(met[0] != met[1] && met[1] != met[2] && met[0] != met[2], "{met}");
    }
    let toy = "seeds = 1\nsteps = 2\nbatch = 2\n[gradient]\nevery = 1\n[optimizer]\n\
               learning-rate = 1e-30\n[task]\nkind = \"bernoulli-toy\"\n";
    let record = records(&Lab::new(), &format!("{toy}{estimator}")).remove(0);
    let of = |name: &str| &record["gradient"]["metrics"][name];
    let (norm, variance) = (of("exact-norm"), of("total-variance"));
    assert!(norm[0] == norm[1] && norm[1] == norm[2], "{norm}");
    assert!(variance[0] != variance[1] && variance[1] != variance[2], "{variance}");
}

/// Data, first weights and noise follow from task and seed alone: estimators that do the same have the
/// same numbers, and with another seed all numbers are others.
#[test]
fn estimators_meet_the_same_data_weights_and_noise() {
    let estimators = "[[estimator]]\nkind = \"reinforce\"\nsweep.baseline = [\"none\", \"ema\"]\n";
    let experiment = &EXPERIMENT[..EXPERIMENT.find("[[estimator]]").unwrap()];
    let records = records(&Lab::new(), &format!("{experiment}{estimators}"));
    let (ema, none) = records.split_at(3);
    for (seed, (ema, none)) in ema.iter().zip(none).enumerate() {
        assert_ne!(ema["run"]["estimator"], none["run"]["estimator"]);
        assert_eq!(ema["references"], none["references"]);
        for name in ["test-loss", "validation-loss", "forward-loss", "entropy", "regime-accuracy"] {
            let [ema, none] = [ema, none].map(|record| metric(record, name));
            assert_eq!(ema[0], none[0], "before the first step, neither has learned: {name}");
            let other = metric(&records[(seed + 1) % 3], name);
            assert!(name == "regime-accuracy" || ema[0] != other[0], "{name}");
        }
        // After it, their baselines differ.
        assert_ne!(metric(ema, "entropy")[2], metric(none, "entropy")[2]);
        assert_ne!(ema["references"], records[(seed + 1) % 3]["references"]);
    }
}

/// Evaluations come at multiples of their interval and at the end, gradients at multiples of theirs;
/// every step is taken.
#[test]
fn measurements_come_when_they_are_asked_for() {
    let gradient = "[gradient]\nevery = 3\ndraws = 2\n[task]";
    let times = [("steps = 20", "steps = 7"), ("every = 10", "every = 2"), ("[task]", gradient)];
    let experiment =
        times.iter().fold(EXPERIMENT.to_owned(), |text, (from, to)| text.replacen(from, to, 1));
    for record in records(&Lab::new(), &experiment) {
        assert_eq!(record["curves"]["steps"], serde_json::json!([0, 2, 4, 6, 7]));
        assert_eq!(record["gradient"]["steps"], serde_json::json!([0, 3, 6]));
        assert_eq!(record["timing"]["steps"], 7);
    }
}

/// Every registered estimator, those with a choice of what they remember with each choice.
fn every_estimator() -> String {
    let registries = harness::Registries::standard();
    let mut text = String::new();
    for entry in registries.estimators.entries() {
        writeln!(text, "[[estimator]]\nkind = \"{}\"", entry.name).unwrap();
        if entry.name == "reinforce" {
            text.push_str("sweep.baseline = [\"none\", \"ema\", \"greedy\", \"learned\"]\n");
        }
    }
    text
}

/// Looking at a run does not change it, whatever the estimator remembers between steps.
#[test]
fn measuring_leaves_training_unchanged() {
    let experiment = |every: u64, gradient: &str| {
        format!(
            "seeds = 1\nsteps = 6\nevaluate-every = {every}\nbatch = 4\n{gradient}\n[task]\n\
             kind = \"argmax-index\"\ncategories = 2\ninputs = 3\nhidden = 4\nrows = 32\n\
             validation-rows = 16\n[optimizer]\nlearning-rate = 0.02\n{}",
            every_estimator()
        )
    };
    let lab = Lab::new();
    let plain = records(&lab, &experiment(3, ""));
    let probed = records(&lab, &experiment(3, "[gradient]\nevery = 1\ndraws = 3\n"));
    let watched = records(&lab, &experiment(1, ""));
    assert!(plain.len() == probed.len() && plain.len() == watched.len());
    let mut trained = 0;
    for (plain, (probed, watched)) in plain.iter().zip(probed.iter().zip(&watched)) {
        assert_eq!(plain["run"]["estimator"], probed["run"]["estimator"]);
        assert_eq!(plain["run"]["estimator"], watched["run"]["estimator"]);
        assert_eq!(plain["curves"], probed["curves"], "{}", plain["run"]);
        if plain["status"] == "refused" {
            continue;
        }
        assert_eq!(plain["status"], "done", "{plain}");
        assert_eq!(probed["gradient"]["steps"].as_array().unwrap().len(), 7);
        for (name, values) in plain["curves"]["metrics"].as_object().unwrap() {
            let watched = metric(watched, name);
            assert_eq!(watched.as_array().unwrap().len(), 7);
            for (i, value) in values.as_array().unwrap().iter().enumerate() {
                assert_eq!(*value, watched[3 * i], "{name} of {}", plain["run"]);
            }
        }
        let loss = metric(plain, "forward-loss");
        assert!(loss[0] != loss[1] && loss[1] != loss[2], "{}", plain["run"]);
        trained += 1;
    }
    // Of two categories, all but a few can be trained.
    assert!(trained >= 38, "{trained} of {}", plain.len());
}
