//! What the command line changes of an experiment.

use crate::shell;
use anyhow::{Result, anyhow};
use model::data::Known;
use std::path::PathBuf;
use toml::{Table, Value};

/// What the command line changes of an experiment.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// Runs of each cell.
    pub seeds: Option<u64>,
    /// Kinds of estimators to keep; all of them if empty.
    pub estimators: Vec<String>,
    /// Assignments of the form `key.path=value`.
    pub set: Vec<String>,
    /// The folder of data sets, which changes nothing else of the experiment.
    pub data: Option<PathBuf>,
    /// What stored runs know of data files that are no longer there; it changes nothing else, either.
    pub known: Vec<Known>,
}

impl Overrides {
    /// The options of the command line that say the same.
    pub fn arguments(&self) -> Vec<String> {
        let seeds = self.seeds.map(|seeds| format!("--seeds {seeds}"));
        let estimators = self.estimators.iter().map(|kind| format!("--estimator {kind}"));
        let quoted = |assignment: &String| format!("--set {}", shell::word(assignment));
        seeds.into_iter().chain(estimators).chain(self.set.iter().map(quoted)).collect()
    }

    /// Whether nothing is changed.
    pub fn is_empty(&self) -> bool {
        self.arguments().is_empty()
    }
}

/// Sets a value, in every table of a list of tables.
pub(super) fn assign(table: &mut Table, assignment: &str) -> Result<()> {
    let (key, value) = assignment
        .split_once('=')
        .ok_or_else(|| anyhow!("--set {assignment}: expected key.path=value"))?;
    let value = toml::from_str::<Table>(&format!("value = {value}"))
        .ok()
        .and_then(|mut table| table.remove("value"))
        .unwrap_or_else(|| Value::String(value.to_owned()));
    fn put(table: &mut Table, path: &[&str], value: &Value) -> Result<(), String> {
        let (first, rest) = path.split_first().ok_or("an empty key")?;
        if first.is_empty() {
            return Err("a part of the key is empty".to_owned());
        }
        if rest.is_empty() {
            table.insert((*first).to_owned(), value.clone());
            // A swept parameter that is set is no longer swept.
            if let Some(Value::Table(sweep)) = table.get_mut("sweep") {
                sweep.remove(*first);
            }
            return Ok(());
        }
        let inner = table.entry(*first).or_insert_with(|| Value::Table(Table::new()));
        match inner {
            Value::Table(inner) => put(inner, rest, value),
            Value::Array(all) => all.iter_mut().try_for_each(|one| match one {
                Value::Table(inner) => put(inner, rest, value),
                _ => Err(format!("`{first}` is not a table")),
            }),
            _ => Err(format!("`{first}` is not a table")),
        }
    }
    let path: Vec<&str> = key.trim().split('.').collect();
    put(table, &path, &value).map_err(|why| anyhow!("--set {assignment}: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(assignment: &str) -> Result<String> {
        let text =
            "steps = 1\n[task]\nsweep.k = [1, 2]\n[[estimator]]\na = 1\n[[estimator]]\na = 2";
        let mut table: Table = toml::from_str(text)?;
        assign(&mut table, assignment)?;
        Ok(table.to_string())
    }

    #[test]
    fn a_value_is_set_in_every_table() {
        assert!(set("steps=7").unwrap().contains("steps = 7"));
        assert_eq!(set("estimator.a=7").unwrap().matches("a = 7").count(), 2);
        let task = set("task.k=7").unwrap();
        assert!(task.contains("k = 7") && !task.contains("[1, 2]"), "{task}");
        assert!(set("task.word=some words").unwrap().contains("\"some words\""));
    }

    #[test]
    fn an_invalid_path_is_rejected() {
        for assignment in ["steps", "steps.x=1", "=1", "task..k=1", "task.=1"] {
            let error = set(assignment).unwrap_err().to_string();
            assert!(error.contains(assignment), "{error}");
        }
    }
}
