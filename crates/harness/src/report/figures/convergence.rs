use super::{Drawn, Form, Source, axis, curve, measured_on, scale_of_losses};
use crate::experiment::Measure;
use crate::results::CellSummary;
use charts::{Drawing, Figure, Panel, Point, Scale, convergence};
use estimators::{Deployment, Domain};
use model::EXPERTS_PER_ROW;

/// The file of the curves along time. It is no part of the report, which does not depend on clocks.
pub(super) const TIMING: &str = "timing.svg";

/// The metrics that rank, along training.
pub(super) fn draw(source: &Source<'_>) -> Vec<Drawn> {
    if !source.summary.experiment.trains() {
        return vec![];
    }
    let several = source.groups().len() > 1;
    let figures = source.groups().into_iter().map(|(measure, tasks)| {
        let steps = ("training step", Scale::Linear);
        let panels = source.panels_with_known(&tasks, &measure, |cell| curve(cell, &measure));
        let by_steps = along(source, &measure, &tasks, steps, panels);
        let name = source.name("convergence", &measure);
        let by_evaluations = Form {
            axis: "evaluations of the loss",
            name: format!("{name}-by-evaluations"),
            drawing: evaluations(source, &measure, &tasks),
        };
        let by_experts = are_experts(source, &tasks).then(|| Form {
            axis: "experts evaluated",
            name: format!("{name}-by-experts"),
            drawing: experts(source, &measure, &tasks),
        });
        Drawn {
            axis: "training steps",
            forms: [Some(by_evaluations), by_experts].into_iter().flatten().collect(),
            picture: (!several).then_some(("seconds of training", TIMING)),
            ..Drawn::new(name, measured_on(&measure), by_steps)
        }
    });
    figures.collect()
}

/// The figure along time, of the first metric that ranks. Nothing without training.
pub(super) fn timing(source: &Source<'_>) -> Option<Drawing> {
    let groups = source.groups();
    let (measure, tasks) = groups.first().filter(|_| source.summary.experiment.trains())?;
    let points = |cell: &CellSummary<'_>| {
        let step = cell.seconds_per_step().unwrap_or(f64::NAN);
        scaled(curve(cell, measure), step)
    };
    let seconds = ("seconds of training on one core", Scale::Log);
    Some(along(source, measure, tasks, seconds, source.panels(tasks, points)))
}

/// The curves along the number of losses and gradients of a row that an estimator has asked for.
fn evaluations(source: &Source<'_>, measure: &Measure, tasks: &[usize]) -> Drawing {
    let batch = source.summary.experiment.batch;
    let points = |cell: &CellSummary<'_>| {
        let dims = cell.cell.task.built.dims(batch);
        let cost = cell.cell.estimator.built.build_f64().properties(dims).evaluations;
        let all = cost.losses() + cost.gradients() + cost.slopes();
        scaled(curve(cell, measure), all as f64)
    };
    let axis = ("losses and gradients of each row", Scale::Log);
    along(source, measure, tasks, axis, source.panels(tasks, points))
}

/// Whether the categories of all these tasks are experts: what a gated pick evaluates.
fn are_experts(source: &Source<'_>, tasks: &[usize]) -> bool {
    let is_gated = |cell: &CellSummary<'_>| cell.cell.task.built.domain() >= Domain::GatedPicks;
    let mut cells = tasks.iter().flat_map(|&task| source.summary.best_cells(task));
    cells.all(|(_, cell)| is_gated(cell))
}

/// The curves along the number of experts that an estimator has evaluated for a row: as many in each step as it says
/// that it needs, or where weights decide it, as many as were measured.
fn experts(source: &Source<'_>, measure: &Measure, tasks: &[usize]) -> Drawing {
    let batch = source.summary.experiment.batch;
    let points = |cell: &CellSummary<'_>| {
        let dims = cell.cell.task.built.dims(batch);
        let estimator = cell.cell.estimator.built.build_f64();
        let curve = |measure: &Measure| curve(cell, measure);
        if estimator.deployment() == Deployment::Rectified {
            return summed(curve(measure), &curve(&Measure::of_network(EXPERTS_PER_ROW)));
        }
        let of_latent = estimator.properties(dims).evaluations.experts(dims.categories);
        let of_row = (of_latent * dims.latents as u64).min(dims.categories as u64);
        scaled(curve(measure), of_row as f64)
    };
    let axis = ("experts evaluated for each row of a batch", Scale::Log);
    along(source, measure, tasks, axis, source.panels(tasks, points))
}

/// Points after the first step, whose place is a multiple of their step.
fn scaled(points: Vec<Point>, factor: f64) -> Vec<Point> {
    let later = points.into_iter().filter(|point| point.x > 0.0);
    later.map(|point| Point { x: factor * point.x, ..point }).collect()
}

/// Points after the first step, whose place is the sum over steps of a rate that was measured at some of them, as
/// straight lines between these say.
fn summed(points: Vec<Point>, rates: &[Point]) -> Vec<Point> {
    let sum = |upto: f64| -> f64 {
        let pairs = rates.windows(2).take_while(|pair| pair[1].x <= upto);
        pairs.map(|pair| (pair[1].x - pair[0].x) * (pair[0].y + pair[1].y) / 2.0).sum()
    };
    let later = points.into_iter().filter(|point| point.x > 0.0);
    later.map(|point| Point { x: sum(point.x), ..point }).collect()
}

fn along(
    source: &Source<'_>,
    measure: &Measure,
    tasks: &[usize],
    (x_label, x_scale): (&str, Scale),
    mut panels: Vec<Panel>,
) -> Drawing {
    for (panel, &task) in panels.iter_mut().zip(tasks) {
        panel.references = source.references(task, measure);
    }
    let figure = Figure {
        title: format!("Convergence: {}", axis(measure)),
        x_label: x_label.to_owned(),
        y_label: measure.axis(),
        caption: source.caption(),
        x_scale,
        y_scale: scale_of_losses(measure, &panels),
        width: source.width(),
        panels,
    };
    convergence(&figure, &source.palette)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_summed_over_steps() {
        let point = |x, y| Point { x, y, low: y, high: y };
        let losses = [0.0, 10.0, 20.0].map(|x| point(x, 1.0));
        let rates = [point(0.0, 4.0), point(10.0, 2.0), point(20.0, 1.0)];
        let places: Vec<f64> = summed(losses.to_vec(), &rates).iter().map(|p| p.x).collect();
        assert_eq!(places, [30.0, 45.0]);
    }
}
