//! Records of runs: one line of JSON each, appended and synced, never rewritten.

mod folder;
mod known;
pub(crate) mod line;
mod lock;
mod store;
mod writer;

pub use folder::{check_folder, outcomes_in, stored, stored_outcomes};
pub use known::known_data;
pub use lock::{Holder, Lock, holder_of, lock};
pub use store::{Damaged, Records, each_line, each_outcome, files, is_compressed};
pub use writer::Writer;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The version of records that this program writes and reads.
pub const FORMAT: u32 = 1;

/// The record of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Record {
    /// [`FORMAT`].
    pub format: u32,
    /// The run's id.
    pub id: String,
    /// The run's canonical form.
    pub run: Value,
    /// How it ended.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// Metrics of the network, on rows that are not trained on.
    pub curves: Curves,
    /// Metrics of gradient estimates.
    #[serde(default, skip_serializing_if = "Curves::is_empty")]
    pub gradient: Curves,
    /// Values to compare metrics with.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub references: BTreeMap<String, f64>,
    /// Pictures of what the network has learned: those of the first seed only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub artifacts: Vec<Picture>,
    /// What it took on this machine; not part of the result.
    pub timing: Timing,
    /// Which revision of the program did it, on which processor; not part of the result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Arc<str>>,
}

/// A picture of what a network has learned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Picture {
    /// Its name.
    pub name: String,
    /// What it shows.
    pub caption: String,
    /// The bytes of a PNG file, in base 64.
    pub png: String,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "kebab-case")]
pub enum Outcome {
    /// It took all its steps.
    Done,
    /// A loss or a parameter was no longer finite.
    Diverged {
        /// The step that met it.
        step: u64,
    },
    /// The estimator does not support the task.
    Refused {
        /// Why.
        why: String,
    },
    /// It stopped with an error or a panic.
    Failed {
        /// Why.
        why: String,
    },
    /// It reached its time limit.
    TimedOut {
        /// Steps that it had taken.
        step: u64,
    },
}

impl Outcome {
    /// Its name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Diverged { .. } => "diverged",
            Self::Refused { .. } => "refused",
            Self::Failed { .. } => "failed",
            Self::TimedOut { .. } => "timed-out",
        }
    }

    /// The names of all.
    pub const NAMES: [&str; 5] = ["done", "diverged", "refused", "failed", "timed-out"];
}

/// Numbers over the steps of a run. A number that is not finite is absent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Curves {
    /// The steps.
    pub steps: Vec<u64>,
    /// A number for each step, for each metric.
    pub metrics: BTreeMap<String, Vec<Option<f64>>>,
}

impl Curves {
    /// Whether there are no steps.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Adds the metrics of a step. Every step has the same ones.
    pub fn push(&mut self, step: u64, metrics: impl IntoIterator<Item = (&'static str, f64)>) {
        self.steps.push(step);
        for (name, value) in metrics {
            let value = Some(value).filter(|value| value.is_finite());
            match self.metrics.get_mut(name) {
                Some(curve) => curve.push(value),
                None => {
                    self.metrics.insert(name.to_owned(), vec![value]);
                }
            }
        }
    }

    /// The number of a metric at a step.
    pub fn at(&self, metric: &str, step: u64) -> Option<f64> {
        let index = self.steps.binary_search(&step).ok()?;
        *self.metrics.get(metric)?.get(index)?
    }
}

/// The time that a run took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Timing {
    /// Seconds in total.
    pub seconds: f64,
    /// Seconds in training steps.
    pub step_seconds: f64,
    /// Steps taken.
    pub steps: u64,
}

impl Record {
    /// The record of a run that ended so, without numbers.
    pub fn new(id: impl Into<String>, run: Value, outcome: Outcome) -> Self {
        Self {
            format: FORMAT,
            id: id.into(),
            run,
            outcome,
            curves: Curves::default(),
            gradient: Curves::default(),
            references: BTreeMap::new(),
            artifacts: vec![],
            timing: Timing::default(),
            origin: None,
        }
    }

    /// The record without its timing and origin: what must be the same wherever the run is done.
    pub fn result(&self) -> Self {
        Self { timing: Timing::default(), origin: None, ..self.clone() }
    }

    /// Whether both are of one run that ended in the same way, but with other numbers.
    pub fn contradicts(&self, other: &Self) -> bool {
        let result = |record: &Self| Self { run: Value::Null, ..record.result() };
        self.id == other.id && self.outcome == other.outcome && result(self) != result(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_survives_its_line() {
        let mut curves = Curves::default();
        curves.push(0, [("validation-loss", 0.1 + 0.2), ("entropy", f64::NAN)]);
        let (run, outcome) = (serde_json::json!({ "seed": 1 }), Outcome::Diverged { step: 7 });
        let record = Record { curves, ..Record::new("0", run, outcome) };
        let line = serde_json::to_string(&record).unwrap();
        assert!(line.contains(r#""status":"diverged","step":7"#), "{line}");
        assert!(!line.contains("references") && !line.contains("artifacts"), "{line}");
        assert!(line.contains("0.30000000000000004") && line.contains("[null]"), "{line}");
        assert_eq!(serde_json::from_str::<Record>(&line).unwrap(), record);
        assert_eq!(record.curves.at("validation-loss", 0), Some(0.1 + 0.2));
        assert_eq!(record.curves.at("validation-loss", 1), None);
    }

    #[test]
    fn every_number_comes_back_as_it_was() {
        for i in 1..5000 {
            let x = f64::from(i).sqrt() / 7.0;
            let text = serde_json::to_string(&x).unwrap();
            assert_eq!(serde_json::from_str::<f64>(&text).unwrap(), x);
        }
    }
}
