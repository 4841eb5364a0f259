//! The table of a CSV file.

mod column;
mod parts;
mod sheet;

pub use column::{Cells, Column, MISSING};
pub(crate) use column::{is_missing, number};
pub use parts::Parts;
pub(crate) use sheet::{Problems, Sheet};

use crate::{Error, Result};
use registry::UnknownName;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The rows of a CSV file: features and a target.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// The features, in the file's order.
    pub features: Vec<Column>,
    /// What is to be predicted. No number is missing.
    pub target: Column,
    /// The parts of the rows, where a column says so.
    pub parts: Option<Parts>,
    /// Rows that have no target, and are left out.
    pub left_out: usize,
    /// What to do about cells that are missing.
    pub missing: Missing,
    /// Hash of the file's bytes.
    pub digest: String,
}

/// What to do about cells that are missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Missing {
    /// They are an error.
    #[default]
    Refuse,
    /// A number is replaced by the mean of the training rows, and a column says where; a text becomes
    /// the level `missing`; a row without a target is left out.
    Mean,
}

impl Missing {
    /// Whether they are an error.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    pub(crate) fn is_refused(&self) -> bool {
        *self == Self::Refuse
    }
}

/// How a file is read.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'a> {
    /// The column to predict.
    pub target: &'a str,
    /// Columns that are not read.
    pub ignore: &'a [String],
    /// Columns whose numbers are names.
    pub categorical: &'a [String],
    /// Whether numbers in the target are names of classes.
    pub classification: bool,
    /// What to do about cells that are missing.
    pub missing: Missing,
    /// The column that says which part a row belongs to.
    pub split: Option<&'a str>,
}

impl Table {
    /// Reads a CSV file in UTF-8 with a header line; the delimiter is a comma, or a semicolon, a tab or
    /// a vertical bar where the header has no comma. A column is text if most of its cells are not
    /// numbers. Cells that are empty, `NA`, `NaN`, `null` or `?` are missing.
    ///
    /// # Errors
    /// If the file cannot be read, is not in UTF-8, has no such columns or no rows, a column has no name
    /// or the name of another, a number is not finite, or a cell is missing where that is not allowed.
    /// The message names lines and columns: the first ones, and how many more there are.
    pub fn read(path: &Path, reading: &Reading<'_>) -> Result<Self> {
        let sheet = Sheet::read(path)?;
        Self::of(sheet, reading).map_err(|why| Error::data(path, why))
    }

    fn of(mut sheet: Sheet, reading: &Reading<'_>) -> std::result::Result<Self, String> {
        let target = sheet.column(reading.target)?;
        let split = reading.split.map(|name| sheet.column(name)).transpose()?;
        let ignored = columns(&sheet, "ignore", reading.ignore)?;
        let categorical = columns(&sheet, "categorical", reading.categorical)?;
        let is_feature = |column: &usize| {
            *column != target && Some(*column) != split && !ignored.contains(column)
        };
        let features: Vec<usize> = (0..sheet.names.len()).filter(is_feature).collect();
        if features.is_empty() {
            return Err(format!("no column other than the target `{}`", reading.target));
        }
        let left_out = match reading.missing {
            Missing::Refuse => {
                let all: Vec<usize> =
                    features.iter().copied().chain([target]).chain(split).collect();
                refuse_missing(&sheet, &all)?;
                0
            }
            Missing::Mean => leave_out(&mut sheet, target)?,
        };
        let is_text =
            |column: usize| categorical.contains(&column) || column::is_text(&sheet, column);
        let mut problems = Problems::default();
        let mut read = |column: usize, is_text: bool| match is_text {
            true => Column::of_texts(&sheet, column, column == target, &mut problems),
            false => Column::of_numbers(&sheet, column, &mut problems),
        };
        let features = features.iter().map(|&column| read(column, is_text(column))).collect();
        let target = read(target, reading.classification || is_text(target));
        let parts = split.map(|column| Parts::of_column(&sheet, column, &mut problems));
        problems.check()?;
        let parts =
            parts.map(|parts| parts.check(reading.split.unwrap_or_default())).transpose()?;
        let (missing, Sheet { digest, .. }) = (reading.missing, sheet);
        Ok(Self { features, target, parts, left_out, missing, digest })
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        match &self.target.cells {
            Cells::Numbers(numbers) => numbers.len(),
            Cells::Levels(_, indices) => indices.len(),
        }
    }

    /// The numbers of the target; none of a classification.
    pub fn targets(&self) -> &[f64] {
        match &self.target.cells {
            Cells::Numbers(numbers) => numbers,
            Cells::Levels(..) => &[],
        }
    }

    /// The names of the classes, if the target is a class.
    pub fn classes(&self) -> Option<&[String]> {
        match &self.target.cells {
            Cells::Numbers(_) => None,
            Cells::Levels(names, _) => Some(names),
        }
    }
}

/// The indices of columns that a parameter lists.
fn columns(sheet: &Sheet, key: &str, names: &[String]) -> std::result::Result<Vec<usize>, String> {
    let index = |name: &String| {
        let found = sheet.names.iter().position(|known| known == name);
        found.ok_or_else(|| {
            format!("{key}: {}", UnknownName::new("column", name, sheet.names.iter().cloned()))
        })
    };
    names.iter().map(index).collect()
}

fn refuse_missing(sheet: &Sheet, columns: &[usize]) -> std::result::Result<(), String> {
    let missing = column::missing(sheet, columns);
    if missing.is_empty() {
        return Ok(());
    }
    let lines: String = missing.iter().map(|column| format!("\n  {column}")).collect();
    Err(format!("cells are missing (set missing = \"mean\", or `ignore` the columns):{lines}"))
}

/// Removes rows without a target, and returns how many there were.
fn leave_out(sheet: &mut Sheet, target: usize) -> std::result::Result<usize, String> {
    let before = sheet.rows.len();
    let is_kept: Vec<bool> = sheet.cells(target).map(|cell| !is_missing(cell)).collect();
    let mut kept = is_kept.iter();
    sheet.rows.retain(|_| *kept.next().unwrap_or(&true));
    let mut kept = is_kept.iter();
    sheet.lines.retain(|_| *kept.next().unwrap_or(&true));
    match sheet.rows.len() {
        0 => Err(format!("no row has a number or a text in `{}`", sheet.names[target])),
        left => Ok(before - left),
    }
}

#[cfg(test)]
mod tests;
