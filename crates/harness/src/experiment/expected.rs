use super::file::ExpectedSpec;
use super::{Cell, Measure};
use crate::experiment::cells::PARTS;
use anyhow::{Context, Result, anyhow, bail};
use registry::{Fault, UnknownName, parse};
use std::path::Path;
use toml::Value;

/// The known value of a metric of a cell.
#[derive(Clone, Debug, PartialEq)]
pub struct ExpectedValue {
    /// Index of the cell.
    pub cell: usize,
    /// Name of the metric.
    pub metric: String,
    /// The value.
    pub value: f64,
}

impl ExpectedValue {
    /// Whether this is the known value of a metric of a cell.
    pub fn is_of(&self, cell: usize, measure: &Measure) -> bool {
        self.cell == cell && self.metric == measure.name
    }
}

pub(super) fn read_spec(section: Option<Value>) -> Result<Option<ExpectedSpec>> {
    match section {
        None => Ok(None),
        Some(Value::Table(table)) => Ok(Some(parse(table).context("expected")?)),
        Some(other) => Err(Fault::value("expected", other, "a table with file and source").into()),
    }
}

/// The values of a file; if only a part of an experiment's cells is there, the values of other cells
/// are left out.
pub(super) fn read_values(
    spec: &ExpectedSpec,
    folder: &Path,
    cells: &[Cell],
    is_part: bool,
) -> Result<Vec<ExpectedValue>> {
    let path = folder.join(&spec.file);
    let named = || format!("expected: {}", path.display());
    let mut reader = csv::Reader::from_path(&path).with_context(named)?;
    let header = reader.headers().with_context(named)?.clone();
    let mut values = vec![];
    for record in reader.records() {
        let record = record.with_context(named)?;
        let line = record.position().map_or(0, |position| position.line());
        let row = Row { fields: header.iter().zip(&record).collect() };
        let at = || format!("{}, line {line}", named());
        let Some(value) = row.value(cells, is_part).with_context(at)? else { continue };
        let is_same =
            |other: &ExpectedValue| (other.cell, &other.metric) == (value.cell, &value.metric);
        if values.iter().any(is_same) {
            let metric = &value.metric;
            return Err(anyhow!("the value of `{metric}` appears twice for a cell"))
                .with_context(at);
        }
        values.push(value);
    }
    Ok(values)
}

/// A line of the file: columns with their texts.
struct Row<'a> {
    fields: Vec<(&'a str, &'a str)>,
}

impl Row<'_> {
    fn value(&self, cells: &[Cell], is_part: bool) -> Result<Option<ExpectedValue>> {
        let get = |column: &str| {
            let found = self.fields.iter().find(|(name, _)| *name == column);
            found.map(|(_, text)| *text).ok_or_else(|| anyhow!("no column `{column}`"))
        };
        let (metric, text) = (get("metric")?, get("value")?);
        let value: f64 = text.parse().map_err(|_| Fault::value("value", text, "a number"))?;
        let mut found = vec![];
        for (index, cell) in cells.iter().enumerate() {
            if self.selects(cell)? {
                found.push(index);
            }
        }
        match found[..] {
            [cell] => Ok(Some(ExpectedValue { cell, metric: metric.to_owned(), value })),
            [] if is_part => Ok(None),
            [] => bail!("this row matches no cell of the experiment"),
            _ => bail!("this row matches {} cells; add columns to tell them apart", found.len()),
        }
    }

    fn selects(&self, cell: &Cell) -> Result<bool> {
        let is_selector =
            |column: &str, text: &str| !["metric", "value"].contains(&column) && !text.is_empty();
        for (column, text) in self.fields.iter().filter(|(name, text)| is_selector(name, text)) {
            if !column.split_once('.').is_some_and(|(part, _)| PARTS.contains(&part)) {
                let known = ["metric", "value", "task.…", "estimator.…", "optimizer.…"];
                return Err(UnknownName::new("column", column, known).into());
            }
            if !cell.value(column).is_some_and(|value| is_equal(&value, text)) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Whether two texts are the same number, or the same word.
fn is_equal(a: &str, b: &str) -> bool {
    match (a.parse::<f64>(), b.parse::<f64>()) {
        (Ok(a), Ok(b)) => a == b,
        _ => a == b,
    }
}
