//! Rankings, for people and for programs.

use crate::results::{Held, Metric, Ranking, Summary, relative_bias};
use serde_json::{Value, json};
use statistics::Estimate;

/// A ranking as a table of text: one row an estimator, best first.
pub(super) struct Row {
    pub(super) rank: String,
    pub(super) estimator: String,
    pub(super) tuning: String,
    pub(super) loss: String,
    pub(super) difference: String,
    pub(super) p_value: String,
    pub(super) runs: String,
    /// Total variance of an estimate and its relative bias, where no step is taken.
    pub(super) noise: String,
    pub(super) bias: String,
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
    let dash = || "–".to_owned();
    // Not where they are not shown: an estimate is two thousand replicates.
    let of_gradient =
        |name: &str, show: fn(Estimate) -> String| match summary.experiment.takes_steps() {
            true => dash(),
            false => cell.unrounded(&Metric::named(name)).map_or_else(dash, show),
        };
    Row {
        rank: entry.headline.map_or_else(dash, |_| (place + 1).to_string()),
        estimator: cell.estimator.clone(),
        tuning: cell.tuning.clone(),
        loss: entry.headline.map_or_else(dash, |estimate| {
            interval(cell.without_rounding(&summary.experiment.headline(), estimate))
        }),
        difference: compared.map_or_else(dash, |x| signed_interval(x.difference)),
        p_value: compared.map_or_else(dash, |x| p_value(x.p_value)),
        runs,
        noise: of_gradient("total-variance", interval),
        bias: of_gradient("relative-squared-bias", |x| interval(relative_bias(x))),
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
    let takes_steps = summary.experiment.takes_steps();
    let header = match takes_steps {
        true => ["validation loss", "difference to `exact`", "p"],
        false => ["mean squared error", "total variance", "relative bias"],
    };
    let mut text = String::new();
    for task in summary.tasks() {
        let title = summary.experiment.tasks[task].choice.label();
        text.push_str(&format!("\n**{title}**\n\n"));
        text.push_str(&format!("| | estimator | {} | runs |\n", header.join(" | ")));
        text.push_str("|---|---|---|---|---|---|\n");
        for row in rows(summary, task) {
            let Row { rank, estimator, loss, runs, .. } = row;
            let (second, third) = match takes_steps {
                true => (row.difference, row.p_value),
                false => (row.noise, row.bias),
            };
            text.push_str(&format!(
                "| {rank} | `{estimator}` | {loss} | {second} | {third} | {runs} |\n"
            ));
        }
    }
    text
}

/// A row of the table of known values: task, estimator, metric, known, measured, deviation.
pub(super) fn held(row: &Held<'_>) -> [String; 6] {
    let deviation = row.deviation().map_or_else(|| "–".to_owned(), percent);
    [
        row.cell.task.clone(),
        row.cell.estimator.clone(),
        Metric::named(row.metric).words(),
        short(row.expected),
        interval(row.measured),
        deviation,
    ]
}

fn percent(share: f64) -> String {
    format!("{:+.2} %", 100.0 * share).replace('-', "−")
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
            summary.experiment.headline().name: entry.headline.map(estimate),
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
        "metric": format!(
            "{}: interquartile mean over seeds, 95 % bootstrap interval; null is a miss",
            summary.experiment.headline().name
        ),
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
