//! Measured metrics compared with expected values.

use super::cell::CellSummary;
use super::summary::Summary;
use crate::experiment::Measure;
use statistics::Estimate;

/// A measured metric of a cell beside its expected value.
pub struct Deviation<'a> {
    /// The cell.
    pub cell: &'a CellSummary<'a>,
    /// The metric.
    pub measure: Measure,
    /// The expected value.
    pub expected: f64,
    /// The measured one.
    pub measured: Estimate,
}

impl Deviation<'_> {
    /// (measured − expected) / expected; nothing where 0 is expected.
    pub fn relative(&self) -> Option<f64> {
        (self.expected != 0.0).then(|| self.measured.value / self.expected - 1.0)
    }
}

impl<'a> Summary<'a> {
    /// Every expected value that was measured.
    pub fn deviations(&'a self) -> Vec<Deviation<'a>> {
        let deviation = |known: &crate::experiment::ExpectedValue| {
            let cell = &self.cells[known.cell];
            let measure = cell.measure(&known.metric)?;
            let measured = cell.rounded_estimate(&measure)?;
            Some(Deviation { cell, measure, expected: known.value, measured })
        };
        self.experiment.expected.iter().filter_map(deviation).collect()
    }
}
