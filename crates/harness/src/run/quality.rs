//! What is measured of gradients.

use crate::experiment::metrics::{
    COSINE, EXACT_NORM, MEAN_SQUARED_ERROR, RELATIVE_SQUARED_BIAS, SQUARED_BIAS, TOTAL_VARIANCE,
};
use estimators::{Dims, Estimator, Real};
use kernels::Noise;
use model::{Metric, Probe};
use statistics::GradientQuality;

/// Why there is no exact gradient to compare estimates with, if there is none: it is neither known in
/// closed form, which is asked only then, nor can it be enumerated.
pub(super) fn no_exact<E: Real>(
    exact: &dyn Estimator<E>,
    dims: Dims,
    known: impl FnOnce() -> Option<Vec<f64>>,
) -> Option<String> {
    exact.refuses(dims).filter(|_| known().is_none())
}

/// The quality of estimates at a probe, before any is drawn; nothing if the exact gradient is not
/// finite. The noise does not advance.
pub(super) fn against_exact<E: Real>(
    probe: &dyn Probe<E>,
    exact: &mut dyn Estimator<E>,
    noise: &Noise,
) -> Result<Option<GradientQuality>, model::Error> {
    let mut gradient = probe.exact().unwrap_or_default();
    if gradient.is_empty() {
        probe.draw(exact, 1, &mut noise.clone(), &mut |drawn| {
            gradient = drawn.iter().map(|g| g.widen()).collect();
        })?;
    }
    let is_finite = gradient.iter().all(|g| g.is_finite());
    Ok(is_finite.then(|| GradientQuality::new(&gradient)))
}

/// The metrics of the estimates that were drawn; NaN without estimates. Without the exact gradient there is
/// only their variance.
pub(super) fn values(quality: Option<&GradientQuality>) -> Vec<(Metric, f64)> {
    let compares = quality.is_none_or(|quality| quality.exact().is_some());
    let summary = quality.map(GradientQuality::summary);
    let norm = |exact: &[f64]| exact.iter().map(|g| g * g).sum::<f64>().sqrt();
    let norm = quality.and_then(GradientQuality::exact).map(norm);
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
    let known = values.into_iter().take(if compares { values.len() } else { 1 });
    known.map(|(metric, value)| (metric, value.unwrap_or(f64::NAN))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(exact: &[f64], drawn: &[[f64; 2]]) -> Vec<(&'static str, f64)> {
        let mut quality = GradientQuality::new(exact);
        drawn.iter().for_each(|gradient| quality.push(gradient));
        values(Some(&quality)).into_iter().map(|(metric, value)| (metric.name, value)).collect()
    }

    /// Estimates (1, 4) and (9, 4) of (3, 4), whose norm is 5: their mean is off by (2, 0), of which
    /// half their variance of 32 would be chance.
    #[test]
    fn the_quality_of_two_estimates_by_hand() {
        let found = measured(&[3.0, 4.0], &[[1.0, 4.0], [9.0, 4.0]]);
        let cosine = (5.0 * 3.0 + 4.0 * 4.0) / (5.0 * 41f64.sqrt());
        for ((name, value), (expected_name, expected)) in found.into_iter().zip([
            ("total-variance", 32.0),
            ("squared-bias", 4.0 - 16.0),
            ("relative-squared-bias", -12.0 / 25.0),
            ("mean-squared-error", (4.0 + 36.0) / 2.0),
            ("cosine", cosine),
            ("exact-norm", 5.0),
        ]) {
            assert_eq!(name, expected_name);
            assert!((value - expected).abs() < 1e-12, "{name}: {value} for {expected}");
        }
    }

    #[test]
    fn what_is_undefined_is_no_number() {
        let of_zero = measured(&[0.0, 0.0], &[[1.0, 0.0], [1.0, 0.0]]);
        assert_eq!((of_zero[1].1, of_zero[5].1), (1.0, 0.0));
        assert!(of_zero[2].1.is_nan(), "relative to nothing: {of_zero:?}");
        assert!(values(None).iter().all(|(_, value)| value.is_nan()));
    }
}
