//! A run: everything that decides its numbers, and nothing else.

use crate::Registries;
use crate::experiment::{Cell, Choice, Experiment, GradientPlan, Protocol};
use anyhow::Result;
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
    /// The canonical form: what decides the numbers.
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
    /// If a parameter cannot be written down.
    pub fn runs(&self, registries: &Registries) -> Result<Vec<Run>> {
        let mut runs = vec![];
        for (index, cell) in self.cells.iter().enumerate() {
            let common = Arc::new(self.common(cell, registries)?);
            for seed in 0..self.seeds {
                // serde_json keeps keys in order, so equal runs are equal bytes.
                let hash = blake3::hash(canonical(&common, seed).to_string().as_bytes());
                let id = hash.to_hex()[..16].to_owned();
                runs.push(Run { cell: index, seed, id, common: Arc::clone(&common) });
            }
        }
        Ok(runs)
    }

    fn common(&self, cell: &Cell, registries: &Registries) -> Result<Value> {
        let loaded = &self.tasks[cell.task];
        let choice = |choice: &Choice, version: u32| -> Result<Value> {
            let parameters = serde_json::to_value(&choice.parameters)?;
            Ok(json!({ "kind": choice.kind, "version": version, "parameters": parameters }))
        };
        let task_version = registries.tasks.get(&loaded.choice.kind)?.version;
        let version = registries.estimators.get(&cell.estimator.kind)?.version;
        let mut common = json!({
            "task": choice(&loaded.choice, task_version)?,
            "data": loaded.task.data_digest(),
            "estimator": choice(&cell.estimator, version)?,
            "noise": NOISE_VERSION,
            "batch": self.batch,
        });
        match &self.protocol {
            Protocol::Training => {
                let plan = |plan: GradientPlan| json!({ "every": plan.every, "draws": plan.draws });
                common["optimizer"] = choice(&cell.optimizer, 1)?;
                common["steps"] = json!(self.steps);
                common["evaluate-every"] = json!(self.evaluate_every);
                common["gradient"] = json!(self.gradient.map(plan));
            }
            Protocol::Gradient(plan) => {
                common["protocol"] = json!({ "draws": plan.draws_of(cell, &self.tasks) });
            }
        }
        Ok(common)
    }
}
