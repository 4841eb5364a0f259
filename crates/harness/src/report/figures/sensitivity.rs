use super::{Drawn, Source, capitalized, parameter, point, scale};
use crate::experiment::{FigureKind, FigureSpec, Measure};
use crate::results::CellSummary;
use charts::{Figure, Panel, Series, sensitivity};

/// The figures of a metric against a parameter that the experiment asks for.
pub(super) fn draw(source: &Source<'_>) -> Vec<Drawn> {
    let asked = source.summary.experiment.figures.iter();
    let asked = asked.filter(|figure| figure.kind == FigureKind::Sensitivity);
    let drawn = |(index, spec): (usize, &FigureSpec)| {
        Drawn::new(
            format!("sensitivity-{}", index + 1),
            "",
            sensitivity(&figure(source, spec), &source.palette),
        )
    };
    asked.enumerate().map(drawn).collect()
}

fn figure(source: &Source<'_>, spec: &FigureSpec) -> Figure {
    let tasks = source.tasks();
    let measures: Vec<Measure> = tasks.iter().map(|&task| measure(source, spec, task)).collect();
    let first = measures[0];
    let mut labels: Vec<String> = measures.iter().map(|measure| measure.axis()).collect();
    labels.dedup();
    let panels = tasks.iter().zip(&measures).map(|(&task, measure)| Panel {
        title: source.summary.task_label(task),
        series: lines(source, spec, task, measure),
        references: source.references(task, measure),
    });
    Figure {
        title: capitalized(&format!("{} against {}", labels.join(" or "), parameter(&spec.x))),
        x_label: parameter(&spec.x),
        y_label: labels.join(" or "),
        y_scale: scale(&first),
        caption: source.caption(),
        panels: panels.collect(),
        width: source.width(),
        ..Figure::default()
    }
}

/// The metric that is asked for, or the one that ranks.
fn measure(source: &Source<'_>, spec: &FigureSpec, task: usize) -> Measure {
    let experiment = source.summary.experiment;
    let asked = spec.y.as_ref().and_then(|name| {
        let cell = experiment.cells.iter().find(|cell| cell.task_index == task)?;
        experiment.measure(cell, name)
    });
    asked.unwrap_or_else(|| experiment.ranking_measure(task))
}

/// One line for each combination of the other parameters.
fn lines(source: &Source<'_>, spec: &FigureSpec, task: usize, measure: &Measure) -> Vec<Series> {
    let experiment = source.summary.experiment;
    let mut lines: Vec<Series> = vec![];
    for (index, cell) in source.summary.cells.iter().enumerate() {
        // Along a tuned parameter every cell counts, otherwise the best of the tuned ones.
        let counts = cell.best || experiment.tuned.contains(&spec.x);
        if cell.cell.task_index != task || !source.is_shown(cell) || !counts {
            continue;
        }
        let x = cell.cell.value(&spec.x).and_then(|value| value.parse::<f64>().ok());
        let (Some(x), Some(estimate)) = (x, cell.rounded_estimate(measure)) else { continue };
        let label = label(cell, &spec.x);
        let line = lines.iter().position(|line| line.label == label).unwrap_or_else(|| {
            lines.push(Series { label, ..source.series(cell) });
            lines.len() - 1
        });
        lines[line].points.push(point(x, estimate));
        let known = experiment.expected.iter().filter(|known| known.is_of(index, measure));
        let known = known.filter(|known| known.step.is_none());
        lines[line].expected.extend(known.map(|known| (x, known.value)));
    }
    for line in &mut lines {
        line.points.sort_by(|a, b| a.x.total_cmp(&b.x));
    }
    lines
}

/// The label of a line: that of its estimator, without the parameter along the axis.
fn label(cell: &CellSummary<'_>, x: &str) -> String {
    match x.strip_prefix("estimator.") {
        Some(key) => cell.cell.estimator.label_without(&[key]),
        None => cell.estimator.clone(),
    }
}
