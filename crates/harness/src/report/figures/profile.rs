use super::{Drawn, Source, point};
use charts::{Figure, Panel, Scale, Series, convergence};

/// The performance profile across tasks, where there are several.
pub(super) fn draw(source: &Source<'_>) -> Vec<Drawn> {
    if source.across.is_empty() {
        return vec![];
    }
    let shown = source.across.iter().filter(|row| source.is_shown(&source.summary.cells[row.cell]));
    let series = shown.map(|row| {
        let cell = &source.summary.cells[row.cell];
        let points = row.profile.iter().map(|&(rank, share)| point(rank, share)).collect();
        Series { points, ..source.series(cell) }
    });
    let figure = Figure {
        title: "Performance profile across tasks".to_owned(),
        x_label: "rank among all runs of a task (0: best, 1: worst)".to_owned(),
        y_label: "share of runs of at least that rank".to_owned(),
        y_scale: Scale::Linear,
        caption: "Mean over tasks of the share of runs. The higher curve is the better one.".into(),
        panels: vec![Panel { series: series.collect(), ..Panel::default() }],
        width: source.width(),
        ..Figure::default()
    };
    vec![Drawn::new(
        "profile".to_owned(),
        "How often each estimator is among the best runs, whatever the scale of a task's metric.",
        convergence(&figure, &source.palette),
    )]
}
