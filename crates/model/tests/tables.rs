//! Training on the rows of CSV files as people have them.

// Helpers outside of #[test] functions may unwrap, as the tests do.
#![allow(clippy::unwrap_used)]

use estimators::{Factory, Noise, kinds::Exact};
use model::task::{ArgmaxIndex, Missing};
use model::{AnyTask, Budget, Optimizer, TaskKind};
use std::fmt::Write as _;
use std::sync::Arc;

/// The task of a file with this text.
fn open(text: &str, task: ArgmaxIndex) -> Arc<dyn AnyTask> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("rows.csv"), text).unwrap();
    let (data, target) = (Some("rows.csv".into()), Some("y".into()));
    ArgmaxIndex { data, target, ..task }.open(folder.path()).unwrap()
}

/// Metrics by name, after so many steps with the exact gradient.
fn trained(task: &dyn AnyTask, steps: u64) -> Vec<(&'static str, f64)> {
    let mut training = task.start(0, 32, &Optimizer::adam(0.02));
    let (mut exact, noise) = (Exact::default().build_f32(), Noise::named(&["tests", "tables"]));
    for step in 0..steps {
        training.step(step, &mut *exact, &noise).unwrap();
    }
    let metrics = training.evaluate(&mut *exact, &mut noise.at(steps)).unwrap();
    metrics.into_iter().map(|(metric, value)| (metric.name, value)).collect()
}

fn value(values: &[(&'static str, f64)], name: &str) -> f64 {
    values.iter().find(|(known, _)| *known == name).unwrap().1
}

/// Which side of a line a row is on says its class; the line depends on the row's color.
fn classes() -> String {
    let mut noise = Noise::named(&["tests", "classes"]);
    let mut text = "a,color,b,y\n".to_owned();
    for row in 0..400 {
        let (a, b) = (noise.uniform() - 0.5, noise.uniform() - 0.5);
        let (color, is_above) = if row % 3 == 0 { ("red", a > b) } else { ("blue", a + b > 0.1) };
        writeln!(text, "{a},{color},{b},{}", if is_above { "above" } else { "below" }).unwrap();
    }
    text
}

#[test]
fn classes_are_learned() {
    let task = open(&classes(), ArgmaxIndex { categories: 2, ..Default::default() });
    let before = trained(&*task, 0);
    let names: Vec<&str> = before.iter().map(|(name, _)| *name).collect();
    assert_eq!(names[..2], ["test-loss", "validation-loss"]);
    assert_eq!(names[2..], ["forward-loss", "entropy", "live-categories", "test-accuracy"]);
    let after = trained(&*task, 1500);
    assert!(value(&after, "test-accuracy") > 0.9, "{after:?}");
    assert!(value(&after, "test-loss") < 0.5 * value(&before, "test-loss"), "{after:?}");
    let budget = Budget { steps: 500, evaluate_every: 50, batch: 32 };
    let references = task.reference_values(0, &budget, &|| true).unwrap().unwrap();
    let names: Vec<&str> = references.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["plain-network", "linear", "predict-shares"]);
    // Nothing linear knows a line that turns.
    let losses = [0, 1, 2].map(|i| references[i].1);
    assert!(losses[0] < 0.6 * losses[1] && losses[1] < 0.9 * losses[2], "{references:?}");
    assert!((losses[2] - 2f64.ln()).abs() < 0.05, "{references:?}");
}

/// A class is not in a unit, and its name does not matter but for the order.
#[test]
fn numbers_can_be_classes() {
    let named = open(&classes(), ArgmaxIndex::default());
    let text = classes().replace("above", "0").replace("below", "1");
    let numbered = ArgmaxIndex { classification: true, ..ArgmaxIndex::default() };
    let numbered = open(&text, numbered);
    assert_eq!(trained(&*named, 20), trained(&*numbered, 20));
    // As numbers, they have a squared error, and no accuracy.
    assert_eq!(trained(&*open(&text, ArgmaxIndex::default()), 0).len(), 5);
}

/// One input for each level is what somebody would have written as columns of 0 and 1.
#[test]
fn levels_are_columns() {
    let mut noise = Noise::named(&["tests", "levels"]);
    let (mut text, mut columns) = ("color,x,y\n".to_owned(), "blue,green,red,x,y\n".to_owned());
    for _ in 0..50 {
        let (x, level) = (noise.uniform(), noise.index(3) as usize);
        let y = x * [1.0, -2.0, 0.5][level];
        let flags = ["1,0,0", "0,1,0", "0,0,1"][level];
        writeln!(text, "{},{x},{y}", ["blue", "green", "red"][level]).unwrap();
        writeln!(columns, "{flags},{x},{y}").unwrap();
    }
    let [ours, theirs] = [text, columns].map(|text| trained(&*open(&text, Default::default()), 30));
    assert_eq!(ours, theirs);
}

/// A number that is missing is the mean of the training rows, beside a column that says so.
#[test]
fn gaps_are_filled_with_the_mean_of_training_rows() {
    let order = model::Streams::new("argmax-index", 0).named("data").permutation(20);
    let x = |row: usize| ((row * 7) % 20) as f64;
    let gaps = [order[1], order[5], order[9], order[15]];
    let present = order[8..].iter().filter(|row| !gaps.contains(row));
    let mean = present.clone().map(|&row| x(row)).sum::<f64>() / present.count() as f64;
    let (mut text, mut filled) = ("x,y\n".to_owned(), "x,flag,y\n".to_owned());
    for row in 0..20 {
        let (y, is_gap) = (row * row % 11, gaps.contains(&row));
        let cell = if is_gap { String::new() } else { x(row).to_string() };
        writeln!(text, "{cell},{y}").unwrap();
        let number = if is_gap { mean } else { x(row) };
        writeln!(filled, "{number},{},{y}", u8::from(is_gap)).unwrap();
    }
    // A row without a target does not change the others.
    text.push_str("3,\n");
    let ours = open(&text, ArgmaxIndex { missing: Missing::Mean, ..Default::default() });
    assert!(ours.warnings()[0].contains("1 row without a value in `y` left out"));
    let [ours, theirs] = [ours, open(&filled, Default::default())].map(|task| trained(&*task, 30));
    for ((name, ours), (_, theirs)) in ours.into_iter().zip(theirs) {
        assert!((ours / theirs - 1.0).abs() < 1e-4, "{name}: {ours} {theirs}");
    }
}

/// A column that names the parts that a seed draws gives that seed's numbers, with every seed.
#[test]
fn a_column_can_name_the_parts() {
    let order = model::Streams::new("argmax-index", 0).named("data").permutation(20);
    let (mut plain, mut named) = ("x,y\n".to_owned(), "x,part,y\n".to_owned());
    let place = |row: usize| order.iter().position(|&other| other == row).unwrap();
    for row in 0..20usize {
        let (x, y) = (row * 7 % 20, row * row % 11);
        let part = ["validation", "test", "train"][(place(row) / 4).min(2)];
        writeln!(plain, "{x},{y}").unwrap();
        writeln!(named, "{x},{part},{y}").unwrap();
    }
    let task = open(&named, ArgmaxIndex { split: "part".into(), ..Default::default() });
    let metrics = |task: &dyn AnyTask| trained(task, 0);
    for ((name, ours), (_, theirs)) in
        metrics(&*task).into_iter().zip(metrics(&*open(&plain, Default::default())))
    {
        assert!((ours / theirs - 1.0).abs() < 1e-5, "{name}: {ours} {theirs}");
    }
    assert!(task.warnings()[0].contains("test losses are means over 4 rows only"));
}
