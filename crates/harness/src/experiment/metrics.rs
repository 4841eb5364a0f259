//! The metrics of an experiment: those that its tasks declare, and those of gradients.

use model::Metric;
use std::ops::Deref;

/// A metric, and where a record holds its numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measure {
    /// The metric.
    pub metric: Metric,
    /// Whether it describes gradient estimates rather than the network.
    pub of_gradient: bool,
}

impl Deref for Measure {
    type Target = Metric;
    fn deref(&self) -> &Metric {
        &self.metric
    }
}

/// Total variance of an estimate: the trace of its covariance.
pub const TOTAL_VARIANCE: Metric = Metric::lower("total-variance", "total variance")
    .with_note("of one estimate of the gradient")
    .as_ratio();

/// Squared distance of the mean estimate from the exact gradient, without the sampling floor.
pub const SQUARED_BIAS: Metric = Metric::lower("squared-bias", "squared bias");

/// Squared bias relative to the squared norm of the exact gradient.
pub const RELATIVE_SQUARED_BIAS: Metric =
    Metric::lower("relative-squared-bias", "relative squared bias");

/// Mean squared distance of one estimate from the exact gradient.
pub const MEAN_SQUARED_ERROR: Metric = Metric::lower("mean-squared-error", "mean squared error")
    .with_note("mean squared distance of one estimate from the exact gradient")
    .as_ratio();

/// Cosine of the angle between the mean estimate and the exact gradient.
pub const COSINE: Metric = Metric::higher("cosine", "cosine").bounded_by(-1.0);

/// Euclidean norm of the exact gradient.
pub const EXACT_NORM: Metric = Metric::neutral("exact-norm", "norm of the exact gradient");

/// Estimates drawn by a run.
pub const DRAWS: Metric = Metric::neutral("draws", "draws");

/// What is measured of gradients along training.
pub const ALONG_TRAINING: [Metric; 6] =
    [TOTAL_VARIANCE, SQUARED_BIAS, RELATIVE_SQUARED_BIAS, MEAN_SQUARED_ERROR, COSINE, EXACT_NORM];

impl Measure {
    /// A metric of gradients.
    pub const fn of_gradient(metric: Metric) -> Self {
        Self { metric, of_gradient: true }
    }

    /// A metric of the network.
    pub const fn of_network(metric: Metric) -> Self {
        Self { metric, of_gradient: false }
    }
}
