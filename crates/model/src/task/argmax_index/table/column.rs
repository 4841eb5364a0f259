//! What the cells of a column are: numbers, or levels of a category.

use super::sheet::{Problems, Sheet};

/// A column of a table. What is missing is NaN, or the level `missing`.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its cells, one a row.
    pub cells: Cells,
}

/// The cells of a column.
#[derive(Clone, Debug, PartialEq)]
pub enum Cells {
    /// Numbers.
    Numbers(Vec<f64>),
    /// The names of levels, in order, and the level of each row.
    Levels(Vec<String>, Vec<usize>),
}

impl Column {
    pub(super) fn of_numbers(sheet: &Sheet, column: usize, problems: &mut Problems) -> Self {
        let name = sheet.names[column].clone();
        Self { name, cells: Cells::Numbers(numbers(sheet, column, problems)) }
    }

    pub(super) fn of_texts(
        sheet: &Sheet,
        column: usize,
        is_target: bool,
        problems: &mut Problems,
    ) -> Self {
        let name = sheet.names[column].clone();
        let (levels, indices) = levels(sheet, column);
        if let Err(why) = check_levels(&name, &levels, indices.len(), is_target) {
            problems.add(why);
        }
        Self { name, cells: Cells::Levels(levels, indices) }
    }
}

/// The level of cells that are missing.
pub const MISSING: &str = "missing";

/// More levels than this are too many for a column each.
const MOST_LEVELS: usize = 50;

/// Whether a cell says that its value is missing.
pub(crate) fn is_missing(cell: &str) -> bool {
    matches!(cell, "" | "?") || ["na", "nan", "null"].contains(&cell.to_lowercase().as_str())
}

/// The finite number of a cell.
pub(crate) fn number(cell: &str) -> Result<f64, String> {
    let found = cell.parse::<f64>().ok().filter(|x| x.is_finite());
    found.ok_or_else(|| {
        let hint = if decimal_comma(cell) { " with a decimal point" } else { "" };
        format!("the cell is `{cell}`; expected a finite number{hint}")
    })
}

fn decimal_comma(cell: &str) -> bool {
    cell.replacen(',', ".", 1).parse::<f64>().is_ok()
}

/// Whether a column is text: more than half of its cells are not numbers.
pub(super) fn is_text(sheet: &Sheet, column: usize) -> bool {
    let present = || sheet.cells(column).filter(|cell| !is_missing(cell));
    let texts = present().filter(|cell| !decimal_comma(cell)).count();
    2 * texts > present().count()
}

/// The numbers of a column; what is missing is NaN.
fn numbers(sheet: &Sheet, column: usize, problems: &mut Problems) -> Vec<f64> {
    let name = &sheet.names[column];
    let cells = sheet.cells(column).zip(&sheet.lines);
    let each = cells.map(|(cell, line)| {
        if is_missing(cell) {
            return f64::NAN;
        }
        number(cell).unwrap_or_else(|why| {
            problems.add(format!("line {line}, column `{name}`: {why}"));
            f64::NAN
        })
    });
    each.collect()
}

/// The levels of a column, sorted: as numbers if they all are, else by their bytes. What is missing
/// comes last, as [`MISSING`].
fn levels(sheet: &Sheet, column: usize) -> (Vec<String>, Vec<usize>) {
    let present = || sheet.cells(column).filter(|cell| !is_missing(cell));
    let mut levels: Vec<String> = present().map(str::to_owned).collect();
    levels.sort_unstable();
    levels.dedup();
    let as_numbers: Result<Vec<f64>, String> = levels.iter().map(|level| number(level)).collect();
    if let Ok(numbers) = as_numbers {
        let mut both: Vec<(f64, String)> = numbers.into_iter().zip(levels).collect();
        both.sort_by(|a, b| a.0.total_cmp(&b.0));
        levels = both.into_iter().map(|(_, level)| level).collect();
    }
    if present().count() < sheet.rows.len() && !levels.iter().any(|level| level == MISSING) {
        levels.push(MISSING.to_owned());
    }
    let level = |cell: &str| {
        let name = if is_missing(cell) { MISSING } else { cell };
        levels.iter().position(|level| level == name).unwrap_or_default()
    };
    let indices = sheet.cells(column).map(level).collect();
    (levels, indices)
}

/// Levels have to be few, and to come more than once.
fn check_levels(name: &str, levels: &[String], rows: usize, is_target: bool) -> Result<(), String> {
    let found = levels.len();
    let advice = if is_target { "name another target" } else { "put it into `ignore`" };
    if found > MOST_LEVELS {
        let most = format!("at most {MOST_LEVELS} are understood");
        return Err(format!("column `{name}`: {found} different texts, {most}; {advice}"));
    }
    if found == rows && rows > 1 {
        let why = "every text is different, so that none says anything about other rows";
        return Err(format!("column `{name}`: {why}; {advice}"));
    }
    if is_target && found < 2 {
        return Err(format!("column `{name}`: a single class cannot be learned; {advice}"));
    }
    Ok(())
}

/// Which columns have cells that are missing, how many, and where the first ones are.
pub(super) fn missing(sheet: &Sheet, columns: &[usize]) -> Vec<String> {
    let of_column = |&column: &usize| {
        let cells = sheet.cells(column).zip(&sheet.lines);
        let lines: Vec<&usize> =
            cells.filter(|(cell, _)| is_missing(cell)).map(|(_, line)| line).collect();
        let name = &sheet.names[column];
        let first: Vec<String> = lines.iter().take(3).map(ToString::to_string).collect();
        let (first, dots) = (first.join(", "), if lines.len() > 3 { ", …" } else { "" });
        match lines.len() {
            0 => None,
            1 => Some(format!("column `{name}`: 1 cell, in line {first}")),
            count => Some(format!("column `{name}`: {count} cells, in lines {first}{dots}")),
        }
    };
    columns.iter().filter_map(of_column).collect()
}
