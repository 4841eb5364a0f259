//! What was tried for each estimator.

use crate::results::{CellSummary, Summary};
use std::collections::BTreeMap;

/// The settings of an estimator, in words.
pub(super) struct Tried {
    pub(super) estimator: String,
    /// How many there are.
    pub(super) count: usize,
    /// The tuned parameters with their values.
    pub(super) tuned: String,
    /// Its own parameters that are the same in all of them.
    pub(super) fixed: String,
}

/// The settings of every estimator, as they are on its first task.
pub(super) fn tried(summary: &Summary<'_>) -> Vec<Tried> {
    let Some(&task) = summary.tasks().first() else { return vec![] };
    summary.best_cells(task).map(|(best, _)| of_estimator(summary, best)).collect()
}

fn of_estimator(summary: &Summary<'_>, best: usize) -> Tried {
    let rivals = summary.rivals_of(best);
    let cell = &summary.cells[best];
    let values = |path: &String| values(summary, rivals, path);
    let tuned = cell.cell.tuned.iter().filter_map(|path| Some((path, values(path)?)));
    let tuned: Vec<String> =
        tuned.map(|(path, values)| format!("{} = {values}", short(path))).collect();
    Tried {
        estimator: cell.estimator.clone(),
        count: rivals.len(),
        tuned: tuned.join("; "),
        fixed: fixed(cell),
    }
}

/// The different values of a parameter; nothing where the cells do not have it.
fn values(summary: &Summary<'_>, cells: &[usize], path: &str) -> Option<String> {
    let mut values: Vec<String> = vec![];
    for &index in cells {
        let value = summary.cells[index].cell.value(path)?;
        if !values.contains(&value) {
            values.push(value);
        }
    }
    Some(values.join(", "))
}

fn fixed(cell: &CellSummary<'_>) -> String {
    let parameters: BTreeMap<String, String> = cell.cell.parameters().collect();
    let is_fixed =
        |path: &String| path.starts_with("estimator.") && !cell.cell.tuned.contains(path);
    let fixed = parameters.iter().filter(|(path, _)| is_fixed(path));
    let fixed: Vec<String> =
        fixed.map(|(path, value)| format!("{} = {value}", short(path))).collect();
    if fixed.is_empty() { "–".to_owned() } else { fixed.join("; ") }
}

/// The parameter's name without the part that it belongs to.
fn short(path: &str) -> &str {
    path.split_once('.').map_or(path, |(_, key)| key)
}
