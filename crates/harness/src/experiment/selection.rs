//! Tables that select cells: `task`, `estimator` and `optimizer`, each with the values that a cell
//! must have.

use super::cells::{Cell, PARTS};
use anyhow::{Result, bail};
use registry::{UnknownName, plain};
use toml::Table;

/// Rejects a table that is no selection.
pub(super) fn check(key: &str, selection: &Table) -> Result<()> {
    for (part, values) in selection {
        if !PARTS.contains(&part.as_str()) || !values.is_table() {
            bail!("{key}: {}, each with parameters", UnknownName::new("key", part, PARTS));
        }
    }
    Ok(())
}

/// Whether the cell has all values that a selection names.
pub(super) fn selects(selection: &Table, cell: &Cell) -> bool {
    selection.iter().all(|(part, values)| {
        values.as_table().is_none_or(|values| {
            values
                .iter()
                .all(|(key, value)| cell.value(&format!("{part}.{key}")) == Some(plain(value)))
        })
    })
}
