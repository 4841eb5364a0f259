//! The number of a run for a metric.

use crate::experiment::Measure;
use crate::record::{Curves, Outcome, Record};

impl Measure {
    /// Where a record holds its numbers.
    pub fn curves<'a>(&self, record: &'a Record) -> &'a Curves {
        if self.of_gradient { &record.gradient } else { &record.curves }
    }

    /// The number of a run at a step. A run that has none there, because it diverged or failed, counts
    /// as the worst possible value, so that it is never dropped.
    pub fn at(&self, record: &Record, step: u64) -> Option<f64> {
        let is_over = match record.outcome {
            Outcome::Done => false,
            Outcome::Diverged { step: last } | Outcome::TimedOut { step: last } => step >= last,
            Outcome::Failed { .. } | Outcome::Refused { .. } => true,
        };
        let value = self.curves(record).at(self.name, step);
        value.filter(|_| !is_over).or(self.failed)
    }
}

/// The numbers of runs at a step: one per run, but for failed runs where those do not count.
pub fn sample(records: &[&Record], measure: &Measure, step: u64) -> Vec<f64> {
    records.iter().filter_map(|record| measure.at(record, step)).collect()
}
