//! Rankings, for people and for programs.

use super::words::{chance, counted, interval, p_value, short, signed_interval, whole_interval};
use crate::experiment::Measure;
use crate::experiment::ThresholdSpec;
use crate::experiment::metrics::{RELATIVE_SQUARED_BIAS, TOTAL_VARIANCE};
use crate::results::{Across, Budget, CellSummary, Deviation, Place, ReferenceValue, Summary};
use anyhow::Result;
use model::Role;
use serde_json::{Value, json};
use statistics::{Estimate, FEWEST_RUNS, relative_bias};
use std::collections::BTreeMap;

/// A place in a ranking as text.
pub(super) struct Row {
    pub(super) rank: String,
    pub(super) estimator: String,
    /// The ranking metric.
    pub(super) value: String,
    /// The columns between the ranking metric and the number of runs.
    pub(super) more: Vec<Cell>,
    pub(super) runs: String,
    pub(super) tuning: String,
}

/// The text of a column, and whether it is good or bad news.
pub(super) struct Cell {
    pub(super) text: String,
    pub(super) verdict: &'static str,
}

impl Cell {
    fn plain(text: String) -> Self {
        Self { text, verdict: "" }
    }
}

/// The headers of the columns between the estimator and the number of runs.
pub(super) fn headers(summary: &Summary<'_>, task: usize) -> Vec<String> {
    let ranks = summary.ranking_measure(task).axis();
    let mut headers = match summary.experiment.trains() {
        true => vec![ranks, "difference to `exact`".to_owned(), "p".to_owned()],
        false => vec![ranks, TOTAL_VARIANCE.label.to_owned(), "relative bias".to_owned()],
    };
    headers.extend(threshold(summary, task).map(|level| format!("steps to {level}")));
    headers
}

/// The experiment's threshold on a task in words, such as `0.5 × predict the mean`.
pub(super) fn threshold(summary: &Summary<'_>, task: usize) -> Option<String> {
    let ThresholdSpec { reference, share } = summary.experiment.threshold.as_ref()?;
    let declared = summary.experiment.tasks[task].built.references();
    let label = declared.iter().find(|known| known.name == reference)?.label;
    Some(format!("{share} × {label}"))
}

/// The rows of a task's ranking, best first.
pub(super) fn rows(summary: &Summary<'_>, task: usize) -> Vec<Row> {
    let ranking = summary.ranking(task);
    ranking.iter().map(|place| row(summary, task, place)).collect()
}

fn row(summary: &Summary<'_>, task: usize, place: &Place) -> Row {
    let cell = &summary.cells[place.cell];
    let failures = cell.failures();
    let runs = match (cell.refusal(), failures) {
        (Some(_), _) => "refused".to_owned(),
        (None, 0) => cell.runs.len().to_string(),
        (None, failures) => format!("{}, {failures} failed", cell.runs.len()),
    };
    let measure = summary.ranking_measure(task);
    let value = |estimate| interval(cell.without_residue(&measure, estimate));
    Row {
        rank: place.ranks.map_or_else(dash, ranks),
        estimator: cell.estimator.clone(),
        value: place.estimate.map_or_else(dash, value),
        more: more(summary, place, cell),
        runs,
        tuning: cell.tuning.clone(),
    }
}

/// A rank in words: one number, or a range such as `1–3`.
fn ranks((first, last): (usize, usize)) -> String {
    if first == last { first.to_string() } else { format!("{first}–{last}") }
}

fn more(summary: &Summary<'_>, place: &Place, cell: &CellSummary<'_>) -> Vec<Cell> {
    let mut more = match summary.experiment.trains() {
        true => comparison(place),
        false => quality(cell),
    };
    if summary.experiment.threshold.is_some() {
        let steps = summary.steps_to_threshold(cell).map_or_else(dash, whole_interval);
        more.push(Cell::plain(steps));
    }
    more
}

/// The rows of the comparison across tasks: estimator, probability of improvement, verdict. None where there
/// is nothing to compare with.
pub(super) fn across(summary: &Summary<'_>, across: &[Across]) -> Vec<([String; 2], &'static str)> {
    let row = |row: &Across| {
        let estimator = summary.cells[row.cell].estimator.clone();
        let verdict = match row.improvement.and_then(|estimate| estimate.interval) {
            Some(interval) if interval.low > 0.5 => "better",
            Some(interval) if interval.high < 0.5 => "worse",
            _ => "",
        };
        ([estimator, row.improvement.map_or_else(dash, chance)], verdict)
    };
    if are_compared(across) { across.iter().map(row).collect() } else { vec![] }
}

