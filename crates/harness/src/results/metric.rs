//! The number of a run for a metric.

use crate::experiment::Measure;
use crate::record::{Curves, Outcome, Record};
use model::Better;

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

impl Measure {
    /// The number that a run ends with, where the network of a step is kept. A run that did not get to
    /// its end counts as the worst possible value, however good it was before.
    pub fn kept_at(&self, record: &Record, step: u64) -> Option<f64> {
        if record.outcome == Outcome::Done { self.at(record, step) } else { self.failed }
    }

    /// The step at which a run was best, the first of equals; nothing if it has no number.
    pub fn best_step(&self, record: &Record) -> Option<u64> {
        let curves = self.curves(record);
        let values = curves.metrics.get(self.name)?;
        let mut best: Option<(u64, f64)> = None;
        for (&step, value) in curves.steps.iter().zip(values) {
            let Some(value) = value.map(|value| lower_is_better(self, value)) else { continue };
            if best.is_none_or(|(_, least)| value < least) {
                best = Some((step, value));
            }
        }
        best.map(|(step, _)| step)
    }
}

/// A value of a metric as a number that is better where it is lower.
pub(super) fn lower_is_better(measure: &Measure, value: f64) -> f64 {
    if measure.better == Better::Higher { -value } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Metric;

    /// Losses 3, 2 and 1 at steps 0, 5 and 10, and a gradient at step 0.
    fn record(outcome: Outcome) -> Record {
        let mut record = Record::new("", serde_json::Value::Null, outcome);
        for (step, loss) in [(0, 3.0), (5, 2.0), (10, 1.0)] {
            record.curves.push(step, [("m", loss)]);
        }
        record.gradient.push(0, [("m", 7.0)]);
        record
    }

    #[test]
    fn a_run_that_is_over_counts_as_the_worst() {
        let why = String::new;
        let worst = f64::INFINITY;
        for (outcome, expected) in [
            (Outcome::Done, [3.0, 2.0, 1.0]),
            (Outcome::Diverged { step: 5 }, [3.0, worst, worst]),
            (Outcome::Diverged { step: 6 }, [3.0, 2.0, worst]),
            (Outcome::TimedOut { step: 10 }, [3.0, 2.0, worst]),
            (Outcome::Failed { why: why() }, [worst; 3]),
            (Outcome::Refused { why: why() }, [worst; 3]),
        ] {
            let record = record(outcome);
            let loss = Measure::of_network(Metric::lower("m", "m"));
            let found = [0, 5, 10].map(|step| loss.at(&record, step).unwrap());
            assert_eq!(found, expected, "{:?}", record.outcome);
            let is_done = record.outcome == Outcome::Done;
            assert_eq!(loss.kept_at(&record, 5), Some(if is_done { 2.0 } else { worst }));
            // A number that is neither good nor bad has no worst value.
            let neutral = Measure::of_network(Metric::neutral("m", "m"));
            let finite = Some(expected[1]).filter(|loss| loss.is_finite());
            assert_eq!(neutral.at(&record, 5), finite);
        }
    }

    /// Of 3, 2 and 1 the last is the least and the first the greatest; the first of equals counts.
    #[test]
    fn the_best_step_is_the_first_of_equals() {
        let mut record = record(Outcome::Done);
        let of = |metric| Measure::of_network(metric);
        assert_eq!(of(Metric::lower("m", "m")).best_step(&record), Some(10));
        assert_eq!(of(Metric::higher("m", "m")).best_step(&record), Some(0));
        assert_eq!(of(Metric::lower("other", "")).best_step(&record), None);
        record.curves.push(15, [("m", 1.0)]);
        record.curves.push(20, [("m", f64::NAN)]);
        assert_eq!(of(Metric::lower("m", "m")).best_step(&record), Some(10));
    }

    #[test]
    fn numbers_are_found_where_they_were_measured() {
        let record = record(Outcome::Done);
        assert_eq!(Measure::of_gradient(Metric::lower("m", "m")).at(&record, 0), Some(7.0));
        let bounded = Measure::of_network(Metric::higher("other", "other").bounded_by(-1.0));
        assert_eq!(bounded.at(&record, 0), Some(-1.0), "a missing number is the worst");
    }
}
