//! What figures are made from, and what they share.

use super::words::parameter;
use crate::experiment::{Experiment, FigureKind, FigureSpec, Measure};
use crate::report::computed::Computed;
use crate::results::{Across, Budget, CellSummary, ReferenceValue, Summary};
use charts::{Palette, Panel, Point, Reference, Series};

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
pub(super) struct Source<'a> {
    pub(super) summary: &'a Summary<'a>,
    pub(super) across: &'a [Across],
    pub(super) budgets: &'a [Budget],
    /// The content of `summary.json`.
    pub(super) numbers: &'a serde_json::Value,
    pub(super) palette: Palette,
    pub(super) excerpt: Option<&'a Excerpt>,
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
    pub(super) fn new(summary: &'a Summary<'a>, computed: &'a Computed) -> Self {
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
    pub(super) fn tasks(&self) -> Vec<usize> {
        self.excerpt.map_or_else(|| self.summary.tasks(), |excerpt| excerpt.tasks.clone())
    }

    /// The width of a document, if it is asked for.
    pub(super) fn width(&self) -> Option<f64> {
        self.excerpt.map(|excerpt| excerpt.width)
    }

    /// Cells without runs, refused ones, and those that are no part of an excerpt are not shown.
    pub(super) fn is_shown(&self, cell: &CellSummary<'_>) -> bool {
        let is_part = |excerpt: &&Excerpt| {
            let names = [cell.estimator.as_str(), cell.cell.estimator.kind];
            excerpt.estimators.is_empty()
                || excerpt.estimators.iter().any(|wanted| names.contains(&wanted.as_str()))
        };
        let is_asked = self.excerpt.as_ref().is_none_or(is_part);
        is_asked && !cell.runs.is_empty() && cell.refusal().is_none()
    }

    /// Tasks that are ranked by the same metric share a figure.
    pub(super) fn groups(&self) -> Vec<(Measure, Vec<usize>)> {
        let tasks = self.tasks().into_iter();
        grouped(tasks.map(|task| (self.summary.ranking_measure(task), task)))
    }

    /// The figures of a kind that the experiment asks for.
    pub(super) fn specs(&self, kind: FigureKind) -> impl Iterator<Item = &FigureSpec> {
        self.summary.experiment.figures.iter().filter(move |figure| figure.kind == kind)
    }

    /// The metric that a figure is asked to show, or the one that ranks.
    pub(super) fn asked(&self, spec: &FigureSpec, task: usize) -> Measure {
        let experiment = self.summary.experiment;
        let asked = spec.y.as_ref().and_then(|name| {
            let cell = experiment.cells.iter().find(|cell| cell.task_index == task)?;
            experiment.measure(cell, name)
        });
        asked.unwrap_or_else(|| experiment.ranking_measure(task))
    }

    /// The name of a figure that is drawn once for each ranking metric: with the metric, where there
    /// are several.
    pub(super) fn name(&self, figure: &str, measure: &Measure) -> String {
        match self.groups().len() {
            0 | 1 => figure.to_owned(),
            _ => format!("{figure}-{}", measure.name),
        }
    }

    /// A panel for each task, with a series for each of its best cells that has runs.
    pub(super) fn panels(
        &self,
        tasks: &[usize],
        points: impl Fn(&CellSummary<'_>) -> Vec<Point>,
    ) -> Vec<Panel> {
        self.panels_of(tasks, |_, cell| Series { points: points(cell), ..self.series(cell) })
    }

    /// The panels of tasks ([`Source::panels`]) of a metric along training, with its known values.
    pub(super) fn panels_with_known(
        &self,
        tasks: &[usize],
        measure: &Measure,
        points: impl Fn(&CellSummary<'_>) -> Vec<Point>,
    ) -> Vec<Panel> {
        self.panels_of(tasks, |index, cell| {
            let known = self.summary.experiment.expected.iter();
            let known = known.filter(|known| known.is_of(index, measure));
            let step = |step: Option<u64>| step.unwrap_or(cell.run_length) as f64;
            let expected = known.map(|known| (step(known.step), known.value)).collect();
            Series { points: points(cell), expected, ..self.series(cell) }
        })
    }

    /// A panel for each task, with what `series` makes of each best cell that is shown, given its index.
    fn panels_of(
        &self,
        tasks: &[usize],
        series: impl Fn(usize, &CellSummary<'_>) -> Series,
    ) -> Vec<Panel> {
        let panel = |&task: &usize| {
            let shown = self.summary.best_cells(task).filter(|(_, cell)| self.is_shown(cell));
            let series = shown.map(|(index, cell)| series(index, cell)).collect();
            Panel { title: self.summary.task_label(task), series, ..Panel::default() }
        };
        tasks.iter().map(panel).collect()
    }

    /// The reference values of a metric of a task.
    pub(super) fn references(&self, task: usize, measure: &Measure) -> Vec<Reference> {
        let values = self.summary.references(task, measure.name).into_iter();
        let reference = |value: ReferenceValue| Reference {
            label: value.reference.label.to_owned(),
            value: value.estimate.value,
        };
        values.map(reference).collect()
    }

    /// The series of a cell, without points.
    pub(super) fn series(&self, cell: &CellSummary<'_>) -> Series {
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
    pub(super) fn caption(&self) -> String {
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
    pub(super) fn chosen_by(&self) -> String {
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
pub(super) fn grouped(tasks: impl Iterator<Item = (Measure, usize)>) -> Vec<(Measure, Vec<usize>)> {
    let mut groups: Vec<(Measure, Vec<usize>)> = vec![];
    for (measure, task) in tasks {
        match groups.iter_mut().find(|(known, _)| *known == measure) {
            Some((_, tasks)) => tasks.push(task),
            None => groups.push((measure, vec![task])),
        }
    }
    groups
}
