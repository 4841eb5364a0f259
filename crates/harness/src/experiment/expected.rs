use super::expected_value::ExpectedValue;
use super::file::ExpectedSpec;
use super::{Cell, Experiment, built_in};
use crate::experiment::cells::PARTS;
use anyhow::{Context, Result, anyhow, bail};
use registry::{Fault, UnknownName, parse};
use std::collections::HashSet;
use std::path::Path;
use std::str::FromStr;
use toml::Value;

pub(super) fn read_spec(section: Option<Value>) -> Result<Option<ExpectedSpec>> {
    match section {
        None => Ok(None),
        Some(Value::Table(table)) => Ok(Some(parse(table).context("expected")?)),
        Some(other) => Err(Fault::value("expected", other, "a table with file and source").into()),
    }
}

/// The values of a file; if the experiment is only a part of what is written, values of other cells and
/// steps are left out.
pub(super) fn read_values(
    spec: &ExpectedSpec,
    folder: &Path,
    experiment: &Experiment,
    is_part: bool,
) -> Result<Vec<ExpectedValue>> {
    let path = folder.join(&spec.file);
    let named = || format!("expected: {}", path.display());
    let text = built_in::read(&path).with_context(named)?;
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().with_context(named)?.clone();
    let (mut values, mut seen) = (vec![], HashSet::new());
    for record in reader.records() {
        let record = record.with_context(named)?;
        let line = record.position().map_or(0, |position| position.line());
        let row = Row { fields: header.iter().zip(&record).collect() };
        let at = || format!("{}, line {line}", named());
        let Some(value) = row.value(&experiment.cells, is_part).with_context(at)? else { continue };
        match check_measured(&value, experiment) {
            Err(_) if is_part => continue,
            checked => checked.with_context(at)?,
        }
        if !seen.insert((value.cell, value.metric.clone(), value.step)) {
            let metric = &value.metric;
            return Err(anyhow!("the value of `{metric}` appears twice for a cell"))
                .with_context(at);
        }
        values.push(value);
    }
    Ok(values)
}

/// Rejects a metric that the cell does not have, and a step at which it is not measured.
fn check_measured(value: &ExpectedValue, experiment: &Experiment) -> Result<()> {
    let cell = &experiment.cells[value.cell];
    let Some(measure) = experiment.measure(cell, &value.metric) else {
        let known = experiment.measures(cell).into_iter().map(|measure| measure.name);
        return Err(UnknownName::new("metric", &value.metric, known).into());
    };
    let (Some(step), steps) = (value.step, experiment.steps) else { return Ok(()) };
    let first = u64::from(measure.over_steps);
    let (every, last) = match experiment.gradient.filter(|_| measure.of_gradient) {
        Some(plan) => (plan.every, false),
        None => (experiment.evaluate_every, step == steps),
    };
    let holds = experiment.trains()
        && (first..=steps).contains(&step)
        && (step.is_multiple_of(every) || last);
    let measured = match experiment.trains() {
        true => format!(
            "a step from {first} to {steps} at which `{}` is measured: every {every}",
            measure.name
        ),
        false => "no step, as none are taken".to_owned(),
    };
    Ok(Fault::require(holds, "step", step, measured)?)
}

/// The columns that do not select cells.
const OWN: [&str; 5] = ["metric", "value", "step", "tolerance", "relative-tolerance"];

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
        let (metric, text) = (get("metric")?.to_owned(), get("value")?);
        let value: f64 = text.parse().map_err(|_| Fault::value("value", text, "a number"))?;
        let step = self.optional::<u64>("step", "a whole number")?;
        let tolerance = self.tolerance(value)?;
        let mut found = vec![];
        for (index, cell) in cells.iter().enumerate() {
            if self.selects(cell)? {
                found.push(index);
            }
        }
        match found[..] {
            [cell] => Ok(Some(ExpectedValue { cell, metric, step, value, tolerance })),
            [] if is_part => Ok(None),
            [] => bail!("this row matches no cell of the experiment"),
            _ => bail!("this row matches {} cells; add columns to tell them apart", found.len()),
        }
    }

    /// What is in a column that a file need not have, or a row not fill.
    fn optional<T: FromStr>(&self, column: &str, expected: &str) -> Result<Option<T>, Fault> {
        let found = self.fields.iter().find(|(name, text)| *name == column && !text.is_empty());
        let parsed =
            found.map(|(_, text)| text.parse().map_err(|_| Fault::value(column, *text, expected)));
        parsed.transpose()
    }

    /// The tolerance of a value, which is given absolutely or relative to it.
    fn tolerance(&self, value: f64) -> Result<Option<f64>> {
        let of = |column: &str| {
            let found = self.optional::<f64>(column, "a number")?;
            let holds = found.is_none_or(|tolerance| tolerance >= 0.0 && tolerance.is_finite());
            Fault::require(holds, column, found.unwrap_or_default(), "a number from 0 up")?;
            anyhow::Ok(found)
        };
        match (of("tolerance")?, of("relative-tolerance")?) {
            (Some(_), Some(_)) => bail!("give `tolerance` or `relative-tolerance`, not both"),
            (absolute, None) => Ok(absolute),
            (None, relative) => Ok(relative.map(|share| share * value.abs())),
        }
    }

    fn selects(&self, cell: &Cell) -> Result<bool> {
        let is_selector = |column: &str, text: &str| !OWN.contains(&column) && !text.is_empty();
        for (column, text) in self.fields.iter().filter(|(name, text)| is_selector(name, text)) {
            if !column.split_once('.').is_some_and(|(part, _)| PARTS.contains(&part)) {
                let known = OWN.into_iter().chain(["task.…", "estimator.…", "optimizer.…"]);
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
