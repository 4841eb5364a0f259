use super::{Drawn, Source, curve};
use crate::experiment::Measure;
use crate::experiment::metrics::TOTAL_VARIANCE;
use charts::{Figure, Scale, variance};

/// The variance of estimates along training.
pub(super) fn draw(source: &Source<'_>) -> Vec<Drawn> {
    let experiment = source.summary.experiment;
    if !experiment.trains() || experiment.gradient.is_none() {
        return vec![];
    }
    let measure = Measure::of_gradient(TOTAL_VARIANCE);
    let figure = Figure {
        title: "Variance of the logit gradient along training".to_owned(),
        x_label: "training step".to_owned(),
        y_label: "total variance of one estimate".to_owned(),
        caption: source.caption(),
        panels: source.panels_with_known(&source.tasks(), &measure, |cell| curve(cell, &measure)),
        y_scale: Scale::Log,
        width: source.width(),
        ..Figure::default()
    };
    vec![Drawn::new(
        "variance".to_owned(),
        "How much one estimate of the logit gradient scatters, at the parameters that this \
                estimator's own training has reached.",
        variance(&figure, &source.palette),
    )]
}
