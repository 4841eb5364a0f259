//! The runs of an experiment. A run is everything that decides its numbers, and nothing else.

use crate::experiment::{Cell, Experiment, GradientPlan, Protocol};
use anyhow::Result;
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
    common: Arc<Value>,
}

impl Run {
    /// The canonical form: everything that decides the numbers.
    pub fn canonical(&self) -> Value {
        canonical(&self.common, self.seed)
    }
}

fn canonical(common: &Value, seed: u64) -> Value {
    let mut canonical = common.clone();
    canonical["seed"] = json!(seed);
    canonical
}

impl Experiment {
    /// All runs, cell by cell and seed by seed.
    ///
    /// # Errors
    /// If a parameter cannot be written as JSON.
    pub fn runs(&self) -> Result<Vec<Run>> {
        let mut runs = vec![];
        for (index, cell) in self.cells.iter().enumerate() {
            let common = Arc::new(self.common(cell)?);
            for seed in 0..self.seeds {
                // serde_json keeps keys in order, so equal runs are equal bytes.
                let hash = blake3::hash(canonical(&common, seed).to_string().as_bytes());
                let id = hash.to_hex()[..16].to_owned();
                runs.push(Run { cell: index, seed, id, common: Arc::clone(&common) });
            }
        }
        Ok(runs)
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
