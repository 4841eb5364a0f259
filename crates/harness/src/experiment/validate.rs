//! Names inside an experiment file that must be those of its own parameters and metrics.

use super::{Experiment, FigureKind, FigureSpec};
use crate::machine;
use anyhow::{Context, Result, bail};
use registry::UnknownName;
use std::collections::BTreeSet;
use toml::{Table, Value};

/// Every parameter of what an experiment compares, such as `estimator.temperature`.
#[derive(Default)]
pub(super) struct Names {
    all: Vec<String>,
    /// Those whose values are numbers.
    numbers: Vec<String>,
}

impl Names {
    /// Adds the parameters of a variant.
    pub(super) fn add(&mut self, part: &str, parameters: &Table, keys: Vec<String>) {
        for key in keys {
            let name = format!("{part}.{key}");
            let is_number = |value: &Value| value.is_integer() || value.is_float();
            if parameters.get(&key).is_some_and(is_number) && !self.numbers.contains(&name) {
                self.numbers.push(name.clone());
            }
            if !self.all.contains(&name) {
                self.all.push(name);
            }
        }
    }

    /// `tuned` names parameters of estimators and optimizers.
    pub(super) fn check_tuned(&self, tuned: &[String]) -> Result<()> {
        let known: Vec<&String> =
            self.all.iter().filter(|name| !name.starts_with("task.")).collect();
        for name in tuned {
            if !known.contains(&name) {
                let known = known.iter().copied().cloned();
                return Err(UnknownName::new("parameter", name, known)).context("tuned");
            }
        }
        Ok(())
    }

    /// Selections of cells name kinds and parameters.
    pub(super) fn check_selections(&self, place: &'static str, all: &[Table]) -> Result<()> {
        for (part, values) in all.iter().flatten() {
            for key in values.as_table().into_iter().flat_map(Table::keys) {
                let name = format!("{part}.{key}");
                if key != "kind" && !self.all.contains(&name) {
                    let known = self.all.iter().cloned().chain([format!("{part}.kind")]);
                    return Err(UnknownName::new("parameter", &name, known)).context(place);
                }
            }
        }
        Ok(())
    }

    /// The axes of figures are parameters that are numbers.
    pub(super) fn check_axes(&self, figures: &[FigureSpec]) -> Result<()> {
        for FigureSpec { kind, x, rows, .. } in figures {
            if rows.is_some() != (*kind == FigureKind::HeatMap) {
                bail!("figure.rows: a heat-map needs it, and no other figure has it");
            }
            for (key, axis) in [("figure.x", Some(x)), ("figure.rows", rows.as_ref())] {
                let Some(axis) = axis.filter(|axis| !self.numbers.contains(axis)) else { continue };
                let known = self.numbers.iter().cloned();
                return Err(UnknownName::new("parameter", axis, known)).context(key);
            }
            if rows.as_ref() == Some(x) {
                bail!("figure.rows: `{x}` is along the horizontal axis already");
            }
        }
        Ok(())
    }
}

/// Rejects a list in which a value appears twice.
pub(super) fn check_unique<T: PartialEq>(
    key: &str,
    list: &[T],
    text: impl Fn(&T) -> String,
) -> Result<()> {
    let is_twice = |&(index, value): &(usize, &T)| list[..index].contains(value);
    match list.iter().enumerate().find(is_twice) {
        Some((_, value)) => bail!("{key}: `{}` appears twice", text(value)),
        None => Ok(()),
    }
}

/// Figures show only metrics that all tasks have, and no metric of a task has the name of a gradient
/// metric.
pub(super) fn check_measures(experiment: &Experiment) -> Result<()> {
    let mut seen = BTreeSet::new();
    // What is measured depends on the task only.
    for cell in experiment.cells.iter().filter(|cell| seen.insert(cell.task_index)) {
        let measures = experiment.measures(cell);
        let twice = measures.windows(2).find(|pair| pair[0].name == pair[1].name);
        if let Some([measure, _]) = twice {
            let (kind, name) = (cell.task.kind, measure.name);
            bail!("the metric `{name}` of task `{kind}` has the name of a gradient metric");
        }
        let chosen_by = measures.iter().filter_map(|measure| measure.chosen_by);
        for name in chosen_by {
            if !measures.iter().any(|measure| measure.name == name) {
                bail!("task `{}` has no metric `{name}` to choose by", cell.task.kind);
            }
        }
        for y in experiment.figures.iter().filter_map(|figure| figure.y.as_ref()) {
            if !measures.iter().any(|measure| measure.name == y) {
                let known = measures.iter().map(|measure| measure.name);
                let unknown = UnknownName::new("metric", y, known);
                return Err(unknown)
                    .with_context(|| format!("figure.y, task `{}`", cell.task.kind));
            }
        }
    }
    Ok(())
}

/// Copies of the numbers of a choice that a step has at least: logits, probabilities, noise, samples,
/// gradients.
const COPIES: u64 = 8;

/// Rejects a choice that does not fit into the memory of this machine, before anything is allocated.
pub(super) fn check_size(experiment: &Experiment) -> Result<()> {
    match machine::total_memory() {
        Some(memory) => check_sizes(experiment, memory),
        None => Ok(()),
    }
}

fn check_sizes(experiment: &Experiment, memory: u64) -> Result<()> {
    for task in &experiment.tasks {
        let dims = task.built.dims(experiment.batch);
        let numbers = [dims.batch, dims.latents, dims.categories, COPIES as usize];
        let bytes = numbers
            .iter()
            .fold(size_of::<f64>() as u64, |product, &count| product.saturating_mul(count as u64));
        if bytes > memory {
            let gigabytes = |bytes: u64| bytes.div_ceil(1_000_000_000);
            bail!(
                "task `{}`: a batch of {} rows with {} latents of {} categories needs {} GB or more, and this \
                 machine has {} GB; lower `batch`, `latents` or `categories`",
                task.kind,
                dims.batch,
                dims.latents,
                dims.categories,
                gigabytes(bytes),
                gigabytes(memory)
            );
        }
    }
    Ok(())
}

/// A threshold refers to a reference of the ranking metric of every task.
pub(super) fn check_threshold(experiment: &Experiment) -> Result<()> {
    let Some(threshold) = &experiment.threshold else { return Ok(()) };
    for (index, task) in experiment.tasks.iter().enumerate() {
        let metric = experiment.ranking_measure(index).name;
        let references = task.built.references().into_iter();
        let known: Vec<&str> =
            references.filter(|r| r.metric == metric).map(|reference| reference.name).collect();
        if !known.contains(&threshold.reference.as_str()) {
            let unknown = UnknownName::new("reference", &threshold.reference, known);
            return Err(unknown)
                .with_context(|| format!("threshold.reference, task `{}`", task.kind));
        }
    }
    Ok(())
}
