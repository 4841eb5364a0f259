//! The table of measured metrics beside their expected values.

use super::words::{interval_within, percent, short, within};
use crate::results::{Deviation, are_judged, have_steps};

/// The table of expected values: its headers, and its rows. It has a column of steps and one of verdicts
/// only where there are any.
pub(super) fn deviations(rows: &[Deviation<'_>]) -> (Vec<&'static str>, Vec<Vec<String>>) {
    let (has_steps, is_judged) = (have_steps(rows), are_judged(rows));
    let chosen = |column: &Column| match column.header {
        STEP => has_steps,
        VERDICT => is_judged,
        _ => true,
    };
    let columns: Vec<&Column> = DEVIATIONS.iter().filter(|column| chosen(column)).collect();
    let texts = |row: &Deviation<'_>| columns.iter().map(|column| (column.text)(row)).collect();
    (columns.iter().map(|column| column.header).collect(), rows.iter().map(texts).collect())
}

/// A column of the table of expected values.
struct Column {
    header: &'static str,
    text: fn(&Deviation<'_>) -> String,
}

const STEP: &str = "step";
const VERDICT: &str = "verdict";

const DEVIATIONS: [Column; 8] = [
    Column { header: "estimator", text: |row| row.cell.estimator.clone() },
    Column { header: "task", text: |row| row.cell.task.clone() },
    Column { header: "metric", text: |row| row.measure.label.to_owned() },
    Column {
        header: STEP,
        text: |row| row.step.map_or_else(|| "last".to_owned(), |step| step.to_string()),
    },
    Column { header: "expected", text: |row| within(row.expected, row.tolerance) },
    Column { header: "measured", text: |row| interval_within(row.measured, row.tolerance) },
    Column { header: "deviation", text: |row| row.relative().map_or_else(none, percent) },
    Column {
        header: VERDICT,
        text: |row| {
            row.tolerance.map_or_else(none, |x| format!("{} (±{})", row.verdict(), short(x)))
        },
    },
];

fn none() -> String {
    "–".to_owned()
}