fn are_compared(across: &[Across]) -> bool {
    across.iter().any(|row| row.improvement.is_some())
}

fn dash() -> String {
    "–".to_owned()
}

/// The difference to the reference and its p-value.
fn comparison(place: &Place) -> Vec<Cell> {
    let Some(comparison) = place.comparison else {
        return vec![Cell::plain(dash()), Cell::plain(dash())];
    };
    let text = signed_interval(comparison.difference);
    vec![Cell { text, verdict: comparison.verdict() }, Cell::plain(p_value(comparison.p_value))]
}

/// The total variance of an estimate and its relative bias.
fn quality(cell: &CellSummary<'_>) -> Vec<Cell> {
    let text = |metric, show: fn(Estimate) -> String| {
        cell.rounded_estimate(&Measure::of_gradient(metric)).map_or_else(dash, show)
    };
    vec![
        Cell::plain(text(TOTAL_VARIANCE, interval)),
        Cell::plain(text(RELATIVE_SQUARED_BIAS, |x| interval(relative_bias(x)))),
    ]
}

/// A reference as text: its label, and its value.
pub(super) fn reference(value: &ReferenceValue) -> [String; 2] {
    let is_constant = value.estimate.interval.is_some_and(|interval| interval.low == interval.high);
    let text = if is_constant { short(value.estimate.value) } else { interval(value.estimate) };
    [value.reference.label.to_owned(), text]
}

/// Whether the best estimator is better than what chooses nothing, in a sentence.
pub(super) fn usefulness(summary: &Summary<'_>, task: usize) -> Option<String> {
    let useful = summary.usefulness(task)?;
    let (label, level) = (useful.reference.label, interval(useful.level));
    let (name, value) = (&summary.cells[useful.cell].estimator, interval(useful.estimate));
    let difference = signed_interval(useful.difference);
    if let Some(seeds) = useful.too_few {
        return Some(format!(
            "{} are too few for a test of whether choosing helps: `{name}` reaches {value}, the best reference that \
             chooses nothing ({label}) {level}; the difference is {difference}.",
            counted(seeds as u64, "seed")
        ));
    }
    Some(match useful.verdict {
        "better" => format!(
            "Choosing helps: `{name}` reaches {value}, the best reference that chooses nothing \
             ({label}) {level}; the difference is {difference}."
        ),
        "worse" => format!(
            "Choosing does not help: {label} reaches {level}, the best estimator (`{name}`) {value}; \
             the difference is {difference}."
        ),
        _ => format!(
            "Choosing does not help significantly: `{name}` reaches {value}, the best reference that \
             chooses nothing ({label}) {level}; the difference is {difference}."
        ),
    })
}

/// The rankings of all tasks in Markdown.
pub fn markdown(summary: &Summary<'_>) -> String {
    let mut text = String::new();
    for task in summary.tasks() {
        let headers = headers(summary, task);
        let (columns, headers) = (headers.len(), headers.join(" | "));
        text.push_str(&format!("\n**{}**\n\n", summary.task_label(task)));
        text.push_str(&format!("| | estimator | {headers} | runs |\n"));
        text.push_str(&format!("|---|---|{}---|\n", "---|".repeat(columns)));
        for row in rows(summary, task) {
            let Row { rank, estimator, value, more, runs, .. } = row;
            let more: Vec<&str> = more.iter().map(|cell| cell.text.as_str()).collect();
            let more = more.join(" | ");
            text.push_str(&format!("| {rank} | `{estimator}` | {value} | {more} | {runs} |\n"));
        }
        for value in summary.references(task, summary.ranking_measure(task).name) {
            let [label, value] = reference(&value);
            let rest = "| ".repeat(columns);
            text.push_str(&format!("| | {label} | {value} {rest}|\n"));
        }
    }
    text
}

