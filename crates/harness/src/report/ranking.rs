//! Rankings, for people and for programs.

use crate::results::{Ranking, Summary};
use crate::statistics::Estimate;
use serde_json::{Value, json};

/// A ranking as a table of text: one row an estimator, best first.
pub(super) struct Row {
    pub(super) rank: String,
    pub(super) estimator: String,
    pub(super) tuning: String,
    pub(super) loss: String,
    pub(super) difference: String,
    pub(super) p_value: String,
    pub(super) runs: String,
    pub(super) verdict: &'static str,
}

/// The rows of a task's ranking.
pub(super) fn rows(summary: &Summary<'_>, task: usize) -> Vec<Row> {
    let ranking = summary.ranking(task);
    ranking.iter().enumerate().map(|(place, entry)| row(summary, place, entry)).collect()
}

fn row(summary: &Summary<'_>, place: usize, entry: &Ranking) -> Row {
    let cell = &summary.cells[entry.cell];
    let failures = cell.failures();
    let runs = match (cell.refusal(), failures) {
        (Some(_), _) => "refused".to_owned(),
        (None, 0) => cell.runs.len().to_string(),
        (None, failures) => format!("{}, {failures} failed", cell.runs.len()),
    };
    let compared = entry.comparison;
    Row {
        rank: entry.headline.map_or_else(|| "–".to_owned(), |_| (place + 1).to_string()),
        estimator: cell.estimator.clone(),
        tuning: cell.tuning.clone(),
        loss: entry.headline.map_or_else(|| "–".to_owned(), interval),
        difference: compared.map_or_else(|| "–".to_owned(), |x| signed_interval(x.difference)),
        p_value: compared.map_or_else(|| "–".to_owned(), |x| p_value(x.p_value)),
        runs,
        verdict: compared.map_or("", |comparison| {
            let Estimate { low, high, .. } = comparison.difference;
            match comparison.p_value < 0.05 {
                true if low > 0.0 => "worse",
                true if high < 0.0 => "better",
                _ => "",
            }
        }),
    }
}

fn interval(estimate: Estimate) -> String {
    let Estimate { value, low, high } = estimate;
    format!("{} [{}, {}]", short(value), short(low), short(high))
}

fn signed_interval(estimate: Estimate) -> String {
    let signed = |x: f64| if x > 0.0 { format!("+{}", short(x)) } else { short(x) };
    let Estimate { value, low, high } = estimate;
    format!("{} [{}, {}]", signed(value), signed(low), signed(high))
}

/// Three significant digits; a miss is ∞.
fn short(x: f64) -> String {
    if x.is_infinite() {
        return if x > 0.0 { "∞".to_owned() } else { "−∞".to_owned() };
    }
    let magnitude = if x == 0.0 { 0 } else { x.abs().log10().floor() as i32 };
    let text = match magnitude {
        -3..=3 => format!("{x:.*}", (2 - magnitude).max(0) as usize),
        _ => format!("{x:.2e}"),
    };
    text.replace('-', "−")
}

fn p_value(p: f64) -> String {
    if p < 0.001 { "<0.001".to_owned() } else { format!("{p:.3}") }
}

/// The rankings of all tasks in Markdown.
pub fn markdown(summary: &Summary<'_>) -> String {
    let mut text = String::new();
    for task in summary.tasks() {
        let title = summary.experiment.tasks[task].choice.label();
        text.push_str(&format!("\n**{title}**\n\n"));
        text.push_str("| | estimator | validation loss | difference to `exact` | p | runs |\n");
        text.push_str("|---|---|---|---|---|---|\n");
        for row in rows(summary, task) {
            let Row { rank, estimator, loss, difference, p_value, runs, .. } = row;
            text.push_str(&format!(
                "| {rank} | `{estimator}` | {loss} | {difference} | {p_value} | {runs} |\n"
            ));
        }
    }
    text
}

/// What `summary.json` holds.
pub(super) fn json(summary: &Summary<'_>) -> Value {
    let (there, all) = summary.progress();
    let number = |x: f64| if x.is_finite() { json!(x) } else { json!(null) };
    let estimate = |x: Estimate| json!([number(x.value), number(x.low), number(x.high)]);
    let entry = |entry: Ranking| {
        let cell = &summary.cells[entry.cell];
        json!({
            "estimator": cell.estimator,
            "tuning": cell.tuning,
            "runs": cell.runs.len(),
            "failures": cell.failures(),
            "refused": cell.refusal(),
            "validation-loss": entry.headline.map(estimate),
            "difference-to-exact": entry.comparison.map(|x| estimate(x.difference)),
            "p-value": entry.comparison.map(|x| x.p_value),
        })
    };
    let task = |task: usize| {
        json!({
            "task": summary.experiment.tasks[task].choice.label(),
            "ranking": summary.ranking(task).into_iter().map(entry).collect::<Vec<_>>(),
        })
    };
    json!({
        "experiment": summary.experiment.name,
        "question": summary.experiment.question,
        "runs": there,
        "runs-of-the-selection": all,
        "metric": "validation-loss: interquartile mean over seeds, 95 % bootstrap interval; null is a miss",
        "tasks": summary.tasks().into_iter().map(task).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_honest() {
        for (x, text) in [
            (0.0, "0.00"),
            (0.123456, "0.123"),
            (-1.0 / 3.0, "−0.333"),
            (12.345, "12.3"),
            (1234.5, "1234"),
            (0.0012345, "0.00123"),
            (1.2345e-7, "1.23e−7"),
            (f64::INFINITY, "∞"),
        ] {
            assert_eq!(short(x), text);
        }
        assert_eq!(p_value(0.0004), "<0.001");
    }
}
