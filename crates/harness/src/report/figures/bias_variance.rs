use super::{Drawn, Source, point};
use crate::experiment::Measure;
use crate::experiment::metrics::{RELATIVE_SQUARED_BIAS, TOTAL_VARIANCE};
use crate::results::CellSummary;
use charts::{Figure, Point, bias_variance};
use statistics::relative_bias;

/// The bias of estimates against their variance.
pub(super) fn draw(source: &Source<'_>) -> Vec<Drawn> {
    let experiment = source.summary.experiment;
    if experiment.trains() && experiment.gradient.is_none() {
        return vec![];
    }
    // Where no exact gradient can be had, there is only the variance.
    if source.summary.cells.iter().all(|cell| path(cell).is_empty()) {
        return vec![];
    }
    let paths = match experiment.trains() {
        true => " Paths lead from the first to the last measurement of training.",
        false => "",
    };
    let figure = Figure {
        title: "Bias and variance of the gradient".to_owned(),
        x_label: "total variance of one estimate".to_owned(),
        y_label: "relative bias".to_owned(),
        caption: format!("{}{paths}", source.caption()),
        panels: source.panels(&source.tasks(), path),
        width: source.width(),
        ..Figure::default()
    };
    vec![Drawn::new(
        "bias-variance",
        "The distance of the mean estimate from the exact gradient, relative to the exact \
                gradient, without the sampling floor; and the scatter of one estimate.",
        bias_variance(&figure, &source.palette),
    )]
}

/// The first, a middle and the last measurement.
fn path(cell: &CellSummary<'_>) -> Vec<Point> {
    let variance = cell.rounded_curve(&Measure::of_gradient(TOTAL_VARIANCE));
    let bias = cell.rounded_curve(&Measure::of_gradient(RELATIVE_SQUARED_BIAS));
    let last = variance.len().saturating_sub(1);
    let mut indices = vec![0, last / 2, last];
    indices.dedup();
    let at = |i: usize| Some(point(variance.get(i)?.1.value, relative_bias(bias.get(i)?.1)));
    indices.into_iter().filter_map(at).collect()
}
