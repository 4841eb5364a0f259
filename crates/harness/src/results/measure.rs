//! Metrics, and what a run that missed its end counts for in each.

use crate::execute::QUALITIES;
use crate::experiment::{Experiment, Protocol};
use crate::record::{Curves, Outcome, Record};

/// A number that runs are compared by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Metric {
    /// Its name, as in records.
    pub name: String,
    /// Whether it tells of gradients rather than of the network.
    pub gradient: bool,
}

impl Experiment {
    /// The metric that ranks: the loss when deployed with the hard argmax, or where no step is taken
    /// the mean squared error of an estimate.
    pub fn headline(&self) -> Metric {
        Metric::named(match &self.protocol {
            Protocol::Training => "validation-loss",
            Protocol::Gradient(_) => "mean-squared-error",
        })
    }
}

impl Metric {
    /// The metric of that name.
    pub fn named(name: &str) -> Self {
        Self { name: name.to_owned(), gradient: QUALITIES.contains(&name) }
    }

    /// Its name for people.
    pub fn words(&self) -> String {
        self.name.replace('-', " ")
    }

    fn curves<'a>(&self, record: &'a Record) -> &'a Curves {
        if self.gradient { &record.gradient } else { &record.curves }
    }

    /// What a run counts for that has no number here: the worst there is, so that a run that
    /// diverged is never dropped. Nothing where no value is better than another.
    fn miss(&self) -> Option<f64> {
        match self.name.as_str() {
            "entropy" | "probability" | "exact-norm" | "draws" => None,
            "regime-accuracy" | "accuracy" => Some(0.0),
            "cosine" => Some(-1.0),
            _ => Some(f64::INFINITY),
        }
    }

    /// The number of a run at a step.
    pub fn at(&self, record: &Record, step: u64) -> Option<f64> {
        // After the step at which it broke off, a run has no numbers.
        let over = match record.outcome {
            Outcome::Done => false,
            Outcome::Diverged { step: last } | Outcome::TimedOut { step: last } => step >= last,
            Outcome::Failed { .. } | Outcome::Refused { .. } => true,
        };
        let value = self.curves(record).at(&self.name, step);
        if over || value.is_none() { value.filter(|_| !over).or(self.miss()) } else { value }
    }
}

/// The numbers of runs at a step: one a run, but for those that count for nothing.
pub fn sample(records: &[&Record], metric: &Metric, step: u64) -> Vec<f64> {
    records.iter().filter_map(|record| metric.at(record, step)).collect()
}
