//! From summaries to figures: which series stand in which panel.

use crate::Registries;
use crate::experiment::{Choice, FigureSpec, Protocol};
use crate::results::{CellSummary, Metric, Summary, relative_bias};
use charts::{
    Better, Figure, FinalFigure, FinalPanel, FinalRow, Palette, Panel, Point, Scale, Series,
    bias_variance, convergence, final_values, sensitivity, variance,
};
use statistics::Estimate;

/// The figures of a results folder: name and SVG.
pub fn draw(summary: &Summary<'_>, registries: &Registries) -> Vec<(String, String)> {
    let palette = palette(registries);
    let mut figures: Vec<(String, String)> = vec![];
    let mut add = |name: &str, svg: String| figures.push((name.to_owned(), svg));
    let takes_steps = summary.experiment.takes_steps();
    if takes_steps {
        add("convergence", convergence(&along(summary, registries), &palette));
    }
    add("final", final_values(&ends(summary), &palette));
    if takes_steps && summary.experiment.gradient.is_some() {
        add("variance", variance(&variance_along(summary, registries), &palette));
    }
    if !takes_steps || summary.experiment.gradient.is_some() {
        add("bias-variance", bias_variance(&trade(summary, registries), &palette));
    }
    for (index, spec) in summary.experiment.figures.iter().enumerate() {
        let figure = against(summary, spec, registries);
        add(&format!("sensitivity-{}", index + 1), sensitivity(&figure, &palette));
    }
    figures
}

/// One style a kind, in the order of the registry.
fn palette(registries: &Registries) -> Palette {
    let entries = registries.estimators.entries();
    let kinds: Vec<(&str, &str)> =
        entries.iter().map(|entry| (entry.name, entry.about.family.name())).collect();
    Palette::new(&kinds).with_reference("exact")
}

fn family(choice: &Choice, registries: &Registries) -> String {
    let entry = registries.estimators.get(&choice.kind);
    entry.map_or_else(|_| String::new(), |entry| entry.about.family.name().to_owned())
}

/// Squares of gradients differ by powers of ten; a zero among them must not change that.
fn scale(metric: &Metric) -> Scale {
    let is_square = ["total-variance", "mean-squared-error"].contains(&metric.name.as_str());
    if is_square { Scale::Log } else { Scale::Auto }
}

/// Panels of the best cells, one a task; cells without runs are left out.
fn panels(
    summary: &Summary<'_>,
    registries: &Registries,
    points: impl Fn(&CellSummary<'_>) -> Vec<Point>,
) -> Vec<Panel> {
    let panel = |task: usize| {
        let cells = summary.cells.iter();
        let shown = cells.filter(|cell| cell.cell.task == task && cell.best && is_shown(cell));
        let series = shown.map(|cell| Series {
            label: cell.estimator.clone(),
            kind: cell.cell.estimator.kind.clone(),
            family: family(&cell.cell.estimator, registries),
            points: points(cell),
            runs: cell.runs.len(),
            failures: cell.failures(),
            ..Series::default()
        });
        Panel { title: task_label(summary, task), series: series.collect() }
    };
    summary.tasks().into_iter().map(panel).collect()
}

fn is_shown(cell: &CellSummary<'_>) -> bool {
    !cell.runs.is_empty() && cell.refusal().is_none()
}

fn task_label(summary: &Summary<'_>, task: usize) -> String {
    summary.experiment.tasks[task].choice.label()
}

fn point(x: f64, estimate: Estimate) -> Point {
    Point { x, y: estimate.value, low: estimate.low, high: estimate.high }
}

fn curve(cell: &CellSummary<'_>, metric: &Metric) -> Vec<Point> {
    cell.curve(metric).iter().map(|&(step, estimate)| point(step as f64, estimate)).collect()
}

/// What stands under every figure whose cells were chosen.
fn caption(summary: &Summary<'_>) -> String {
    let mut caption = "Interquartile mean over seeds with 95 % bootstrap band.".to_owned();
    if summary.cells.iter().any(|cell| !cell.best) {
        let tuned = summary.experiment.tuned.join(" and ");
        caption.push_str(&format!(
            " Each series is the best of its {tuned} by final validation loss."
        ));
    }
    caption
}

fn along(summary: &Summary<'_>, registries: &Registries) -> Figure {
    Figure {
        title: "Convergence: loss when deployed with the hard argmax".to_owned(),
        x_label: "training step".to_owned(),
        y_label: "validation loss".to_owned(),
        caption: caption(summary),
        panels: panels(summary, registries, |cell| curve(cell, &summary.experiment.headline())),
        y_scale: Scale::Log,
        ..Figure::default()
    }
}

fn variance_along(summary: &Summary<'_>, registries: &Registries) -> Figure {
    let metric = Metric::named("total-variance");
    Figure {
        title: "Variance of the logit gradient along training".to_owned(),
        x_label: "training step".to_owned(),
        y_label: "total variance of one estimate".to_owned(),
        caption: caption(summary),
        panels: panels(summary, registries, |cell| curve(cell, &metric)),
        y_scale: Scale::Log,
        ..Figure::default()
    }
}

fn trade(summary: &Summary<'_>, registries: &Registries) -> Figure {
    let path = |cell: &CellSummary<'_>| {
        let variance = cell.curve(&Metric::named("total-variance"));
        let bias = cell.curve(&Metric::named("relative-squared-bias"));
        // The first, a middle and the last measurement.
        let last = variance.len().saturating_sub(1);
        let mut places = vec![0, last / 2, last];
        places.dedup();
        places
            .into_iter()
            .filter_map(|i| Some(point(variance.get(i)?.1.value, relative_bias(bias.get(i)?.1))))
            .collect()
    };
    let paths = match &summary.experiment.protocol {
        Protocol::Training => " Paths lead from the first to the last measurement of training.",
        Protocol::Gradient(_) => "",
    };
    Figure {
        title: "Bias and variance of the gradient".to_owned(),
        x_label: "total variance of one estimate".to_owned(),
        y_label: "relative bias".to_owned(),
        caption: format!("{}{paths}", caption(summary)),
        panels: panels(summary, registries, path),
        ..Figure::default()
    }
}

