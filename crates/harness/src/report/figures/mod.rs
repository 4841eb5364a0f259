//! The figures of a results folder: one file each. A figure decides which series stand in which
//! panel; drawing is the business of `charts`, statistics are that of `results`.

mod bias_variance;
mod budget;
mod convergence;
mod course;
mod final_values;
mod overview;
mod profile;
mod sensitivity;
mod variance;

use crate::experiment::{Experiment, Measure};
use crate::report::computed::Computed;
use crate::results::{Across, Budget, CellSummary, ReferenceValue, Summary};
use anyhow::Result;
use charts::{Drawing, Palette, Panel, Point, Reference, Scale, Series};
use model::Better;
use registry::UnknownName;
use statistics::Estimate;

/// A figure as it is shown and stored.
pub struct Drawn {
    /// The name of its file, without extension.
    pub name: String,
    /// What it shows, for the report.
    pub about: &'static str,
    /// The picture.
    pub drawing: Drawing,
    /// What its horizontal axis measures, where there are other forms.
    pub axis: &'static str,
    /// The same values along other horizontal axes.
    pub forms: Vec<Form>,
    /// Another axis and its file, where the form is no part of the page, as it differs from run to run.
    pub picture: Option<(&'static str, &'static str)>,
    /// Whether it is a part of another figure, for a page with less room; the report does without it.
    pub is_excerpt: bool,
}

/// A figure along another horizontal axis.
pub struct Form {
    /// What the axis measures.
    pub axis: &'static str,
    /// The name of its file, without extension.
    pub name: String,
    /// The picture.
    pub drawing: Drawing,
}

impl Drawn {
    /// A figure of one form.
    fn new(name: impl Into<String>, about: &'static str, drawing: Drawing) -> Self {
        Self {
            name: name.into(),
            about,
            drawing,
            axis: "",
            forms: vec![],
            picture: None,
            is_excerpt: false,
        }
    }
}

/// The figures, in the order of the report. Each draws itself as often as it applies.
const ALL: &[fn(&Source<'_>) -> Vec<Drawn>] = &[
    overview::draw,
    convergence::draw,
    final_values::draw,
    budget::draw,
    course::draw,
    profile::draw,
    variance::draw,
    bias_variance::draw,
    sensitivity::draw,
];

/// Draws the figures of a results folder.
pub(super) fn draw(summary: &Summary<'_>, computed: &Computed) -> Vec<Drawn> {
    let source = Source::new(summary, computed);
    ALL.iter().flat_map(|draw| draw(&source)).collect()
}

/// Draws a part of a figure.
///
/// # Errors
/// If it is unknown, or the statistics cannot be computed.
pub fn excerpt(summary: &Summary<'_>, name: &str, excerpt: &Excerpt) -> Result<Drawing> {
    let computed = Computed::of(summary)?;
    let source = Source { excerpt: Some(excerpt), ..Source::new(summary, &computed) };
    let mut known = vec![];
    for figure in ALL.iter().flat_map(|draw| draw(&source)) {
        let forms = figure.forms.into_iter().map(|form| (form.name, form.drawing));
        for (other, drawing) in std::iter::once((figure.name, figure.drawing)).chain(forms) {
            if other == name {
                return Ok(drawing);
            }
            known.push(other);
        }
    }
    Err(UnknownName::new("figure", name, known).into())
}

/// The name and content of the picture of curves along time.
pub(super) fn timing(summary: &Summary<'_>, computed: &Computed) -> Option<(&'static str, String)> {
    let drawing = convergence::timing(&Source::new(summary, computed))?;
    Some((convergence::TIMING, drawing.svg))
}

/// The kinds that are most often in one figure: those of the first question, in the order in which the
/// most different colors go to them.
const TOGETHER: &[&str] = &[
    "straight-through",
    "soft-argmax",
    "reinmax",
    "gumbel-softmax",
    "posted-score-function",
    "reinforce",
    "st-gumbel-softmax",
    "reinforce-loo",
    "index-soft-argmax",
];

/// One color per kind, in the order of the registry.
fn palette(experiment: &Experiment) -> Palette {
    Palette::new(&experiment.families, TOGETHER).with_reference(crate::results::REFERENCE)
}

/// What figures are made from.
struct Source<'a> {
    summary: &'a Summary<'a>,
    across: &'a [Across],
    budgets: &'a [Budget],
    /// The content of `summary.json`.
    numbers: &'a serde_json::Value,
    palette: Palette,
    excerpt: Option<&'a Excerpt>,
}

/// A part of a figure, of a width.
pub struct Excerpt {
    /// The tasks to show.
    pub tasks: Vec<usize>,
    /// The labels or kinds of the estimators to show; all of them if empty.
    pub estimators: Vec<String>,
    /// The width of the document in pixels.
    pub width: f64,
}

impl<'a> Source<'a> {
    fn new(summary: &'a Summary<'a>, computed: &'a Computed) -> Self {
        Self {
            summary,
            across: &computed.across,
            budgets: &computed.budgets,
            numbers: &computed.numbers,
            palette: palette(summary.experiment),
            excerpt: None,
        }
    }

    /// The tasks that are shown.
    fn tasks(&self) -> Vec<usize> {
        self.excerpt.map_or_else(|| self.summary.tasks(), |excerpt| excerpt.tasks.clone())
    }

    /// The width of a document, if it is asked for.
    fn width(&self) -> Option<f64> {
        self.excerpt.map(|excerpt| excerpt.width)
    }

