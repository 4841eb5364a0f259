//! `report.html`: one file that holds everything.

use super::ranking::{Row, held, rows};
use crate::manifest;
use crate::record::Outcome;
use crate::results::Summary;
use anyhow::Result;
use minijinja::{AutoEscape, Environment, context};

const TEMPLATE: &str = include_str!("page.html");

/// What each figure shows, for a reader.
fn describe(figure: &str) -> &'static str {
    match figure {
        "convergence" => {
            "The loss on rows that are not trained on, with the network deployed as it would be: \
             by its hard argmax."
        }
        "final" => "Where each estimator ends. A dot is a seed.",
        "variance" => {
            "How much one estimate of the logit gradient scatters, at the parameters that this \
             estimator's own training has reached."
        }
        "bias-variance" => {
            "The distance of the mean estimate from the exact gradient, relative to the exact \
             gradient, with the sampling floor taken off; and the scatter of one estimate."
        }
        _ => "",
    }
}

/// The page of a summary and its figures.
pub(super) fn render(summary: &Summary<'_>, figures: &[(String, String)]) -> Result<String> {
    let experiment = summary.experiment;
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.add_template("page", TEMPLATE)?;
    let (there, all) = summary.progress();
    let tasks: Vec<_> = summary
        .tasks()
        .into_iter()
        .map(|task| {
            let rows: Vec<_> = rows(summary, task).into_iter().map(values).collect();
            context! { name => experiment.tasks[task].choice.label(), rows => rows }
        })
        .collect();
    let figures: Vec<_> = figures
        .iter()
        .map(|(name, svg)| {
            let svg = svg.find("<svg").map_or(svg.as_str(), |start| &svg[start..]);
            context! { name => name, text => describe(name), svg => svg }
        })
        .collect();
    let page = environment.get_template("page")?.render(context! {
        name => &experiment.name,
        question => &experiment.question,
        reading => paragraphs(&experiment.reading),
        there => there,
        all => all,
        takes_steps => experiment.takes_steps(),
        held => summary.held().iter().map(|row| held(row).to_vec()).collect::<Vec<_>>(),
        held_source => &experiment.expected_source,
        seeds => experiment.seeds,
        steps => experiment.steps,
        tuned => experiment.tuned.join(", "),
        is_tuned => summary.cells.iter().any(|cell| !cell.best),
        tasks => tasks,
        figures => figures,
        misses => misses(summary),
        refused => refused(summary),
        digest => manifest::digest(summary)?,
        noise => crate::run::NOISE_VERSION,
        version => env!("CARGO_PKG_VERSION"),
        definition => toml::to_string_pretty(&experiment.resolved)?,
    })?;
    Ok(page)
}

fn values(row: Row) -> minijinja::Value {
    context! {
        rank => row.rank,
        estimator => row.estimator,
        tuning => row.tuning,
        loss => row.loss,
        difference => row.difference,
        p_value => row.p_value,
        runs => row.runs,
        noise => row.noise,
        bias => row.bias,
        verdict => row.verdict,
    }
}

fn paragraphs(text: &str) -> Vec<minijinja::Value> {
    let paragraphs = text.split("\n\n").map(str::trim);
    paragraphs
        .filter(|paragraph| !paragraph.is_empty())
        .map(|paragraph| minijinja::Value::from_safe_string(prose(paragraph)))
        .collect()
}

/// HTML of a text in which words between backticks are code.
fn prose(text: &str) -> String {
    let escaped = minijinja::HtmlEscape(text).to_string();
    let mut html = String::new();
    for (index, part) in escaped.split('`').enumerate() {
        let is_code = index % 2 == 1;
        html.push_str(&if is_code { format!("<code>{part}</code>") } else { part.to_owned() });
    }
    html
}

/// Every run that did not get to its end.
fn misses(summary: &Summary<'_>) -> Vec<String> {
    let mut misses = vec![];
    for cell in &summary.cells {
        for (seed, record) in &cell.runs {
            let what = match &record.outcome {
                Outcome::Done | Outcome::Refused { .. } => continue,
                Outcome::Diverged { step } => format!("diverged at step {step}"),
                Outcome::TimedOut { step } => format!("timed out at step {step}"),
                Outcome::Failed { why } => format!("failed: {why}"),
            };
            let place = [&*cell.task, &*cell.estimator, &*cell.tuning].join(", ");
            misses.push(format!("{place}, seed {seed}: {what}"));
        }
    }
    misses
}

/// Every cell that was refused, and why.
fn refused(summary: &Summary<'_>) -> Vec<String> {
    let refused = summary.cells.iter().filter(|cell| cell.best);
    refused
        .filter_map(|cell| Some(format!("{}, {}: {}", cell.task, cell.estimator, cell.refusal()?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::prose;

    #[test]
    fn prose_has_code_and_no_markup_of_its_own() {
        assert_eq!(prose("a `b` < c"), "a <code>b</code> &lt; c");
    }
}