/// The content of `summary.json`.
///
/// # Errors
/// If a parameter cannot be written as JSON.
pub(super) fn json(summary: &Summary<'_>, across: &[Across], budgets: &[Budget]) -> Result<Value> {
    let (stored, all) = summary.progress();
    let number = |x: f64| if x.is_finite() { json!(x) } else { json!(null) };
    let estimate = |x: Estimate| {
        let [low, high] = x.interval.map_or([json!(null), json!(null)], |interval| {
            [interval.low, interval.high].map(number)
        });
        json!([number(x.value), low, high])
    };
    // What one random setting reaches: how good an estimator is without tuning.
    let one_setting = |budget: &Budget| estimate(budget.reached[0]);
    let of_cell: BTreeMap<usize, &Budget> =
        budgets.iter().map(|budget| (budget.cell, budget)).collect();
    let place = |task: usize, place: &Place| {
        let cell = &summary.cells[place.cell];
        json!({
            "estimator": cell.estimator,
            "tuning": cell.tuning,
            "ranks": place.ranks.map(|(first, last)| [first, last]),
            "runs": cell.runs.len(),
            "failures": cell.failures(),
            "refused": cell.refusal(),
            summary.ranking_measure(task).name: place.estimate.map(estimate),
            "difference-to-exact": place.comparison.map(|x| estimate(x.difference)),
            "p-value": place.comparison.map(|x| x.p_value),
            "verdict": place.comparison.map(|x| x.verdict()).filter(|verdict| !verdict.is_empty()),
            "one-setting": of_cell.get(&place.cell).map(|budget| one_setting(budget)),
            "steps-to-threshold": summary.steps_to_threshold(cell).map(estimate),
        })
    };
    let task = |task: usize| {
        let ranking = summary.ranking(task).iter().map(|entry| place(task, entry));
        let mut entry = json!({
            "task": summary.task_label(task),
            "metric": summary.ranking_measure(task).name,
            "ranking": ranking.collect::<Vec<_>>(),
        });
        let references = summary.references(task, summary.ranking_measure(task).name);
        if !references.is_empty() {
            let named = |value: &ReferenceValue| {
                (value.reference.name.to_owned(), estimate(value.estimate))
            };
            entry["references"] = Value::Object(references.iter().map(named).collect());
            let label = |value: &ReferenceValue| {
                (value.reference.name.to_owned(), Value::from(value.reference.label))
            };
            entry["reference-labels"] = Value::Object(references.iter().map(label).collect());
            let floors = references.iter().filter(|value| value.reference.role == Role::Floor);
            entry["floors"] = floors.map(|value| value.reference.name).collect();
        }
        if let Some(useful) = summary.usefulness(task) {
            entry["choosing"] = json!({
                "estimator": summary.cells[useful.cell].estimator,
                "reference": useful.reference.name,
                "difference": estimate(useful.difference),
                "verdict": useful.verdict,
            });
        }
        let warnings = summary.warnings(task);
        if !warnings.is_empty() {
            entry["warnings"] = json!(warnings);
        }
        entry
    };
    let mut names: Vec<&str> =
        summary.tasks().iter().map(|&task| summary.ranking_measure(task).name).collect();
    names.dedup();
    let mut content = json!({
        "experiment": summary.experiment.name,
        "settings": &summary.settings,
        "question": summary.experiment.question,
        "runs": stored,
        "runs-of-the-selection": all,
        "metric": format!(
            "{}: interquartile mean over seeds, 95 % interval; null is a failed run, or an interval of \
             fewer than {FEWEST_RUNS} runs",
            names.join(", ")
        ),
        "tasks": summary.tasks().into_iter().map(task).collect::<Vec<_>>(),
    });
    let improvement = |row: &Across| {
        json!({
            "estimator": summary.cells[row.cell].estimator,
            "probability-of-improvement": row.improvement.map(estimate),
        })
    };
    if are_compared(across) {
        content["across-tasks"] = across.iter().map(improvement).collect();
    }
    let deviations = summary.deviations();
    let largest = deviations.iter().filter_map(Deviation::relative).map(f64::abs);
    if let Some(largest) = largest.reduce(f64::max) {
        content["largest-relative-deviation"] = number(largest);
    }
    let judged: Vec<bool> = deviations.iter().filter_map(Deviation::is_met).collect();
    if !judged.is_empty() {
        let met = judged.iter().filter(|met| **met).count();
        let (columns, rows) = super::deviations::deviations(&deviations);
        content["expected"] = json!({
            "met": met,
            "missed": judged.len() - met,
            "source": summary.experiment.expected_source,
            "columns": columns,
            "rows": rows,
        });
    }
    Ok(content)
}