    /// Cells without runs, refused ones, and those that are no part of an excerpt are not shown.
    fn is_shown(&self, cell: &CellSummary<'_>) -> bool {
        let is_part = |excerpt: &&Excerpt| {
            let names = [cell.estimator.as_str(), cell.cell.estimator.kind];
            excerpt.estimators.is_empty()
                || excerpt.estimators.iter().any(|wanted| names.contains(&wanted.as_str()))
        };
        let is_asked = self.excerpt.as_ref().is_none_or(is_part);
        is_asked && !cell.runs.is_empty() && cell.refusal().is_none()
    }

    /// Tasks that are ranked by the same metric share a figure.
    fn groups(&self) -> Vec<(Measure, Vec<usize>)> {
        let tasks = self.tasks().into_iter();
        grouped(tasks.map(|task| (self.summary.ranking_measure(task), task)))
    }

    /// The name of a figure that is drawn once for each ranking metric: with the metric, where there
    /// are several.
    fn name(&self, figure: &str, measure: &Measure) -> String {
        match self.groups().len() {
            0 | 1 => figure.to_owned(),
            _ => format!("{figure}-{}", measure.name),
        }
    }

    /// A panel for each task, with a series for each of its best cells that has runs.
    fn panels(
        &self,
        tasks: &[usize],
        points: impl Fn(&CellSummary<'_>) -> Vec<Point>,
    ) -> Vec<Panel> {
        let panel = |&task: &usize| {
            let shown = self.summary.best_cells(task).filter(|(_, cell)| self.is_shown(cell));
            let series = |(_, cell)| Series { points: points(cell), ..self.series(cell) };
            let (title, series) = (self.summary.task_label(task), shown.map(series).collect());
            Panel { title, series, ..Panel::default() }
        };
        tasks.iter().map(panel).collect()
    }

    /// The reference values of a metric of a task.
    fn references(&self, task: usize, measure: &Measure) -> Vec<Reference> {
        let values = self.summary.references(task, measure.name).into_iter();
        let reference = |value: ReferenceValue| Reference {
            label: value.reference.label.to_owned(),
            value: value.estimate.value,
        };
        values.map(reference).collect()
    }

    /// The series of a cell, without points.
    fn series(&self, cell: &CellSummary<'_>) -> Series {
        let kind = cell.cell.estimator.kind;
        Series {
            label: cell.estimator.clone(),
            kind: kind.to_owned(),
            family: self.summary.experiment.family(kind).to_owned(),
            runs: cell.runs.len(),
            failures: cell.failures(),
            ..Series::default()
        }
    }

    /// The text below every figure.
    fn caption(&self) -> String {
        let mut caption = "Interquartile mean over seeds.".to_owned();
        if self.summary.cells.iter().any(|cell| !cell.best) {
            let tuned = self.summary.experiment.tuned.iter().map(|path| parameter(path));
            let tuned = tuned.collect::<Vec<_>>().join(", ");
            let by = self.chosen_by();
            caption
                .push_str(&format!(" Each series is the best of its settings ({tuned}) by {by}."));
        }
        caption
    }

    /// What chooses settings, in words.
    fn chosen_by(&self) -> String {
        let mut labels: Vec<String> = vec![];
        for cell in &self.summary.cells {
            let ranking = self.summary.ranking_measure(cell.cell.task_index);
            let label = match cell.chooser {
                Some(chooser) => chooser.label.to_owned(),
                None => format!("final {}", ranking.label),
            };
            if !labels.contains(&label) {
                labels.push(label);
            }
        }
        labels.join(" or ")
    }
}

/// The tasks of each measure, in order.
fn grouped(tasks: impl Iterator<Item = (Measure, usize)>) -> Vec<(Measure, Vec<usize>)> {
    let mut groups: Vec<(Measure, Vec<usize>)> = vec![];
    for (measure, task) in tasks {
        match groups.iter_mut().find(|(known, _)| *known == measure) {
            Some((_, tasks)) => tasks.push(task),
            None => groups.push((measure, vec![task])),
        }
    }
    groups
}

fn point(x: f64, estimate: Estimate) -> Point {
    let [low, high] = bounds(estimate);
    Point { x, y: estimate.value, low, high }
}

/// The bounds of an interval, as `charts` takes them: NaN without one.
fn bounds(estimate: Estimate) -> [f64; 2] {
    estimate.interval.map_or([f64::NAN; 2], |interval| [interval.low, interval.high])
}

/// A metric over the steps. Round-off residue is zero.
fn curve(cell: &CellSummary<'_>, measure: &Measure) -> Vec<Point> {
    let curve = cell.curve(measure).iter();
    let rounded = curve.map(|&(step, estimate)| (step, cell.without_residue(measure, estimate)));
    rounded.map(|(step, estimate)| point(step as f64, estimate)).collect()
}

/// A parameter in words: `learning rate` for `optimizer.learning-rate`.
fn parameter(path: &str) -> String {
    path.rsplit('.').next().unwrap_or(path).replace('-', " ")
}

/// The scale of a metric: a zero among squares that differ by powers of ten must not make it linear.
fn scale(measure: &Measure) -> Scale {
    if measure.is_ratio { Scale::Log } else { Scale::Auto }
}

/// The scale of a metric that ranks: logarithmic for losses, if all are above 0.
fn scale_of_losses(measure: &Measure, panels: &[Panel]) -> Scale {
    let mut points =
        panels.iter().flat_map(|panel| &panel.series).flat_map(|series| &series.points);
    let is_ratio = measure.better == Better::Lower && points.all(|point| point.y > 0.0);
    if is_ratio { Scale::Log } else { Scale::Auto }
}

/// The label of an axis, with the metric's note.
fn axis(measure: &Measure) -> String {
    [measure.axis(), measure.note.to_owned()]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(", ")
}

/// The text with its first letter in upper case.
pub(super) fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().collect::<String>())
        + letters.as_str()
}
