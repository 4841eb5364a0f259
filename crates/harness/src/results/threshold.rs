//! How long estimators take to reach a level of the ranking metric.

use super::cell::{CellSummary, resamples};
use super::metric::lower_is_better;
use super::summary::Summary;
use crate::experiment::{Measure, ThresholdSpec};
use crate::record::{Outcome, Record};
use statistics::Estimate;

impl Summary<'_> {
    /// The steps after which the ranking metric of a cell's runs is first at the experiment's threshold
    /// or better, of those at which it was measured; infinite for a run that does not get there. Nothing
    /// without a threshold, or where no run has the reference.
    pub fn steps_to_threshold(&self, cell: &CellSummary<'_>) -> Option<Estimate> {
        let threshold = self.experiment.threshold.as_ref()?;
        let measure = self.ranking_measure(cell.cell.task_index);
        if cell.refusal().is_some() {
            return None;
        }
        let steps = cell.records().into_iter().map(|record| steps(record, &measure, threshold));
        let steps: Vec<f64> = steps.collect::<Option<_>>()?;
        resamples(steps.len()).estimate(&steps)
    }
}

fn steps(record: &Record, measure: &Measure, threshold: &ThresholdSpec) -> Option<f64> {
    if matches!(record.outcome, Outcome::Failed { .. }) {
        return Some(f64::INFINITY);
    }
    let level = threshold.share * record.references.get(&threshold.reference)?;
    let curves = measure.curves(record);
    let values = curves.metrics.get(measure.name)?;
    let is_there = |value: f64| lower_is_better(measure, value) <= lower_is_better(measure, level);
    let reached = curves.steps.iter().zip(values).find(|(_, value)| value.is_some_and(is_there));
    Some(reached.map_or(f64::INFINITY, |(&step, _)| step as f64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Metric;

    /// Losses 3, 2, 1 and 2 at steps 0, 5, 10 and 15; the reference is 4.
    fn record(outcome: Outcome) -> Record {
        let mut record = Record::new("", serde_json::Value::Null, outcome);
        record.references = [("mean".to_owned(), 4.0)].into();
        for (step, loss) in [(0, 3.0), (5, 2.0), (10, 1.0), (15, 2.0)] {
            record.curves.push(step, [("m", loss)]);
        }
        record
    }

    #[test]
    fn the_first_step_at_the_level_counts() {
        let loss = Measure::of_network(Metric::lower("m", "m"));
        let after = |share: f64, outcome: Outcome| {
            let threshold = ThresholdSpec { reference: "mean".to_owned(), share };
            steps(&record(outcome), &loss, &threshold)
        };
        let why = String::new;
        for (share, expected) in [(1.0, 0.0), (0.5, 5.0), (0.49, 10.0), (0.24, f64::INFINITY)] {
            assert_eq!(after(share, Outcome::Done), Some(expected), "{share}");
        }
        assert_eq!(after(0.5, Outcome::Failed { why: why() }), Some(f64::INFINITY));
        // It was there before it diverged.
        assert_eq!(after(0.5, Outcome::Diverged { step: 15 }), Some(5.0));
        let other = ThresholdSpec { reference: "other".to_owned(), share: 1.0 };
        assert_eq!(steps(&record(Outcome::Done), &loss, &other), None);
    }
}
