//! `report.html`: one file that holds everything.

mod figures;
mod tables;

use super::artifacts::Artifact;
use super::computed::Computed;
use super::deviations::deviations;
use super::figures::{Drawn, capitalized};
use super::manifest::digest;
use super::ranking::across;
use super::settings::{Tried, tried};
use super::shown::Reading;
use crate::Program;
use crate::plan::NOISE_VERSION;
use crate::record::Outcome;
use crate::results::Summary;
use anyhow::Result;
use base64::prelude::{BASE64_STANDARD, Engine};
use minijinja::{AutoEscape, Environment, Value, context};
use statistics::FEWEST_RUNS;

const TEMPLATE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");
/// The column of the ranking metric, not counting the first.
const VALUE_COLUMN: usize = 1;

/// The page of a summary with its comparison across tasks, its figures and artifacts.
pub(super) fn render(
    summary: &Summary<'_>,
    computed: &Computed,
    figures: &[Drawn],
    artifacts: &[Artifact],
    program: Program,
) -> Result<String> {
    let experiment = summary.experiment;
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.add_template("page", TEMPLATE)?;
    let (stored, all) = summary.progress();
    let (headers, rows) = deviations(&summary.deviations());
    let page = environment.get_template("page")?.render(context! {
        name => &experiment.name,
        question => &experiment.question,
        reading => match &computed.reading {
            Reading::Shown(text) => paragraphs(text),
            _ => vec![],
        },
        note => computed.reading.note(),
        stored => stored,
        all => all,
        trains => experiment.trains(),
        deviation_headers => headers,
        deviations => rows.iter().map(|row| tables::plain(row, "")).collect::<Vec<_>>(),
        expected_source => &experiment.expected_source,
        seeds => experiment.seeds,
        has_intervals => summary.cells.iter().any(|cell| cell.runs.len() >= FEWEST_RUNS),
        fewest_runs => FEWEST_RUNS,
        steps => experiment.steps,
        choosers => choosers(summary),
        tried => tried(summary).into_iter().map(settings).collect::<Vec<_>>(),
        budget => experiment.budget,
        settings => &summary.settings,
        is_tuned => summary.cells.iter().any(|cell| !cell.best),
        value_column => VALUE_COLUMN,
        tasks => summary.tasks().into_iter().map(|task| tables::ranking(summary, task)).collect::<Vec<_>>(),
        across => across(summary, &computed.across).into_iter().map(|([name, chance], verdict)| {
            tables::plain(&[name, chance], verdict)
        }).collect::<Vec<_>>(),
        families => families(summary),
        kinds => kinds(summary),
        list => format!("{} list estimators KIND", program.command()),
        figures => figures.iter().filter(|figure| !figure.is_excerpt).map(figures::figure).collect::<Vec<_>>(),
        css => Value::from_safe_string(format!("{STYLE}{}", figures::dark_colors())),
        script => Value::from_safe_string(SCRIPT.to_owned()),
        artifacts => artifacts.iter().map(picture).collect::<Vec<_>>(),
        failed => failed(summary),
        refused => refused(summary),
        digest => digest(summary)?,
        origins => summary.origins(),
        noise => NOISE_VERSION,
        program => program.provenance(),
        command => command(summary, program),
        tables => computed.tables.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
        definition => toml::to_string_pretty(&experiment.resolved)?,
    })?;
    Ok(page)
}

/// The command that repeats the runs.
fn command(summary: &Summary<'_>, program: Program) -> String {
    format!("{} sweep {}", program.command(), summary.experiment.arguments())
}

/// The labels of the metrics that choose settings and stopping steps.
fn choosers(summary: &Summary<'_>) -> Vec<&'static str> {
    let mut labels: Vec<&'static str> = vec![];
    for chooser in summary.cells.iter().filter_map(|cell| cell.chooser) {
        if !labels.contains(&chooser.metric.label) {
            labels.push(chooser.metric.label);
        }
    }
    labels
}

fn settings(tried: Tried) -> Vec<Value> {
    let Tried { estimator, count, tuned, fixed } = tried;
    tables::plain(&[estimator, count.to_string(), tuned, fixed], "")
}

/// The families of the estimators that are compared, with their labels, in the registry's order.
fn families(summary: &Summary<'_>) -> Vec<Value> {
    let experiment = summary.experiment;
    let mut families: Vec<(&str, Vec<&str>)> = vec![];
    for cell in summary.cells.iter().filter(|cell| cell.best) {
        let family = experiment.family(cell.cell.estimator.kind);
        let index = families.iter().position(|(name, _)| *name == family).unwrap_or_else(|| {
            families.push((family, vec![]));
            families.len() - 1
        });
        if !families[index].1.contains(&cell.estimator.as_str()) {
            families[index].1.push(&cell.estimator);
        }
    }
    let family = |(name, labels): (&str, Vec<&str>)| {
        let labels: Vec<String> = labels.into_iter().map(str::to_owned).collect();
        context! { name => name.to_owned(), labels => labels }
    };
    families.into_iter().map(family).collect()
}

/// What the kinds that are compared do, and where they are from.
fn kinds(summary: &Summary<'_>) -> Vec<Value> {
    let experiment = summary.experiment;
    let is_used = |kind: &str| experiment.cells.iter().any(|cell| cell.estimator.kind == kind);
    let known = experiment.families.iter().zip(&experiment.about);
    known
        .filter(|((name, _), _)| is_used(name))
        .map(|(&(name, family), &(summary, source))| {
            let summary = capitalized(summary);
            context! { name, family, summary, source }
        })
        .collect()
}

fn picture(artifact: &Artifact) -> Value {
    context! { caption => &artifact.caption, png => BASE64_STANDARD.encode(&artifact.png) }
}

/// A text in which words between backticks are code.
fn marked(text: &str) -> Value {
    Value::from_safe_string(prose(text))
}

fn paragraphs(text: &str) -> Vec<Value> {
    let paragraphs = text.split("\n\n").map(str::trim);
    paragraphs.filter(|paragraph| !paragraph.is_empty()).map(marked).collect()
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

/// Every run that diverged, failed or timed out.
fn failed(summary: &Summary<'_>) -> Vec<String> {
    let mut failed = vec![];
    for cell in &summary.cells {
        for (seed, record) in &cell.runs {
            let what = match &record.outcome {
                Outcome::Done | Outcome::Refused { .. } => continue,
                Outcome::Diverged { step } => format!("diverged at step {step}"),
                Outcome::TimedOut { step } => format!("timed out at step {step}"),
                Outcome::Failed { why } => format!("failed: {why}"),
            };
            let place = [&*cell.task, &*cell.estimator, &*cell.tuning].join(", ");
            failed.push(format!("{place}, seed {seed}: {what}"));
        }
    }
    failed
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
