use super::{Drawn, Source, better, capitalized, parameter};
use crate::experiment::{ExpectedValue, FigureKind, FigureSpec, Measure};
use crate::results::CellSummary;
use charts::{HeatFigure, HeatPanel, Tile, heat_map};

/// The figures of a metric against two parameters that the experiment asks for: one for each metric.
pub(super) fn draw(source: &Source<'_>) -> Vec<Drawn> {
    let asked =
        source.specs(FigureKind::HeatMap).filter_map(|spec| Some((spec, spec.rows.as_deref()?)));
    let of_spec = |(index, (spec, rows)): (usize, (&FigureSpec, &str))| {
        let tasks = source.tasks().into_iter();
        let groups = super::grouped(tasks.map(|task| (source.asked(spec, task), task)));
        let several = groups.len() > 1;
        let drawn = |(measure, tasks): (Measure, Vec<usize>)| {
            let of_metric = if several { format!("-{}", measure.name) } else { String::new() };
            let name = format!("heat-map-{}{of_metric}", index + 1);
            Drawn::new(name, "", heat_map(&figure(source, (&spec.x, rows), &measure, &tasks)))
        };
        groups.into_iter().map(drawn).collect::<Vec<_>>()
    };
    asked.enumerate().flat_map(of_spec).collect()
}

fn figure(
    source: &Source<'_>,
    (x, rows): (&str, &str),
    measure: &Measure,
    tasks: &[usize],
) -> HeatFigure {
    let (across, up) = (parameter(x), parameter(rows));
    HeatFigure {
        title: capitalized(&format!("{} against {across} and {up}", measure.axis())),
        x_label: across,
        y_label: up,
        better: better(measure),
        caption: "Interquartile mean over seeds.".to_owned(),
        width: source.width(),
        panels: tasks.iter().flat_map(|&task| panels(source, (x, rows), measure, task)).collect(),
    }
}

/// A cell of a panel: its values of both parameters, and its tile, whose place they decide.
struct Placed {
    at: (f64, f64),
    tile: Tile,
}

/// A panel for each estimator that has both parameters.
fn panels(
    source: &Source<'_>,
    (x, rows): (&str, &str),
    measure: &Measure,
    task: usize,
) -> Vec<HeatPanel> {
    let mut panels: Vec<(String, Vec<Placed>)> = vec![];
    for (index, cell) in source.summary.cells.iter().enumerate() {
        if cell.cell.task_index != task || !source.is_shown(cell) {
            continue;
        }
        let value = |path: &str| cell.cell.value(path).and_then(|value| value.parse::<f64>().ok());
        let (Some(across), Some(up)) = (value(x), value(rows)) else { continue };
        let Some(estimate) = cell.rounded_estimate(measure) else { continue };
        let experiment = source.summary.experiment;
        let at_end =
            |known: &&ExpectedValue| known.step.is_none_or(|step| step == experiment.steps);
        let known = experiment.expected.iter().filter(at_end);
        let known =
            known.filter(|known| known.is_of(index, measure)).map(|known| known.value).next();
        let (runs, failures) = (cell.runs.len(), cell.failures());
        let tile = Tile { value: estimate.value, known, runs, failures, ..Tile::default() };
        let title = title(source, cell, task, [x, rows]);
        let panel = panels.iter().position(|(known, _)| *known == title).unwrap_or_else(|| {
            panels.push((title, vec![]));
            panels.len() - 1
        });
        panels[panel].1.push(Placed { at: (across, up), tile });
    }
    panels.into_iter().map(|(title, placed)| arranged(title, placed)).collect()
}

/// The estimator without the parameters along the axes; with the task, where there are several.
fn title(source: &Source<'_>, cell: &CellSummary<'_>, task: usize, axes: [&str; 2]) -> String {
    let hidden: Vec<&str> =
        axes.iter().filter_map(|axis| axis.strip_prefix("estimator.")).collect();
    let estimator = cell.cell.estimator.label_without(&hidden);
    match source.tasks().len() {
        1 => estimator,
        _ => format!("{} · {estimator}", source.summary.task_label(task)),
    }
}

/// A panel whose columns and rows are the values that occur, ascending.
fn arranged(title: String, placed: Vec<Placed>) -> HeatPanel {
    let ascending = |mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        values.dedup();
        values
    };
    let columns = ascending(placed.iter().map(|placed| placed.at.0).collect());
    let rows = ascending(placed.iter().map(|placed| placed.at.1).collect());
    let index = |values: &[f64], value: f64| values.iter().position(|other| *other == value);
    let tile = |placed: &Placed| Tile {
        column: index(&columns, placed.at.0).unwrap_or(0),
        row: index(&rows, placed.at.1).unwrap_or(0),
        ..placed.tile
    };
    let labels = |values: &[f64]| values.iter().map(f64::to_string).collect();
    let tiles = placed.iter().map(tile).collect();
    HeatPanel { title, columns: labels(&columns), rows: labels(&rows), tiles }
}
