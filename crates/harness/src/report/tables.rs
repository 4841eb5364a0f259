//! The tables of a results folder, as CSV.

use crate::results::{
    Budget, CellSummary, Deviation, Summary, are_judged, have_settings, have_steps,
};
use anyhow::Result;
use serde::Serialize;
use statistics::Estimate;

/// A cell, in the columns that every table begins with.
#[derive(Serialize)]
struct Place<'a> {
    task: &'a str,
    estimator: &'a str,
    optimizer: &'a str,
}

impl<'a> Place<'a> {
    fn of(cell: &'a CellSummary<'_>) -> Self {
        Self { task: &cell.task, estimator: &cell.estimator, optimizer: &cell.tuning }
    }
}

/// `table.csv`: every cell and metric at the end.
///
/// # Errors
/// If the table cannot be written.
pub fn finals(summary: &Summary<'_>) -> Result<Vec<u8>> {
    #[derive(Serialize)]
    struct Row<'a>(Place<'a>, &'a str, &'a str, usize, usize, [String; 3]);
    let header =
        "task,estimator,optimizer,best,metric,n,failures,iqm,low,high".split(',').collect();
    let mut rows = vec![];
    for cell in &summary.cells {
        let best = if cell.best { "yes" } else { "no" };
        let (runs, failures) = (cell.runs.len(), cell.failures());
        for measure in cell.measured() {
            let Some(estimate) = cell.estimate(&measure) else { continue };
            let numbers = numbers(estimate);
            rows.push(Row(Place::of(cell), best, measure.name, runs, failures, numbers));
        }
    }
    write(header, rows)
}

/// `curves.csv`: the best cells over the steps.
///
/// # Errors
/// If the table cannot be written.
pub fn curves(summary: &Summary<'_>) -> Result<Vec<u8>> {
    #[derive(Serialize)]
    struct Row<'a>(Place<'a>, &'a str, u64, [String; 3]);
    let header = "task,estimator,optimizer,metric,step,iqm,low,high".split(',').collect();
    let mut rows = vec![];
    for cell in summary.cells.iter().filter(|cell| cell.best) {
        for measure in cell.measured() {
            for &(step, estimate) in cell.curve(&measure) {
                rows.push(Row(Place::of(cell), measure.name, step, numbers(estimate)));
            }
        }
    }
    write(header, rows)
}

/// `seeds.csv`: what every run ends with in the metric that ranks, with all digits; a column for each seed.
///
/// # Errors
/// If the table cannot be written.
pub fn seeds(summary: &Summary<'_>) -> Result<Vec<u8>> {
    let columns: Vec<String> =
        (0..summary.experiment.seeds).map(|seed| format!("seed {seed}")).collect();
    let fixed = "task,estimator,optimizer,best,metric,better".split(',');
    let header = fixed.chain(columns.iter().map(String::as_str)).collect();
    let row = |cell: &CellSummary<'_>| {
        let measure = summary.ranking_measure(cell.cell.task_index);
        let value = |seed: u64| match cell.record(seed) {
            Some(record) if cell.refusal().is_none() => cell.value(record, &measure),
            _ => None,
        };
        let shown = |seed| value(seed).map_or_else(String::new, exactly);
        let values: Vec<String> = (0..summary.experiment.seeds).map(shown).collect();
        let best = if cell.best { "yes" } else { "no" };
        let place = [&cell.task, &cell.estimator, &cell.tuning].map(String::clone);
        (place, best, measure.name, measure.better.name(), values)
    };
    write(header, summary.cells.iter().map(row).collect::<Vec<_>>())
}

/// `budget.csv`: what is reached with the best of so many settings.
///
/// # Errors
/// If the table cannot be written.
pub fn budget(summary: &Summary<'_>, budgets: &[Budget]) -> Result<Vec<u8>> {
    let header = "task,estimator,metric,settings,iqm,low,high".split(',').collect();
    let row = |budget: &Budget| {
        let cell = &summary.cells[budget.cell];
        let metric = summary.ranking_measure(cell.cell.task_index).name;
        let rows = budget.reached.iter().enumerate().map(|(index, &estimate)| {
            (cell.task.clone(), cell.estimator.clone(), metric, index + 1, numbers(estimate))
        });
        rows.collect::<Vec<_>>()
    };
    write(header, budgets.iter().flat_map(row).collect::<Vec<_>>())
}

