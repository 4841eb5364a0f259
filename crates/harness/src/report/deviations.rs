//! The table of measured metrics beside their expected values.

use super::overview::without_common_words;
use super::words::{interval_within, percent, short, within};
use crate::results::{Deviation, are_judged, have_settings, have_steps};
use std::collections::BTreeSet;

/// The table of expected values: its headers, and its rows. It has columns of steps and verdicts only where
/// there are any, and of tasks, settings and metrics where there are several. Tasks and settings lack the words
/// that all have.
pub(super) fn deviations(rows: &[Deviation<'_>]) -> (Vec<&'static str>, Vec<Vec<String>>) {
    let (has_steps, is_judged) = (have_steps(rows), are_judged(rows));
    let tasks: BTreeSet<&str> = rows.iter().map(|row| row.cell.task.as_str()).collect();
    let metrics: BTreeSet<&str> = rows.iter().map(|row| row.measure.name).collect();
    let has_settings = have_settings(rows);
    let chosen = |column: &Column| match column.header {
        STEP => has_steps,
        VERDICT => is_judged,
        TASK => tasks.len() > 1,
        SETTING => has_settings,
        METRIC => metrics.len() > 1,
        _ => true,
    };
    let texts = |column: &Column| -> Vec<String> {
        let texts: Vec<String> = rows.iter().map(column.text).collect();
        match column.header {
            TASK | SETTING => {
                without_common_words(&texts.iter().map(String::as_str).collect::<Vec<_>>())
            }
            _ => texts,
        }
    };
    let columns = DEVIATIONS.iter().filter(|column| chosen(column));
    let (headers, columns): (Vec<_>, Vec<_>) =
        columns.map(|column| (column.header, texts(column))).unzip();
    let row = |i: usize| columns.iter().map(|column| column[i].clone()).collect();
    (headers, (0..rows.len()).map(row).collect())
}

/// A column of the table of expected values.
struct Column {
    header: &'static str,
    text: fn(&Deviation<'_>) -> String,
}

const TASK: &str = "task";
const SETTING: &str = "setting";
const METRIC: &str = "metric";
const STEP: &str = "step";
const VERDICT: &str = "verdict";

const DEVIATIONS: [Column; 9] = [
    Column { header: "estimator", text: |row| row.cell.estimator.clone() },
    Column { header: TASK, text: |row| row.cell.task.clone() },
    Column { header: SETTING, text: |row| row.cell.tuning.clone() },
    Column { header: METRIC, text: |row| row.measure.label.to_owned() },
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