fn ends(summary: &Summary<'_>) -> FinalFigure {
    let metric = summary.experiment.headline();
    let row = |cell: &CellSummary<'_>| {
        let estimate = cell.unrounded(&metric)?;
        Some(FinalRow {
            label: cell.estimator.clone(),
            kind: cell.cell.estimator.kind.clone(),
            value: estimate.value,
            low: estimate.low,
            high: estimate.high,
            // What rounding leaves of nothing has no place, seed by seed, either.
            samples: if estimate.value == 0.0 { vec![] } else { cell.finals(&metric) },
            runs: cell.runs.len(),
            failures: cell.failures(),
        })
    };
    let panel = |task: usize| {
        let cells = summary.cells.iter();
        let shown = cells.filter(|cell| cell.cell.task == task && cell.best && is_shown(cell));
        FinalPanel { title: task_label(summary, task), rows: shown.filter_map(row).collect() }
    };
    let (title, x_label) = match &summary.experiment.protocol {
        Protocol::Training => (
            format!("Validation loss after {} steps", summary.experiment.steps),
            "validation loss, deployed with the hard argmax".to_owned(),
        ),
        Protocol::Gradient(_) => (
            "Error of one estimate".to_owned(),
            "mean squared distance from the exact gradient".to_owned(),
        ),
    };
    FinalFigure {
        title,
        x_label,
        x_scale: scale(&metric),
        better: Better::Lower,
        reference_line: true,
        caption: caption(summary),
        panels: summary.tasks().into_iter().map(panel).collect(),
    }
}

/// A metric at the end against a parameter: one line for each combination of the others.
fn against(summary: &Summary<'_>, spec: &FigureSpec, registries: &Registries) -> Figure {
    let (part, key) = spec.x.split_once('.').unwrap_or(("estimator", spec.x.as_str()));
    let metric = Metric::named(&spec.y);
    let place = |cell: &CellSummary<'_>| -> Option<f64> {
        let choice = match part {
            "optimizer" => &cell.cell.optimizer,
            "task" => &summary.experiment.tasks[cell.cell.task].choice,
            _ => &cell.cell.estimator,
        };
        choice.value(key)?.parse().ok()
    };
    let label = |cell: &CellSummary<'_>| match part {
        "estimator" => cell.cell.estimator.label_without(&[key]),
        _ => cell.estimator.clone(),
    };
    let mut panels: Vec<Panel> = vec![];
    for task in summary.tasks() {
        let mut series: Vec<Series> = vec![];
        for (index, cell) in summary.cells.iter().enumerate() {
            if cell.cell.task != task || !is_shown(cell) {
                continue;
            }
            // Along a tuned parameter every cell counts, else the best of the tuned ones.
            let counts = cell.best || summary.experiment.tuned.contains(&spec.x);
            let (Some(x), true) = (place(cell), counts) else { continue };
            let Some(estimate) = cell.unrounded(&metric) else { continue };
            let label = label(cell);
            let place = series.iter().position(|series| series.label == label);
            let place = place.unwrap_or_else(|| {
                series.push(Series {
                    label,
                    kind: cell.cell.estimator.kind.clone(),
                    family: family(&cell.cell.estimator, registries),
                    runs: cell.runs.len(),
                    failures: cell.failures(),
                    ..Series::default()
                });
                series.len() - 1
            });
            series[place].points.push(point(x, estimate));
            let known = summary.experiment.expected.iter();
            let known = known.filter(|known| known.cell == index && known.metric == metric.name);
            series[place].expected.extend(known.map(|known| (x, known.value)));
        }
        for series in &mut series {
            series.points.sort_by(|a, b| a.x.total_cmp(&b.x));
        }
        panels.push(Panel { title: task_label(summary, task), series });
    }
    Figure {
        title: format!("{} against {}", metric.words(), spec.x),
        x_label: spec.x.clone(),
        y_label: metric.words(),
        y_scale: scale(&metric),
        caption: caption(summary),
        panels,
        ..Figure::default()
    }
}
