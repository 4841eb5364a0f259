//! Round-off residue counts as zero.

use super::cell::CellSummary;
use crate::experiment::Measure;
use crate::experiment::metrics::EXACT_NORM;
use statistics::{Estimate, Interval};

impl CellSummary<'_> {
    /// As [`CellSummary::estimate`], with round-off residue counted as zero.
    pub fn rounded_estimate(&self, measure: &Measure) -> Option<Estimate> {
        self.estimate(measure).map(|estimate| self.without_residue(measure, estimate))
    }

    /// As [`CellSummary::estimate_at`], with round-off residue counted as zero.
    pub fn rounded_estimate_at(&self, measure: &Measure, step: u64) -> Option<Estimate> {
        let estimate = self.estimate_at(measure, step);
        estimate.map(|estimate| self.without_residue(measure, estimate))
    }

    /// As [`CellSummary::curve`], with round-off residue counted as zero.
    pub fn rounded_curve(&self, measure: &Measure) -> Vec<(u64, Estimate)> {
        let curve = self.curve(measure).iter();
        curve.map(|&(step, estimate)| (step, self.without_residue(measure, estimate))).collect()
    }

    /// An estimate of a metric of this cell. Squares of gradients that are round-off residue, relative
    /// to the exact gradient, are 0.
    pub fn without_residue(&self, measure: &Measure, estimate: Estimate) -> Estimate {
        const RESIDUE: f64 = 1e-20;
        if !(measure.of_gradient && measure.is_ratio) {
            return estimate;
        }
        let norm = self.estimate(&Measure::of_gradient(EXACT_NORM)).map_or(0.0, |norm| norm.value);
        let upper = estimate.interval.map_or(estimate.value, |interval| interval.high);
        if upper.abs() > RESIDUE * norm * norm {
            return estimate;
        }
        let zero = Interval { low: 0.0, high: 0.0 };
        Estimate { value: 0.0, interval: estimate.interval.map(|_| zero) }
    }
}
