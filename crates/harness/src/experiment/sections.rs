//! Sections of a file: tables, and lists of tables.

use anyhow::{Result, bail};
use registry::Fault;
use toml::{Table, Value};

/// The tables of a section: one, or a list of them.
pub(super) fn tables(key: &'static str, section: Option<Value>) -> Result<Vec<Table>> {
    match section {
        Some(Value::Table(table)) => Ok(vec![table]),
        Some(Value::Array(all)) if !all.is_empty() => {
            all.into_iter().map(|value| one_table(key, value)).collect()
        }
        Some(other) => Err(Fault::value(key, other, "a table or a list of tables").into()),
        None => bail!("no [{key}]: at least one is needed, such as kind = \"…\""),
    }
}

pub(super) fn one_table(key: &str, value: Value) -> Result<Table> {
    match value {
        Value::Table(table) => Ok(table),
        other => Err(Fault::value(key, other, "a table").into()),
    }
}

pub(super) fn kind_of(
    what: &str,
    mut table: Table,
    default: Option<&str>,
) -> Result<(String, Table)> {
    match (table.remove("kind"), default) {
        (Some(Value::String(kind)), _) => Ok((kind, table)),
        (Some(other), _) => Err(Fault::value(&format!("{what}.kind"), other, "a name").into()),
        (None, Some(default)) => Ok((default.to_owned(), table)),
        (None, None) => {
            bail!("an entry of [{what}] has no kind; `list {what}s` shows the known ones")
        }
    }
}
