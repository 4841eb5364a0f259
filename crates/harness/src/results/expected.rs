//! Metrics beside what they are known to be.

use super::cell::CellSummary;
use super::measure::Metric;
use super::summary::Summary;
use statistics::Estimate;

/// A metric of a cell, measured and known.
pub struct Held<'a> {
    /// The cell.
    pub cell: &'a CellSummary<'a>,
    /// Name of the metric.
    pub metric: &'a str,
    /// What it is known to be.
    pub expected: f64,
    /// What was measured.
    pub measured: Estimate,
}

impl Held<'_> {
    /// (measured − expected) / expected; nothing where 0 is expected.
    pub fn deviation(&self) -> Option<f64> {
        (self.expected != 0.0).then(|| self.measured.value / self.expected - 1.0)
    }
}

impl<'a> Summary<'a> {
    /// Every expected value of which there is a measurement.
    pub fn held(&'a self) -> Vec<Held<'a>> {
        let held = self.experiment.expected.iter().filter_map(|known| {
            let cell = &self.cells[known.cell];
            let measured = cell.unrounded(&Metric::named(&known.metric))?;
            Some(Held { cell, metric: &known.metric, expected: known.value, measured })
        });
        held.collect()
    }
}
