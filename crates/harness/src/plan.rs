//! The runs of an experiment. A run is everything that decides its numbers, and nothing else.

use crate::experiment::{Cell, Experiment, GradientPlan, Protocol};
use anyhow::Result;
use rayon::prelude::*;
use registry::Variant;
use serde_json::{Value, json};
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
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
    before: Box<str>,
    after: Box<str>,
}

/// Fields of the canonical form with their values as JSON. They are in order, so equal runs are equal bytes.
type Fields = BTreeMap<&'static str, Arc<str>>;

impl Common {
    fn of(fields: &Fields) -> Self {
        let text = |(key, value): (&&str, &Arc<str>)| format!("\"{key}\":{value}");
        let before: String = fields.range(.."seed").map(|field| text(field) + ",").collect();
        let after: String =
            fields.range("seed"..).map(|field| ",".to_owned() + &text(field)).collect();
        Self { before: format!("{{{before}\"seed\":").into(), after: (after + "}").into() }
    }

    fn canonical(&self, seed: u64) -> String {
        format!("{}{seed}{}", self.before, self.after)
    }
}

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
        let parts = Parts::of(&self.cells)?;
        let of_cell = |(index, cell): (usize, &Cell)| -> Vec<Run> {
            let common = Arc::new(Common::of(&self.common(cell, &parts)));
            let run = |seed: u64| {
                let hash = blake3::hash(common.canonical(seed).as_bytes());
                let id = hash.to_hex()[..16].to_owned();
                Run { cell: index, seed, id, common: Arc::clone(&common) }
            };
            (0..self.seeds).map(run).collect()
        };
        let runs: Vec<Vec<Run>> = self.cells.par_iter().enumerate().map(of_cell).collect();
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

    fn common(&self, cell: &Cell, parts: &Parts) -> Fields {
        let text = |value: Value| Arc::from(value.to_string());
        let mut common = Fields::from([
            ("task", parts.text(&cell.task)),
            ("data", text(json!(cell.task.built.data_digest()))),
            ("estimator", parts.text(&cell.estimator)),
            ("noise", text(json!(NOISE_VERSION))),
            ("batch", text(json!(self.batch))),
        ]);
        match &self.protocol {
            Protocol::Training => {
                let plan = |plan: GradientPlan| json!({ "every": plan.every, "draws": plan.draws });
                let none = || text(Value::Null);
                let optimizer = cell.optimizer.as_ref().map_or_else(none, |part| parts.text(part));
                common.insert("optimizer", optimizer);
                common.insert("steps", text(json!(self.steps)));
                common.insert("evaluate-every", text(json!(self.evaluate_every)));
                common.insert("gradient", text(json!(self.gradient.map(plan))));
            }
            Protocol::Gradient(plan) => {
                let draws = plan.draws_of(cell);
                common.insert("protocol", text(json!({ "draws": draws })));
            }
        }
        common
    }
}

/// The canonical text of each task, estimator and optimizer, by its address: many cells share one.
struct Parts(HashMap<usize, Arc<str>>);

impl Parts {
    fn of(cells: &[Cell]) -> Result<Self> {
        let mut parts = Self(HashMap::new());
        for cell in cells {
            parts.add(&cell.task)?;
            parts.add(&cell.estimator)?;
            if let Some(optimizer) = &cell.optimizer {
                parts.add(optimizer)?;
            }
        }
        Ok(parts)
    }

    fn add<T>(&mut self, part: &Arc<Variant<T>>) -> Result<()> {
        if let Entry::Vacant(entry) = self.0.entry(address(part)) {
            let Variant { kind, version, .. } = &**part;
            let parameters = serde_json::to_value(&part.parameters)?;
            let text = json!({ "kind": kind, "version": version, "parameters": parameters });
            entry.insert(text.to_string().into());
        }
        Ok(())
    }

    fn text<T>(&self, part: &Arc<Variant<T>>) -> Arc<str> {
        Arc::clone(&self.0[&address(part)])
    }
}

fn address<T>(part: &Arc<Variant<T>>) -> usize {
    Arc::as_ptr(part).addr()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_canonical_form_has_its_keys_in_order() {
        let parts = json!({ "task": { "seed": 1 }, "batch": 8, "estimator": { "seed": 2 } });
        let field = |key| (key, Arc::from(parts[key].to_string()));
        let fields = Fields::from(["task", "batch", "estimator"].map(field));
        let mut expected = parts.clone();
        expected["seed"] = json!(7);
        assert_eq!(Common::of(&fields).canonical(7), expected.to_string());
    }
}
