use super::{Drawn, Source, axis, capitalized, curve, grouped};
use crate::experiment::Measure;
use charts::{Figure, convergence};
use model::Better;

/// What is neither good nor bad, along training: such as the entropy of a classifier.
pub(super) fn draw(source: &Source<'_>) -> Vec<Drawn> {
    if !source.summary.experiment.trains() {
        return vec![];
    }
    let figures = measures(source).into_iter().map(|(measure, tasks)| {
        let figure = Figure {
            title: format!("{} along training", capitalized(measure.label)),
            x_label: "training step".to_owned(),
            y_label: axis(&measure),
            caption: source.caption(),
            panels: source.panels(&tasks, |cell| curve(cell, &measure)),
            width: source.width(),
            ..Figure::default()
        };
        Drawn::new(
            measure.name.to_owned(),
            "On rows that are not trained on.",
            convergence(&figure, &source.palette),
        )
    });
    figures.collect()
}

/// The metrics of which no value is better than another, each with its tasks.
fn measures(source: &Source<'_>) -> Vec<(Measure, Vec<usize>)> {
    let of_task = |task: usize| {
        let metrics = source.summary.experiment.tasks[task].built.metrics().into_iter();
        let neutral = metrics.filter(|metric| metric.better == Better::Neither);
        neutral.map(move |metric| (Measure::of_network(metric), task))
    };
    grouped(source.tasks().into_iter().flat_map(of_task))
}