/// `expected.csv`: measured metrics beside their expected values; with the setting where there are several, and with
/// the step and the verdict, where there are any.
///
/// # Errors
/// If the table cannot be written.
pub fn expected(deviations: &[Deviation<'_>]) -> Result<Vec<u8>> {
    let (has_steps, is_judged) = (have_steps(deviations), are_judged(deviations));
    let has_settings = have_settings(deviations);
    let mut header = vec!["task", "estimator"];
    header.extend(has_settings.then_some("optimizer"));
    header.push("metric");
    header.extend(has_steps.then_some("step"));
    header.extend("n,expected,iqm,low,high,relative-deviation".split(','));
    header.extend(is_judged.then_some(["tolerance", "verdict"]).into_iter().flatten());
    let row = |row: &Deviation<'_>| {
        let (cell, relative) = (row.cell, row.relative().map_or_else(String::new, number));
        let setting = Vec::from_iter(has_settings.then(|| cell.tuning.clone()));
        let place = (cell.task.clone(), cell.estimator.clone(), setting, row.measure.name);
        let step = row.step.map_or_else(String::new, |step| step.to_string());
        let tolerance = row.tolerance.map_or_else(String::new, number);
        (
            (place, has_steps.then_some(step).into_iter().collect::<Vec<_>>()),
            (cell.runs.len(), number(row.expected), numbers(row.measured), relative),
            if is_judged { vec![tolerance, row.verdict().to_owned()] } else { vec![] },
        )
    };
    write(header, deviations.iter().map(row).collect::<Vec<_>>())
}

/// `timing.csv`: how long runs took on the machine they were done on.
///
/// # Errors
/// If the table cannot be written.
pub fn timing(summary: &Summary<'_>) -> Result<Vec<u8>> {
    let header =
        "task,estimator,optimizer,runs,seconds-per-run,microseconds-per-step".split(',').collect();
    let cells = summary.cells.iter().filter(|cell| !cell.runs.is_empty());
    let rows = cells.map(|cell| {
        let records = cell.records();
        let seconds: f64 = records.iter().map(|record| record.timing.seconds).sum();
        let per_step = cell.seconds_per_step().unwrap_or(0.0) * 1e6;
        let (runs, per_run) = (records.len(), seconds / records.len() as f64);
        (Place::of(cell), runs, format!("{per_run:.4}"), format!("{per_step:.2}"))
    });
    write(header, rows.collect::<Vec<_>>())
}

fn write(header: Vec<&str>, rows: Vec<impl Serialize>) -> Result<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(vec![]);
    writer.write_record(header)?;
    rows.into_iter().try_for_each(|row| writer.serialize(row))?;
    Ok(writer.into_inner()?)
}

/// The value and its interval, with six significant digits. Without an interval, its fields are empty.
fn numbers(estimate: Estimate) -> [String; 3] {
    let bounds = estimate.interval.map(|interval| [interval.low, interval.high].map(number));
    let [low, high] = bounds.unwrap_or_default();
    [number(estimate.value), low, high]
}

/// All digits of a number; what a failed run counts as is [`MISS`].
fn exactly(x: f64) -> String {
    if x.is_infinite() { MISS.to_owned() } else { x.to_string() }
}

/// What a failed run counts as.
pub(crate) const MISS: &str = "miss";

/// Six significant digits; what a failed run counts as is written as `miss`.
fn number(x: f64) -> String {
    match x {
        x if x.is_infinite() => MISS.to_owned(),
        x if x.is_nan() => String::new(),
        x => {
            // Through its decimal form, so that 0.1 is 0.1 and not 0.100000.
            let rounded: f64 = format!("{x:.5e}").parse().unwrap_or(x);
            let is_plain = rounded == 0.0 || (1e-5..1e15).contains(&rounded.abs());
            if is_plain { rounded.to_string() } else { format!("{rounded:e}") }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_six_digits() {
        for (x, text) in [
            (0.0, "0"),
            (0.1, "0.1"),
            (-1.0 / 3.0, "-0.333333"),
            (1_234_567.0, "1234570"),
            (1e-5, "0.00001"),
            (9.99e-6, "9.99e-6"),
            (1e14, "100000000000000"),
            (1e15, "1e15"),
            (f64::INFINITY, "miss"),
            (f64::NEG_INFINITY, "miss"),
            (f64::NAN, ""),
        ] {
            assert_eq!(number(x), text, "{x}");
        }
    }
}
