//! Tables that say which cells they are about: `task`, `estimator` and `optimizer`, each with the
//! values that a cell has to have.

use super::cell::plain;
use super::{Cell, LoadedTask};
use anyhow::{Result, bail};
use registry::UnknownName;
use toml::Table;

const PARTS: [&str; 3] = ["task", "estimator", "optimizer"];

/// Refuses what is no selection.
pub(super) fn check(key: &str, selection: &Table) -> Result<()> {
    for (part, values) in selection {
        if !PARTS.contains(&part.as_str()) || !values.is_table() {
            bail!("{key}: {}, each with parameters", UnknownName::new("key", part, PARTS));
        }
    }
    Ok(())
}

/// Whether all values that a selection names are the cell's.
pub(super) fn is_about(selection: &Table, cell: &Cell, tasks: &[LoadedTask]) -> bool {
    selection.iter().all(|(part, values)| {
        let choice = match part.as_str() {
            "task" => &tasks[cell.task].choice,
            "estimator" => &cell.estimator,
            _ => &cell.optimizer,
        };
        values.as_table().is_none_or(|values| {
            values.iter().all(|(key, value)| choice.value(key) == Some(plain(value)))
        })
    })
}
