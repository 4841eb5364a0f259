//! What measurements are compared with.

use super::Measure;

/// The known value of a metric of a cell.
#[derive(Clone, Debug, PartialEq)]
pub struct ExpectedValue {
    /// Index of the cell.
    pub cell: usize,
    /// Name of the metric.
    pub metric: String,
    /// The step at which it is known; nothing for the end of a run.
    pub step: Option<u64>,
    /// The value.
    pub value: f64,
    /// How far a measured value may be from it; nothing if it is only shown beside it.
    pub tolerance: Option<f64>,
}

impl ExpectedValue {
    /// Whether this is a known value of a metric of a cell.
    pub fn is_of(&self, cell: usize, measure: &Measure) -> bool {
        self.cell == cell && self.metric == measure.name
    }
}
