//! What is measured of gradients.

use crate::experiment::metrics::{
    COSINE, EXACT_NORM, MEAN_SQUARED_ERROR, RELATIVE_SQUARED_BIAS, SQUARED_BIAS, TOTAL_VARIANCE,
};
use estimators::{Estimator, Real};
use kernels::Noise;
use model::{Metric, Probe};
use statistics::GradientQuality;

/// The quality of estimates at a probe, before any is drawn; nothing if the exact gradient is not
/// finite. The noise does not advance.
pub(super) fn against_exact<E: Real>(
    probe: &dyn Probe<E>,
    exact: &mut dyn Estimator<E>,
    noise: &Noise,
) -> Result<Option<GradientQuality>, model::Error> {
    let mut gradient: Vec<f64> = vec![];
    probe.draw(exact, 1, &mut noise.clone(), &mut |drawn| {
        gradient = drawn.iter().map(|g| g.widen()).collect();
    })?;
    let is_finite = gradient.iter().all(|g| g.is_finite());
    Ok(is_finite.then(|| GradientQuality::new(&gradient)))
}

/// The metrics of the estimates that were drawn; NaN without estimates.
pub(super) fn values(quality: Option<&GradientQuality>) -> Vec<(Metric, f64)> {
    let summary = quality.map(GradientQuality::summary);
    let norm = quality.map(|quality| quality.exact().iter().map(|g| g * g).sum::<f64>().sqrt());
    let squared_bias = summary.and_then(|summary| summary.squared_bias);
    let relative = squared_bias
        .zip(norm)
        .filter(|(_, norm)| *norm > 0.0)
        .map(|(bias, norm)| bias / (norm * norm));
    let values = [
        (TOTAL_VARIANCE, summary.and_then(|summary| summary.total_variance)),
        (SQUARED_BIAS, squared_bias),
        (RELATIVE_SQUARED_BIAS, relative),
        (MEAN_SQUARED_ERROR, summary.and_then(|summary| summary.mean_squared_error)),
        (COSINE, summary.and_then(|summary| summary.cosine)),
        (EXACT_NORM, norm),
    ];
    values.map(|(metric, value)| (metric, value.unwrap_or(f64::NAN))).to_vec()
}
