use super::{Cell, Choice, LoadedTask};
use anyhow::{Context, Result, anyhow, bail};
use registry::{Fault, UnknownName, parse};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use toml::Value;

/// Known values that measurements are held against: a file, and where its numbers are from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ExpectedSpec {
    /// A CSV file with the columns `metric` and `value`, and columns such as `task.logit` or
    /// `estimator.kind` that say which cell a row is about. A relative path starts at the
    /// experiment file's folder.
    pub file: PathBuf,
    /// Where the numbers are from.
    pub source: String,
}

/// What a metric of a cell is known to be.
#[derive(Clone, Debug, PartialEq)]
pub struct ExpectedValue {
    /// Index of the cell.
    pub cell: usize,
    /// Name of the metric.
    pub metric: String,
    /// The value.
    pub value: f64,
}

/// The cells that rows of the file can be about.
pub(super) struct Cells<'a> {
    pub(super) cells: &'a [Cell],
    pub(super) tasks: &'a [LoadedTask],
    /// Whether some of the experiment's cells are left out, so that rows may be about none.
    pub(super) partial: bool,
}

pub(super) fn read_spec(value: Option<Value>) -> Result<Option<ExpectedSpec>> {
    match value {
        None => Ok(None),
        Some(Value::Table(table)) => Ok(Some(parse(table).context("expected")?)),
        Some(other) => Err(Fault::value("expected", other, "a table with file and source").into()),
    }
}

pub(super) fn read_values(
    spec: &ExpectedSpec,
    folder: &Path,
    cells: &Cells<'_>,
) -> Result<Vec<ExpectedValue>> {
    let path = folder.join(&spec.file);
    let said = || format!("expected: {}", path.display());
    let mut reader = csv::Reader::from_path(&path).with_context(said)?;
    let header = reader.headers().with_context(said)?.clone();
    let mut values = vec![];
    for record in reader.records() {
        let record = record.with_context(said)?;
        let line = record.position().map_or(0, |position| position.line());
        let row = Row { fields: header.iter().zip(&record).collect() };
        let value = row.value(cells).with_context(|| format!("{}, line {line}", said()))?;
        values.extend(value);
    }
    Ok(values)
}

/// A line of the file: columns with their texts.
struct Row<'a> {
    fields: Vec<(&'a str, &'a str)>,
}

impl Row<'_> {
    fn value(&self, cells: &Cells<'_>) -> Result<Option<ExpectedValue>> {
        let get = |column: &str| {
            let found = self.fields.iter().find(|(name, _)| *name == column);
            found.map(|(_, text)| *text).ok_or_else(|| anyhow!("there is no column `{column}`"))
        };
        let (metric, text) = (get("metric")?, get("value")?);
        let value: f64 = text.parse().map_err(|_| Fault::value("value", text, "a number"))?;
        let mut found = vec![];
        for index in 0..cells.cells.len() {
            if self.is_about(index, cells)? {
                found.push(index);
            }
        }
        match found[..] {
            [cell] => Ok(Some(ExpectedValue { cell, metric: metric.to_owned(), value })),
            [] if cells.partial => Ok(None),
            [] => bail!("it is about no cell of the experiment"),
            _ => bail!("it is about {} cells; say which by more columns", found.len()),
        }
    }

    fn is_about(&self, cell: usize, cells: &Cells<'_>) -> Result<bool> {
        let cell = &cells.cells[cell];
        let named = self
            .fields
            .iter()
            .filter(|(column, text)| !["metric", "value"].contains(column) && !text.is_empty());
        for (column, text) in named {
            let choice: &Choice = match column.split_once('.') {
                Some(("task", _)) => &cells.tasks[cell.task].choice,
                Some(("estimator", _)) => &cell.estimator,
                Some(("optimizer", _)) => &cell.optimizer,
                _ => {
                    let known = ["metric", "value", "task.…", "estimator.…", "optimizer.…"];
                    return Err(UnknownName::new("column", column, known).into());
                }
            };
            let key = column.split_once('.').map_or("", |(_, key)| key);
            if !choice.value(key).is_some_and(|value| equal(&value, text)) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Whether two texts are the same number, or the same word.
fn equal(a: &str, b: &str) -> bool {
    match (a.parse::<f64>(), b.parse::<f64>()) {
        (Ok(a), Ok(b)) => a == b,
        _ => a == b,
    }
}
