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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{FORMAT, Timing};
    use model::Metric;
    use std::collections::BTreeMap;

    /// Losses 3, 2 and 1 at steps 0, 5 and 10, and a gradient at step 0.
    fn record(outcome: Outcome) -> Record {
        let mut record = Record {
            format: FORMAT,
            id: String::new(),
            run: serde_json::Value::Null,
            outcome,
            curves: Curves::default(),
            gradient: Curves::default(),
            references: BTreeMap::new(),
            artifacts: vec![],
            timing: Timing::default(),
        };
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
            assert_eq!(sample(&[&record, &record], &loss, 5), [expected[1]; 2]);
            // A number that is neither good nor bad has no worst value.
            let neutral = Measure::of_network(Metric::neutral("m", "m"));
            let finite = Some(expected[1]).filter(|loss| loss.is_finite());
            assert_eq!(neutral.at(&record, 5), finite);
        }
    }

    #[test]
    fn numbers_are_found_where_they_were_measured() {
        let record = record(Outcome::Done);
        assert_eq!(Measure::of_gradient(Metric::lower("m", "m")).at(&record, 0), Some(7.0));
        let bounded = Measure::of_network(Metric::higher("other", "other").bounded_by(-1.0));
        assert_eq!(bounded.at(&record, 0), Some(-1.0), "a missing number is the worst");
    }
}
