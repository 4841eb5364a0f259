//! The runs of an experiment. A run is everything that decides its numbers, and nothing else.

use crate::experiment::{Cell, Experiment, GradientPlan, Protocol};
use anyhow::Result;
use rayon::prelude::*;
use registry::Variant;
use serde_json::{Value, json};
use std::sync::Arc;

/// Raised when streams of noise come to hold other numbers.
pub const NOISE_VERSION: u32 = 1;

/// One seed of a cell.
#[derive(Clone, Debug)]
pub struct Run {
    /// Index of its cell among the experiment's.
    pub cell: usize,
    /// Its seed.
    pub seed: u64,
    /// Hash of the canonical form.
    pub id: String,
    /// What the runs of its cell have in common.
    common: Arc<Common>,
}

/// The canonical form of the runs of a cell, as text before and after the seed: a value in memory would take
/// ten times as much, and there can be very many cells.
#[derive(Debug)]
struct Common {
    before: String,
    after: String,
}

impl Common {
    fn of(mut common: Value) -> Self {
        common["seed"] = json!(SEED);
        // serde_json keeps keys in order, so equal runs are equal bytes.
        let text = common.to_string();
        let [key, seed] = ["\"seed\":".to_owned(), SEED.to_string()];
        let (before, after) = text.split_once(&(key.clone() + &seed)).unwrap_or((&text, ""));
        Self { before: before.to_owned() + &key, after: after.to_owned() }
    }

    fn canonical(&self, seed: u64) -> String {
        format!("{}{seed}{}", self.before, self.after)
    }
}

/// Stands for the seed. No parameter has this value: numbers of experiment files are signed.
const SEED: u64 = u64::MAX;

impl Run {
    /// The canonical form: everything that decides the numbers.
    pub fn canonical(&self) -> Value {
        serde_json::from_str(&self.common.canonical(self.seed)).unwrap_or_default()
    }
}

impl Experiment {
    /// All runs, cell by cell and seed by seed.
    ///
    /// # Errors
    /// If a parameter cannot be written as JSON.
    pub fn runs(&self) -> Result<Vec<Run>> {
        let of_cell = |(index, cell): (usize, &Cell)| -> Result<Vec<Run>> {
            let common = Arc::new(Common::of(self.common(cell)?));
            let run = |seed: u64| {
                let hash = blake3::hash(common.canonical(seed).as_bytes());
                let id = hash.to_hex()[..16].to_owned();
                Run { cell: index, seed, id, common: Arc::clone(&common) }
            };
            Ok((0..self.seeds).map(run).collect())
        };
        let runs: Vec<Vec<Run>> =
            self.cells.par_iter().enumerate().map(of_cell).collect::<Result<_>>()?;
        Ok(runs.into_iter().flatten().collect())
    }

    /// A digest of everything that decides a number of the report: the runs, with the versions of what they
    /// use, and how the best of several settings is chosen. Question and reading are no part of it.
    ///
    /// # Errors
    /// If a parameter cannot be written as JSON.
    pub fn settings(&self) -> Result<String> {
        Ok(self.settings_of(&self.runs()?))
    }

    /// [`Experiment::settings`], given all runs.
    pub fn settings_of(&self, runs: &[Run]) -> String {
        let mut hash = blake3::Hasher::new();
        for run in runs {
            hash.update(run.id.as_bytes());
        }
        let threshold = self.threshold.as_ref().map(|level| (&level.reference, level.share));
        hash.update(json!([self.tuned, self.budget, threshold]).to_string().as_bytes());
        hash.finalize().to_hex()[..16].to_owned()
    }

    fn common(&self, cell: &Cell) -> Result<Value> {
        let mut common = json!({
            "task": canonical_variant(&cell.task)?,
            "data": cell.task.built.data_digest(),
            "estimator": canonical_variant(&cell.estimator)?,
            "noise": NOISE_VERSION,
            "batch": self.batch,
        });
        match &self.protocol {
            Protocol::Training => {
                let plan = |plan: GradientPlan| json!({ "every": plan.every, "draws": plan.draws });
                let optimizer = cell.optimizer.as_deref().map(canonical_variant).transpose()?;
                common["optimizer"] = json!(optimizer);
                common["steps"] = json!(self.steps);
                common["evaluate-every"] = json!(self.evaluate_every);
                common["gradient"] = json!(self.gradient.map(plan));
            }
            Protocol::Gradient(plan) => {
                common["protocol"] = json!({ "draws": plan.draws_of(cell) });
            }
        }
        Ok(common)
    }
}

fn canonical_variant<T>(variant: &Variant<T>) -> Result<Value> {
    let Variant { kind, version, .. } = variant;
    let parameters = serde_json::to_value(&variant.parameters)?;
    Ok(json!({ "kind": kind, "version": version, "parameters": parameters }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_canonical_form_has_its_keys_in_order() {
        let common = json!({ "task": { "seed": 1 }, "batch": 8, "estimator": { "seed": 2 } });
        let canonical = Common::of(common.clone()).canonical(7);
        let mut expected = common;
        expected["seed"] = json!(7);
        assert_eq!(canonical, expected.to_string());
    }
}
