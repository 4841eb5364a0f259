//! What rounding leaves of nothing is nothing.

use super::cell::CellSummary;
use super::measure::Metric;
use statistics::Estimate;

impl CellSummary<'_> {
    /// As [`CellSummary::estimate`], without what rounding leaves of nothing.
    pub fn unrounded(&self, metric: &Metric) -> Option<Estimate> {
        self.estimate(metric).map(|estimate| self.without_rounding(metric, estimate))
    }

    /// An estimate of a metric of this cell, where squares that rounding leaves of nothing are 0.
    pub fn without_rounding(&self, metric: &Metric, estimate: Estimate) -> Estimate {
        const ROUNDING: f64 = 1e-20;
        if !["total-variance", "mean-squared-error"].contains(&metric.name.as_str()) {
            return estimate;
        }
        let norm = self.estimate(&Metric::named("exact-norm")).map_or(0.0, |norm| norm.value);
        let is_rounding = estimate.high.abs() <= ROUNDING * norm * norm;
        if is_rounding { Estimate { value: 0.0, low: 0.0, high: 0.0 } } else { estimate }
    }
}

/// The root of a relative squared bias, from which the sampling floor is off: so it may be negative,
/// and is 0 then. What single precision rounds away is 0 too.
pub fn relative_bias(squared: Estimate) -> Estimate {
    const ROUNDING: f64 = 1e-5;
    let root = |x: f64| {
        let root = x.max(0.0).sqrt();
        if root < ROUNDING { 0.0 } else { root }
    };
    Estimate { value: root(squared.value), low: root(squared.low), high: root(squared.high) }
}
