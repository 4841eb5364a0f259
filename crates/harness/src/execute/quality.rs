//! What is measured of gradients.

use estimators::{Estimator, Real};
use kernels::Noise;
use model::Probe;
use statistics::GradientQuality;

/// Names of what is measured of gradients.
pub const QUALITIES: [&str; 6] = [
    "total-variance",
    "squared-bias",
    "relative-squared-bias",
    "mean-squared-error",
    "cosine",
    "exact-norm",
];

/// Nothing drawn yet at a place whose exact gradient `truth` says; nothing at all if that is not
/// finite. Leaves the noise where it stands.
pub(super) fn against_exact<E: Real>(
    place: &(dyn Probe<E> + '_),
    truth: &mut dyn Estimator<E>,
    noise: &Noise,
) -> Result<Option<GradientQuality>, model::Error> {
    let mut exact: Vec<f64> = vec![];
    place.draw(truth, 1, &mut noise.clone(), &mut |gradient| {
        exact = gradient.iter().map(|g| g.widen()).collect();
    })?;
    let is_finite = exact.iter().all(|g| g.is_finite());
    Ok(is_finite.then(|| GradientQuality::new(&exact)))
}

/// The qualities of what has been drawn.
pub(super) fn values(quality: &GradientQuality) -> [(&'static str, f64); QUALITIES.len()] {
    let summary = quality.summary();
    let norm = quality.exact().iter().map(|g| g * g).sum::<f64>().sqrt();
    let number = |x: Option<f64>| x.unwrap_or(f64::NAN);
    let values = [
        number(summary.total_variance),
        number(summary.squared_bias),
        number(summary.squared_bias.filter(|_| norm > 0.0).map(|bias| bias / (norm * norm))),
        number(summary.mean_squared_error),
        number(summary.cosine),
        norm,
    ];
    std::array::from_fn(|i| (QUALITIES[i], values[i]))
}
