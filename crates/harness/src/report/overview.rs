//! An answer in a few lines, from the content of `summary.json`.

use super::words::interval;
use anyhow::{Context, Result};
use serde_json::Value;
use statistics::{Estimate, Interval};

/// Rows of an overview.
const ROWS: usize = 8;

/// The first paragraph of the reading.
pub(super) fn answer(summary: &Value) -> Result<String> {
    let reading = summary["reading"].as_str().context("the summary has no reading")?;
    Ok(reading.split("\n\n").next().unwrap_or_default().trim().to_owned())
}

/// A table of at most eight rows in Markdown, with a column for each task: the estimators that are best
/// on average over ranks, with `exact` among them, and a reference or two.
pub(super) fn overview(summary: &Value) -> Result<String> {
    let tasks = summary["tasks"].as_array().context("the summary has no tasks")?;
    let mut text = format!("\n| |{}\n|---|{}\n", cells(headers(tasks)), "---|".repeat(tasks.len()));
    let references = references(tasks);
    for estimator in shown(summary) {
        let values = tasks.iter().map(|task| value(task, &estimator));
        text.push_str(&format!("| `{estimator}` |{}\n", cells(values)));
    }
    for (label, name) in references {
        let values = tasks.iter().map(|task| words(&task["references"][&name]));
        text.push_str(&format!("| {label} |{}\n", cells(values)));
    }
    Ok(text)
}

/// The estimators of the overview.
pub(super) fn shown(summary: &Value) -> Vec<String> {
    let tasks = summary["tasks"].as_array().map_or(&[][..], Vec::as_slice);
    best(tasks, ROWS - references(tasks).len())
}

fn cells(texts: impl IntoIterator<Item = String>) -> String {
    texts.into_iter().map(|text| format!(" {text} |")).collect()
}

/// The labels of tasks, without what they have in common.
fn headers(tasks: &[Value]) -> Vec<String> {
    let labels = tasks.iter().map(|task| task["task"].as_str().unwrap_or_default());
    without_common_words(&labels.collect::<Vec<_>>())
}

/// Labels without the words that all have in common; a single one as it is.
pub(super) fn without_common_words(labels: &[&str]) -> Vec<String> {
    let is_common =
        |word: &&str| labels.iter().all(|label| label.split(' ').any(|other| other == *word));
    let header = |label: &&str| match labels.len() {
        1 => (*label).to_owned(),
        _ => {
            let words: Vec<&str> = label.split(' ').filter(|word| !is_common(word)).collect();
            words.join(" ")
        }
    };
    labels.iter().map(header).collect()
}

fn name(place: &Value) -> String {
    place["estimator"].as_str().unwrap_or_default().to_owned()
}

fn ranking(task: &Value) -> &[Value] {
    task["ranking"].as_array().map_or(&[], Vec::as_slice)
}

/// The estimators that are best by their mean rank, and the reference of comparisons.
fn best(tasks: &[Value], count: usize) -> Vec<String> {
    let Some(first) = tasks.first() else { return vec![] };
    let ranks = |estimator: &String| {
        let rank = |task: &Value| ranking(task).iter().position(|place| name(place) == *estimator);
        tasks.iter().map(|task| rank(task).map_or(f64::INFINITY, |rank| rank as f64)).sum::<f64>()
    };
    let mut estimators: Vec<(f64, String)> =
        ranking(first).iter().map(name).map(|estimator| (ranks(&estimator), estimator)).collect();
    estimators.sort_by(|a, b| a.0.total_cmp(&b.0));
    // Its label may go on, with the optimizer.
    let is_reference = |name: &String| name.split(' ').next() == Some(crate::results::REFERENCE);
    let exact = estimators.iter().position(|(_, name)| is_reference(name));
    if let Some(exact) = exact.filter(|&exact| exact >= count) {
        let exact = estimators.remove(exact);
        estimators.insert(count.saturating_sub(1), exact);
    }
    estimators.into_iter().take(count).map(|(_, name)| name).collect()
}

/// The best reference that chooses nothing, and the floor: labels and names.
fn references(tasks: &[Value]) -> Vec<(String, String)> {
    let Some(task) = tasks.first() else { return vec![] };
    let useful = task["choosing"]["reference"].as_str().map(str::to_owned);
    let floor = task["floors"][0].as_str().map(str::to_owned);
    let labels = &task["reference-labels"];
    let labeled = |name: String| (labels[&name].as_str().unwrap_or(&name).to_owned(), name);
    useful.into_iter().chain(floor).map(labeled).collect()
}

fn value(task: &Value, estimator: &str) -> String {
    let metric = task["metric"].as_str().unwrap_or_default();
    let place = ranking(task).iter().find(|place| name(place) == estimator);
    place.map_or_else(|| "–".to_owned(), |place| words(&place[metric]))
}

/// A value and its interval.
fn words(estimate: &Value) -> String {
    let number = |index: usize| estimate[index].as_f64();
    let Some(value) = number(0) else { return "–".to_owned() };
    let bounds = number(1).zip(number(2)).map(|(low, high)| Interval { low, high });
    interval(Estimate { value, interval: bounds })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn at_most_eight_rows_with_the_reference_among_them() {
        let place =
            |name: String, loss: f64| json!({ "estimator": name, "loss": [loss, null, null] });
        let ranking = |first: f64| {
            let others = (0..8).map(|i| place(format!("e{i}"), first + f64::from(i)));
            others.chain([place("exact".into(), 20.0)]).collect::<Vec<_>>()
        };
        let task = |label: &str, first: f64| {
            json!({
                "task": label, "metric": "loss", "ranking": ranking(first), "floors": ["bayes"],
                "references": { "bayes": [0.01, null, null], "plain": [9.0, 8.0, 10.0] },
                "reference-labels": { "bayes": "the law" }, "choosing": { "reference": "plain" },
            })
        };
        let summary = json!({ "tasks": [task("t k=3 n=1", 1.0), task("t k=8 n=1", 2.0)] });
        let table = overview(&summary).unwrap();
        let rows: Vec<&str> = table.trim().lines().collect();
        assert_eq!(rows[..3], ["| | k=3 | k=8 |", "|---|---|---|", "| `e0` | 1.00 | 2.00 |"]);
        assert_eq!(rows.len(), 2 + ROWS);
        let last =
            ["| `exact` | 20.0 | 20.0 |", "| plain | 9.00 [8.00, 10.0] | 9.00 [8.00, 10.0] |"];
        assert_eq!(rows[7..9], last);
        assert_eq!(rows[9], "| the law | 0.0100 | 0.0100 |");
    }

    /// With several optimizers, the label of the reference goes on.
    #[test]
    fn the_reference_is_kept_with_its_optimizer() {
        let place = |name: String| json!({ "estimator": name });
        let names = (0..9).map(|i| format!("exactly{i} with adam"));
        let names = names.chain(["exact with adam".into(), "exact with sgd".into()]);
        let tasks = [json!({ "ranking": names.map(place).collect::<Vec<_>>() })];
        let kept = best(&tasks, 3);
        assert_eq!(kept, ["exactly0 with adam", "exactly1 with adam", "exact with adam"]);
    }
}
