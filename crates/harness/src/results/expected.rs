//! Measured metrics compared with expected values.

use super::cell::CellSummary;
use super::summary::Summary;
use crate::experiment::Measure;
use statistics::Estimate;
use std::collections::BTreeMap;

/// A measured metric of a cell beside its expected value.
pub struct Deviation<'a> {
    /// The cell.
    pub cell: &'a CellSummary<'a>,
    /// The metric.
    pub measure: Measure,
    /// The step, where it is not that at the end.
    pub step: Option<u64>,
    /// The expected value.
    pub expected: f64,
    /// How far the measured one may be from it, if it is judged.
    pub tolerance: Option<f64>,
    /// The measured one.
    pub measured: Estimate,
}

impl Deviation<'_> {
    /// (measured − expected) / expected; nothing where 0 is expected.
    pub fn relative(&self) -> Option<f64> {
        (self.expected != 0.0).then(|| self.measured.value / self.expected - 1.0)
    }

    /// Whether the measured value is within the tolerance; nothing where none is given.
    pub fn is_met(&self) -> Option<bool> {
        let distance = (self.measured.value - self.expected).abs();
        self.tolerance.map(|tolerance| distance <= tolerance)
    }

    /// `met`, `missed`, or nothing.
    pub fn verdict(&self) -> &'static str {
        match self.is_met() {
            Some(true) => "met",
            Some(false) => "missed",
            None => "",
        }
    }
}

/// Whether any of them is of a step, and not of the end.
pub fn have_steps(deviations: &[Deviation<'_>]) -> bool {
    deviations.iter().any(|deviation| deviation.step.is_some())
}

/// Whether any two are of the same estimator and task, and of settings that differ in what was tuned.
pub fn have_settings(deviations: &[Deviation<'_>]) -> bool {
    let mut settings = BTreeMap::new();
    deviations.iter().any(|Deviation { cell, .. }| {
        let place = (cell.task.as_str(), cell.estimator.as_str());
        *settings.entry(place).or_insert(&cell.tuning) != &cell.tuning
    })
}

/// Whether any of them is judged.
pub fn are_judged(deviations: &[Deviation<'_>]) -> bool {
    deviations.iter().any(|deviation| deviation.tolerance.is_some())
}

impl<'a> Summary<'a> {
    /// Every expected value that was measured.
    pub fn deviations(&'a self) -> Vec<Deviation<'a>> {
        let deviation = |known: &crate::experiment::ExpectedValue| {
            let cell = &self.cells[known.cell];
            let measure = cell.measure(&known.metric)?;
            let measured = match known.step {
                None => cell.rounded_estimate(&measure)?,
                Some(step) => cell.rounded_estimate_at(&measure, step)?,
            };
            let (step, expected, tolerance) = (known.step, known.value, known.tolerance);
            Some(Deviation { cell, measure, step, expected, tolerance, measured })
        };
        self.experiment.expected.iter().filter_map(deviation).collect()
    }
}
