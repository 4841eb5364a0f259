//! The tables of a results folder, as CSV.

use super::expected::Held;
use super::summary::Summary;
use anyhow::Result;
use statistics::Estimate;

/// `table.csv`: every cell and metric at the last step.
///
/// # Errors
/// If the table cannot be written down.
pub fn finals(summary: &Summary<'_>) -> Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(vec![]);
    writer.write_record([
        "task",
        "estimator",
        "optimizer",
        "best",
        "metric",
        "n",
        "failures",
        "iqm",
        "low",
        "high",
    ])?;
    for cell in &summary.cells {
        let runs = cell.runs.len().to_string();
        let failures = cell.failures().to_string();
        let best = if cell.best { "yes" } else { "no" };
        for metric in cell.metrics() {
            let Some(estimate) = cell.estimate(&metric) else { continue };
            let [iqm, low, high] = numbers(estimate);
            let place = [&*cell.task, &*cell.estimator, &*cell.tuning, best, &*metric.name];
            writer.write_record(
                place.into_iter().chain([&*runs, &*failures, &*iqm, &*low, &*high]),
            )?;
        }
    }
    Ok(writer.into_inner()?)
}

/// `curves.csv`: the best cells along the steps.
///
/// # Errors
/// If the table cannot be written down.
pub fn curves(summary: &Summary<'_>) -> Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(vec![]);
    writer.write_record([
        "task",
        "estimator",
        "optimizer",
        "metric",
        "step",
        "iqm",
        "low",
        "high",
    ])?;
    for cell in summary.cells.iter().filter(|cell| cell.best) {
        for metric in cell.metrics() {
            for &(step, estimate) in cell.curve(&metric) {
                let ([iqm, low, high], step) = (numbers(estimate), step.to_string());
                let place = [&*cell.task, &*cell.estimator, &*cell.tuning, &*metric.name];
                writer.write_record(place.into_iter().chain([&*step, &*iqm, &*low, &*high]))?;
            }
        }
    }
    Ok(writer.into_inner()?)
}

/// `expected.csv`: metrics beside what they are known to be.
///
/// # Errors
/// If the table cannot be written down.
pub fn expected(held: &[Held<'_>]) -> Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(vec![]);
    writer.write_record([
        "task",
        "estimator",
        "metric",
        "n",
        "expected",
        "iqm",
        "low",
        "high",
        "relative-deviation",
    ])?;
    for row in held {
        let [iqm, low, high] = numbers(row.measured);
        let runs = row.cell.runs.len().to_string();
        let place = [&*row.cell.task, &*row.cell.estimator, row.metric, &*runs];
        let deviation = row.deviation().map_or_else(String::new, number);
        writer.write_record(place.into_iter().chain([
            &*number(row.expected),
            &*iqm,
            &*low,
            &*high,
            &*deviation,
        ]))?;
    }
    Ok(writer.into_inner()?)
}

/// `timing.csv`: what runs cost on the machine they were done on.
///
/// # Errors
/// If the table cannot be written down.
pub fn timing(summary: &Summary<'_>) -> Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(vec![]);
    writer.write_record([
        "task",
        "estimator",
        "optimizer",
        "runs",
        "seconds-per-run",
        "microseconds-per-step",
    ])?;
    for cell in summary.cells.iter().filter(|cell| !cell.runs.is_empty()) {
        let records = cell.records();
        let seconds: f64 = records.iter().map(|record| record.timing.seconds).sum();
        let in_steps: f64 = records.iter().map(|record| record.timing.step_seconds).sum();
        let steps: u64 = records.iter().map(|record| record.timing.steps).sum();
        let per_step = if steps == 0 { 0.0 } else { in_steps / steps as f64 * 1e6 };
        let runs = records.len();
        writer.write_record([
            &*cell.task,
            &*cell.estimator,
            &*cell.tuning,
            &runs.to_string(),
            &format!("{:.4}", seconds / runs as f64),
            &format!("{per_step:.2}"),
        ])?;
    }
    Ok(writer.into_inner()?)
}

/// Six significant digits; an infinite number is a miss.
fn numbers(estimate: Estimate) -> [String; 3] {
    [estimate.value, estimate.low, estimate.high].map(number)
}

fn number(x: f64) -> String {
    match x {
        x if x == f64::INFINITY => "miss".to_owned(),
        x if !x.is_finite() => String::new(),
        x => {
            // Through its decimal form, so that 0.1 is 0.1 and not 0.100000.
            let rounded: f64 = format!("{x:.5e}").parse().unwrap_or(x);
            let is_plain = rounded == 0.0 || (1e-5..1e15).contains(&rounded.abs());
            if is_plain { rounded.to_string() } else { format!("{rounded:e}") }
        }
    }
}
