//! Names inside an experiment file that have to be those of its own parameters and metrics.

use super::{Choice, Experiment, FigureSpec, LoadedTask, optimizer};
use crate::Registries;
use crate::execute::{QUALITIES, refusal};
use anyhow::{Context, Result};
use kernels::Noise;
use registry::{UnknownName, keys};
use toml::{Table, Value};

/// Every parameter of what an experiment compares, as `estimator.temperature`.
pub(super) struct Names {
    all: Vec<String>,
    /// Those whose values are numbers.
    numbers: Vec<String>,
}

impl Names {
    /// The parameters of these choices.
    ///
    /// # Errors
    /// If a kind is not registered.
    pub(super) fn new(
        tasks: &[LoadedTask],
        estimators: &[Choice],
        optimizers: &[Choice],
        registries: &Registries,
    ) -> Result<Self> {
        let mut names = Self { all: vec![], numbers: vec![] };
        for choice in estimators {
            let schema = registries.estimators.get(&choice.kind)?.schema();
            names.add("estimator", choice, keys(&schema));
        }
        for choice in optimizers {
            names.add("optimizer", choice, choice.parameters.keys().cloned().collect());
        }
        for choice in tasks.iter().map(|task| &task.choice) {
            let schema = registries.tasks.get(&choice.kind)?.schema();
            names.add("task", choice, keys(&schema));
        }
        Ok(names)
    }

    fn add(&mut self, part: &str, choice: &Choice, keys: Vec<String>) {
        for key in keys {
            let name = format!("{part}.{key}");
            let is_number = |value: &Value| value.is_integer() || value.is_float();
            if choice.parameters.get(&key).is_some_and(is_number) && !self.numbers.contains(&name) {
                self.numbers.push(name.clone());
            }
            if !self.all.contains(&name) {
                self.all.push(name);
            }
        }
    }

    /// `tuned` names parameters of estimators and optimisers.
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
        for FigureSpec { x, .. } in figures {
            if !self.numbers.contains(x) {
                let known = self.numbers.iter().cloned();
                return Err(UnknownName::new("parameter", x, known)).context("figure.x");
            }
        }
        Ok(())
    }
}

/// Figures show metrics that a task has. Which those are, a network at its beginning says: it is
/// asked only if there are figures.
pub(super) fn check_metrics(experiment: &Experiment, registries: &Registries) -> Result<()> {
    if experiment.figures.is_empty() {
        return Ok(());
    }
    let takes_steps = experiment.takes_steps();
    let mut known = if takes_steps { of_tasks(experiment, registries)? } else { vec![] };
    if !takes_steps || experiment.gradient.is_some() {
        known.extend(QUALITIES.map(str::to_owned));
    }
    for FigureSpec { y, .. } in &experiment.figures {
        if !known.is_empty() && !known.contains(y) {
            return Err(UnknownName::new("metric", y, known)).context("figure.y");
        }
    }
    Ok(())
}

/// The metrics of an experiment's tasks.
fn of_tasks(experiment: &Experiment, registries: &Registries) -> Result<Vec<String>> {
    let (mut known, mut asked): (Vec<String>, Vec<usize>) = (vec![], vec![]);
    for cell in &experiment.cells {
        if asked.contains(&cell.task) {
            continue;
        }
        let task = &experiment.tasks[cell.task].task;
        let mut training = task.start(0, experiment.batch, optimizer(&cell.optimizer))?;
        let entry = registries.estimators.get(&cell.estimator.kind)?;
        let mut estimator = entry.build(cell.estimator.parameters.clone())?.build_f32();
        if refusal(&*estimator, training.dims(), training.domain()).is_some() {
            continue;
        }
        asked.push(cell.task);
        let metrics = training.evaluate(&mut *estimator, &mut Noise::named(&["metrics"]))?;
        for name in metrics.iter().map(|metric| metric.name) {
            if !known.iter().any(|other| other == name) {
                known.push(name.to_owned());
            }
        }
    }
    Ok(known)
}
