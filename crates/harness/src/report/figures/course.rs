use super::{Drawn, Source, axis, capitalized, curve, grouped, measured_on, scale_of_losses};
use crate::experiment::Measure;
use charts::{Figure, convergence};
use model::{Better, Metric};

/// What is neither good nor bad, along training: such as the entropy of a classifier; and what is known
/// at some steps, although it does not rank.
pub(super) fn draw(source: &Source<'_>) -> Vec<Drawn> {
    if !source.summary.experiment.trains() {
        return vec![];
    }
    let figures = measures(source).into_iter().map(|(measure, tasks)| {
        let panels = source.panels_with_known(&tasks, &measure, |cell| curve(cell, &measure));
        let figure = Figure {
            title: format!("{} along training", capitalized(measure.label)),
            x_label: "training step".to_owned(),
            y_label: axis(&measure),
            caption: source.caption(),
            y_scale: scale_of_losses(&measure, &panels),
            panels,
            width: source.width(),
            ..Figure::default()
        };
        Drawn::new(
            measure.name.to_owned(),
            measured_on(&measure),
            convergence(&figure, &source.palette),
        )
    });
    figures.collect()
}

/// The metrics of which no value is better than another, and those with known values along training that
/// do not rank, each with its tasks.
fn measures(source: &Source<'_>) -> Vec<(Measure, Vec<usize>)> {
    let of_task = |task: usize| {
        let metrics = source.summary.experiment.tasks[task].built.metrics().into_iter().skip(1);
        let shown = move |metric: &Metric| {
            metric.better == Better::Neither || is_known_along_training(source, task, metric)
        };
        metrics.filter(shown).map(move |metric| (Measure::of_network(metric), task))
    };
    grouped(source.tasks().into_iter().flat_map(of_task))
}

fn is_known_along_training(source: &Source<'_>, task: usize, metric: &Metric) -> bool {
    let experiment = source.summary.experiment;
    experiment.expected.iter().any(|known| {
        let is_here = experiment.cells[known.cell].task_index == task;
        is_here && known.metric == metric.name && known.step.is_some()
    })
}
