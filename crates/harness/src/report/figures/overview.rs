use super::{Drawn, Source, axis, capitalized, curve, scale_of_losses};
use crate::report::overview::shown;
use charts::{Figure, Panel, Series, convergence};

/// One panel with a few series, for a page that has room for one figure: the task in the middle, and the
/// estimators of the overview.
pub(super) fn draw(source: &Source<'_>) -> Vec<Drawn> {
    let (summary, tasks) = (source.summary, source.tasks());
    let names = shown(source.numbers);
    // Where all of it is in the figure of convergence, there is nothing to leave out.
    if !summary.experiment.trains() || tasks.len() < 2 || names.len() < 2 {
        return vec![];
    }
    let task = tasks[tasks.len() / 2];
    let measure = summary.ranking_measure(task);
    let cells = summary.best_cells(task).filter(|(_, cell)| source.is_shown(cell));
    let cells = cells.filter(|(_, cell)| names.contains(&cell.estimator));
    let series =
        cells.map(|(_, cell)| Series { points: curve(cell, &measure), ..source.series(cell) });
    let panels = vec![Panel {
        title: summary.task_label(task),
        series: series.collect(),
        references: source.references(task, &measure),
    }];
    let figure = Figure {
        title: format!("{}, {}", capitalized(&axis(&measure)), summary.task_label(task)),
        x_label: "training step".to_owned(),
        y_label: measure.axis(),
        y_scale: scale_of_losses(&measure, &panels),
        caption: source.caption(),
        panels,
        width: source.width(),
        ..Figure::default()
    };
    let about = "A few estimators on one of the tasks.";
    let drawing = convergence(&figure, &source.palette);
    vec![Drawn { is_excerpt: true, ..Drawn::new("overview", about, drawing) }]
}
