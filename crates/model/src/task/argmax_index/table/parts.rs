use super::sheet::{Problems, Sheet};

/// Which rows are in which part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// Rows that are trained on.
    pub train: Vec<usize>,
    /// Rows that choose settings and the stopping step.
    pub validation: Vec<usize>,
    /// Rows that are reported.
    pub test: Vec<usize>,
}

impl Parts {
    /// The parts that a column names: `train`, `validation` and `test`.
    pub(super) fn of_column(sheet: &Sheet, column: usize, problems: &mut Problems) -> Self {
        let mut parts = Self::default();
        for (row, (cell, line)) in sheet.cells(column).zip(&sheet.lines).enumerate() {
            match cell {
                "train" => parts.train.push(row),
                "validation" => parts.validation.push(row),
                "test" => parts.test.push(row),
                _ => problems.add(format!(
                    "line {line}, column `{}`: the cell is `{cell}`; expected train, validation or test",
                    sheet.names[column]
                )),
            }
        }
        parts
    }

    /// Itself, if each part has rows.
    pub(super) fn check(self, column: &str) -> Result<Self, String> {
        let Self { train, validation, test } = &self;
        let all = [("train", train), ("validation", validation), ("test", test)];
        match all.iter().find(|(_, rows)| rows.is_empty()) {
            Some((part, _)) => Err(format!("no row has `{part}` in column `{column}`")),
            None => Ok(self),
        }
    }
}
