//! What is computed once for tables, figures and page.

use super::shown::Reading;
use super::{ranking, tables};
use crate::results::{Across, Budget, Summary};
use anyhow::Result;
use serde_json::Value;

/// What is computed once for tables, figures and page.
pub(super) struct Computed {
    pub(super) across: Vec<Across>,
    /// What each estimator reaches with each number of settings, task by task.
    pub(super) budgets: Vec<Budget>,
    pub(super) reading: Reading,
    /// The content of `summary.json`.
    pub(super) numbers: Value,
    /// The tables that are written, by name.
    pub(super) tables: Vec<(&'static str, Vec<u8>)>,
}

impl Computed {
    pub(super) fn of(summary: &Summary<'_>) -> Result<Self> {
        let across = summary.across_tasks();
        let tasks = summary.tasks().into_iter();
        let budgets: Vec<Budget> = tasks.flat_map(|task| summary.by_budget(task)).collect();
        let deviations = summary.deviations();
        let mut tables =
            vec![("table.csv", tables::finals(summary)?), ("seeds.csv", tables::seeds(summary)?)];
        if summary.experiment.trains() {
            tables.push(("curves.csv", tables::curves(summary)?));
        }
        let mut numbers = ranking::json(summary, &across, &budgets)?;
        let curves = tables.iter().find(|(name, _)| *name == "curves.csv");
        let curves = curves.map(|(_, content)| content.as_slice());
        let reading = Reading::of(summary, &numbers, curves)?;
        if let Reading::Shown(text) = &reading {
            numbers["reading"] = text.as_str().into();
        }
        if !budgets.is_empty() {
            tables.push(("budget.csv", tables::budget(summary, &budgets)?));
        }
        if !deviations.is_empty() {
            tables.push(("expected.csv", tables::expected(&deviations)?));
        }
        tables.push(("summary.json", json(&numbers)?));
        Ok(Self { across, budgets, reading, numbers, tables })
    }
}

/// A file of JSON.
pub(super) fn json(value: &Value) -> Result<Vec<u8>> {
    let mut text = serde_json::to_vec_pretty(value)?;
    text.push(b'\n');
    Ok(text)
}
