//! What plain methods reach, and that it depends only on seed and budget.

// Helpers outside of #[test] functions may unwrap, as the tests do.
#![allow(clippy::unwrap_used)]

use model::task::ArgmaxIndex;
use model::{AnyTask, Budget, TaskKind};
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

const BUDGET: Budget = Budget { steps: 600, evaluate_every: 50, batch: 64 };

fn synthetic(categories: usize) -> Arc<dyn AnyTask> {
    let (rows, validation_rows, test_rows) = (2048, 512, 1024);
    let task = ArgmaxIndex { categories, rows, validation_rows, test_rows, ..Default::default() };
    task.open(Path::new("")).unwrap()
}

/// A file with 40 rows of this law, and its folder.
fn file(law: impl Fn(f64, f64) -> f64) -> (Arc<dyn AnyTask>, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let mut text = "a,b,twice,y\n".to_owned();
    for row in 0..40 {
        let (a, b) = (f64::from(row * 7 % 20), f64::from(row * 3 % 11));
        writeln!(text, "{a},{b},{},{}", 2.0 * a + 1.0, law(a, b)).unwrap();
    }
    std::fs::write(folder.path().join("rows.csv"), text).unwrap();
    let (data, target) = (Some("rows.csv".into()), Some("y".into()));
    let task = ArgmaxIndex { data, target, ..ArgmaxIndex::default() };
    (task.open(folder.path()).unwrap(), folder)
}

fn values(task: &dyn AnyTask, seed: u64, budget: Budget) -> Vec<(&'static str, f64)> {
    task.reference_values(seed, &budget, &|| true).unwrap().unwrap()
}

fn names(values: &[(&'static str, f64)]) -> Vec<&'static str> {
    values.iter().map(|(name, _)| *name).collect()
}

/// The law has the variance of the errors, 0.01; who knows the regimes comes near; who chooses nothing
/// does better than a line, and a line better than the mean.
#[test]
fn references_are_ordered_as_they_should_be() {
    let values = values(&*synthetic(8), 0, BUDGET);
    let order = ["bayes", "true-regimes", "plain-network", "least-squares", "predict-mean"];
    assert_eq!(names(&values), order);
    let losses: Vec<f64> = values.iter().map(|(_, loss)| *loss).collect();
    // A mean of 1024 squares has a relative standard deviation of 4.4 %.
    assert!((losses[0] / 0.01 - 1.0).abs() < 0.2, "{values:?}");
    assert!(losses[1] < 0.5 * losses[2], "{values:?}");
    assert!(losses.windows(2).all(|pair| pair[0] < pair[1]), "{values:?}");
}

/// What is linear is learned by a line, whatever the columns' units and however often they come; losses
/// are in the square of the target's unit.
#[test]
fn a_line_is_learned_from_a_file() {
    let (task, _folder) = file(|a, b| 100.0 + 3.0 * a - 5.0 * b);
    let found = values(&*task, 0, BUDGET);
    assert_eq!(names(&found), ["plain-network", "least-squares", "predict-mean"]);
    let [network, line, mean] = [0, 1, 2].map(|i| found[i].1);
    assert!(line < 1e-6 && network < 0.2 * mean && mean > 100.0, "{found:?}");
    let (tenfold, _folder) = file(|a, b| 10.0 * (100.0 + 3.0 * a - 5.0 * b));
    for ((name, loss), (_, larger)) in found.iter().zip(values(&*tenfold, 0, BUDGET)) {
        // Rounding in single precision is all that is left of the line.
        let is_close = (larger / loss / 100.0 - 1.0).abs() < 1e-2 || *name == "least-squares";
        assert!(is_close, "{name}: {loss} {larger}");
    }
}

/// What is remembered is what a task that was asked for nothing else computes, in any order and by
/// any number of threads.
#[test]
fn remembered_references_are_those_of_a_fresh_task() {
    let budget = Budget { steps: 20, evaluate_every: 5, batch: 8 };
    let asked: Vec<(u64, Budget)> =
        (0..3).flat_map(|seed| [(seed, budget), (seed, Budget { steps: 10, ..budget })]).collect();
    let fresh: Vec<_> =
        asked.iter().map(|&(seed, budget)| values(&*synthetic(3), seed, budget)).collect();
    assert!(fresh.iter().enumerate().all(|(i, x)| !fresh[..i].contains(x)), "{fresh:?}");
    let task = synthetic(3);
    let ask = |order: Box<dyn Iterator<Item = usize>>| {
        for i in order {
            assert_eq!(values(&*task, asked[i].0, asked[i].1), fresh[i]);
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(|| ask(Box::new(0..6)));
        scope.spawn(|| ask(Box::new((0..6).rev())));
    });
    ask(Box::new(0..6));
}

/// More evaluations can only find a better stopping step on validation rows; with one at the end the
/// step is that of the end.
#[test]
fn the_stopping_step_is_chosen_at_evaluations() {
    let task = synthetic(3);
    let budget = Budget { steps: 0, evaluate_every: 1, batch: 8 };
    let untrained = values(&*task, 1, budget);
    let trained = values(&*task, 1, Budget { steps: 300, evaluate_every: 300, ..budget });
    for i in [1, 2] {
        assert!(trained[i].1 < 0.8 * untrained[i].1, "{untrained:?} {trained:?}");
    }
    // What is not trained does not depend on the budget.
    for i in [0, 3, 4] {
        assert_eq!(trained[i], untrained[i]);
    }
}

#[test]
fn a_stop_is_obeyed() {
    let task = synthetic(3);
    assert_eq!(task.reference_values(0, &BUDGET, &|| false).unwrap(), None);
    let few = Budget { steps: 5, ..BUDGET };
    assert!(task.reference_values(0, &few, &|| true).unwrap().is_some());
}
