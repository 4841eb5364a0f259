//! From an experiment back to a file, with everything resolved.

use super::file::{ExpectedSpec, FigureSpec, File, GradientPlan, ThresholdSpec};
use super::parts::Parts;
use super::plain::Plain;
use super::protocol::Protocol;
use super::tuning::Tuning;
use anyhow::Result;
use toml::{Table, Value};

/// The parts of an experiment, all with their values.
pub(super) struct Resolved<'a> {
    /// The question and the reading.
    pub(super) words: &'a File,
    pub(super) plain: &'a Plain,
    pub(super) protocol: &'a Protocol,
    pub(super) gradient: Option<GradientPlan>,
    pub(super) parts: &'a Parts,
    pub(super) excluded: &'a [Table],
    pub(super) figures: &'a [FigureSpec],
    pub(super) expected: Option<&'a ExpectedSpec>,
    pub(super) tuning: Option<&'a Tuning>,
    pub(super) threshold: Option<&'a ThresholdSpec>,
}

/// The experiment file that says the same with no default left open.
pub(super) fn written(resolved: &Resolved<'_>) -> Result<Table> {
    let Resolved { plain, protocol, parts, .. } = resolved;
    let mut file = File {
        seeds: Some(plain.seeds),
        batch: Some(plain.batch as u64),
        task: Some(list(parts.tasks.iter().map(|task| task.table()))),
        estimator: Some(list(
            parts.estimators.iter().map(|one| parts.untuned("estimator", one.kind, one.table())),
        )),
        protocol: protocol.table()?.map(Value::Table),
        gradient: resolved.gradient.map(Value::try_from).transpose()?,
        exclude: some(list(resolved.excluded.iter().cloned())),
        figure: some(Value::try_from(resolved.figures)?),
        expected: resolved.expected.map(Value::try_from).transpose()?,
        ..resolved.words.clone()
    };
    if let Some(steps) = plain.steps {
        file.steps = Some(steps);
        file.evaluate_every = Some(plain.evaluate_every);
        file.tuning = resolved.tuning.map(Value::try_from).transpose()?;
        file.threshold = resolved.threshold.map(Value::try_from).transpose()?;
        file.tuned = resolved.tuning.is_none().then(|| plain.tuned.clone());
        let optimizers = parts.optimizers.iter();
        file.optimizer =
            Some(list(optimizers.map(|one| parts.untuned("optimizer", one.kind, one.table()))));
    }
    Ok(Table::try_from(file)?)
}

fn list(tables: impl Iterator<Item = Table>) -> Value {
    Value::Array(tables.map(Value::Table).collect())
}

/// A list that has entries.
fn some(list: Value) -> Option<Value> {
    Some(list).filter(|list| list.as_array().is_none_or(|entries| !entries.is_empty()))
}
