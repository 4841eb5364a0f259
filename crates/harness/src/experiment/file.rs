//! The keys of an experiment file.

use super::expand::expand;
use super::expected::{Cells, read_spec, read_values};
use super::names::Names;
use super::protocol::{OF_TRAINING, Protocol};
use super::selection;
use super::set::assign;
use super::{Cell, Choice, ExpectedSpec, Experiment, LoadedTask};
use crate::Registries;
use anyhow::{Context, Result, bail};
use registry::{Fault, UnknownName, parse};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;
use std::path::Path;
use toml::{Table, Value};

/// The keys that hold one value each.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Plain {
    /// What is asked.
    pub(crate) question: String,
    /// What an engineer should make of the answer; written after looking, printed by the report.
    pub(crate) reading: String,
    /// Runs of each cell, with seeds from 0: from 1 up; 5 at least for a comparison.
    pub(crate) seeds: u64,
    /// Steps of a run: from 1 up.
    pub(crate) steps: u64,
    /// Steps between evaluations: from 1 up.
    pub(crate) evaluate_every: u64,
    /// Rows of a batch: from 1 up.
    pub(crate) batch: usize,
    /// Parameters over which the best cell of each estimator is chosen, by the headline metric.
    pub(crate) tuned: Vec<String>,
}

impl Default for Plain {
    fn default() -> Self {
        Self {
            question: String::new(),
            reading: String::new(),
            seeds: 10,
            steps: 2000,
            evaluate_every: 50,
            batch: 128,
            tuned: vec!["optimizer.learning-rate".to_owned()],
        }
    }
}

/// How the estimate is held against the exact gradient along training.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct GradientPlan {
    /// Steps between measurements: from 1 up.
    pub every: u64,
    /// Estimates a measurement: from 2 up.
    pub draws: usize,
}

impl Default for GradientPlan {
    fn default() -> Self {
        Self { every: 200, draws: 256 }
    }
}

/// A figure beside the standard ones.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FigureSpec {
    /// What is drawn: `sensitivity`.
    pub kind: FigureKind,
    /// The parameter along the axis, such as `estimator.temperature`.
    pub x: String,
    /// The metric: `validation-loss` unless said otherwise.
    #[serde(default = "headline")]
    pub y: String,
}

fn headline() -> String {
    "validation-loss".to_owned()
}

/// Kinds of figures that can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FigureKind {
    /// A metric against a parameter.
    Sensitivity,
}

/// The parameters of Adam.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Adam {
    /// Step size: above 0.
    learning_rate: f64,
    /// Decay of the mean of gradients: from 0 up, below 1.
    beta1: f64,
    /// Decay of the mean of squared gradients: from 0 up, below 1.
    beta2: f64,
    /// Added to the root: above 0.
    epsilon: f64,
}

impl Default for Adam {
    fn default() -> Self {
        Self { learning_rate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }
    }
}

/// The parameters of stochastic gradient descent.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Sgd {
    /// Step size: above 0.
    learning_rate: f64,
    /// Share of the last step that is taken again: from 0 up, below 1.
    momentum: f64,
}

impl Default for Sgd {
    fn default() -> Self {
        Self { learning_rate: 0.01, momentum: 0.0 }
    }
}

/// What the command line changes of an experiment.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// Runs of each cell.
    pub seeds: Option<u64>,
    /// Estimators to keep.
    pub estimators: Vec<String>,
    /// `key.path=value`.
    pub set: Vec<String>,
}

/// Keys that hold tables.
const TABLES: [&str; 8] =
    ["protocol", "task", "estimator", "optimizer", "gradient", "figure", "exclude", "expected"];

/// Makes an experiment of its file's table.
pub(super) fn resolve(
    path: &Path,
    mut table: Table,
    overrides: &Overrides,
    registries: &Registries,
) -> Result<Experiment> {
    for assignment in &overrides.set {
        assign(&mut table, assignment)?;
    }
    if let Some(seeds) = overrides.seeds {
        table.insert("seeds".to_owned(), Value::Integer(seeds.try_into().unwrap_or(i64::MAX)));
    }
    let protocol = Protocol::take(&mut table)?;
    let tables: Vec<(String, Value)> =
        TABLES.iter().filter_map(|&key| table.remove_entry(key)).collect();
    let mut parts = Table::from_iter(tables);
    let plain = read_plain(table)?;
    let gradient = read_gradient(parts.remove("gradient"))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let tasks = read_tasks(parts.remove("task"), folder, registries)?;
    let optimizers = match &protocol {
        Protocol::Training => read_optimizers(parts.remove("optimizer"))?,
        Protocol::Gradient(_) => vec![Choice::nothing()],
    };
    let mut estimators = read_estimators(parts.remove("estimator"), registries)?;
    let excluded = read_excluded(parts.remove("exclude"))?;
    let figures = read_figures(parts.remove("figure"))?;
    // Before estimators are left out: a name may be of one of those.
    let names = Names::new(&tasks, &estimators, &optimizers, registries)?;
    if protocol == Protocol::Training {
        names.check_tuned(&plain.tuned)?;
    }
    names.check_selections("exclude", &excluded)?;
    names.check_selections("protocol.cells", &protocol.selections())?;
    names.check_axes(&figures)?;
    keep(&mut estimators, &overrides.estimators, registries)?;
    let mut cells = vec![];
    for task in 0..tasks.len() {
        for estimator in &estimators {
            for optimizer in &optimizers {
                let cell =
                    Cell { task, estimator: estimator.clone(), optimizer: optimizer.clone() };
                if !excluded.iter().any(|exclude| selection::is_about(exclude, &cell, &tasks)) {
                    cells.push(cell);
                }
            }
        }
    }
    if cells.is_empty() {
        bail!("nothing is left to run: every cell is excluded");
    }
    let partial = !overrides.estimators.is_empty() || !overrides.set.is_empty();
    if !partial {
        protocol.check_selections(&cells, &tasks)?;
    }
    let expected = read_spec(parts.remove("expected"))?;
    let values = match &expected {
        None => vec![],
        Some(spec) => read_values(spec, folder, &Cells { cells: &cells, tasks: &tasks, partial })?,
    };
    let resolved = describe(&Resolved {
        plain: &plain,
        protocol: &protocol,
        gradient,
        tasks: &tasks,
        estimators: &estimators,
        optimizers: &optimizers,
        excluded: &excluded,
        figures: &figures,
        expected: expected.as_ref(),
    })?;
    let takes_steps = protocol == Protocol::Training;
    let experiment = Experiment {
        name: path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        path: path.to_owned(),
        question: plain.question,
        reading: plain.reading.trim().to_owned(),
        protocol,
        seeds: plain.seeds,
        steps: if takes_steps { plain.steps } else { 0 },
        evaluate_every: plain.evaluate_every,
        batch: plain.batch,
        gradient,
        tuned: plain.tuned,
        cells,
        tasks,
        figures,
        expected_source: expected.map(|spec| spec.source),
        expected: values,
        resolved,
    };
    super::names::check_metrics(&experiment, registries)?;
    Ok(experiment)
}

fn read_plain(table: Table) -> Result<Plain> {
    let known = || {
        let schema = schemars::schema_for!(Plain);
        let keys = schema.get("properties").and_then(|keys| keys.as_object()).cloned();
        keys.unwrap_or_default().into_iter().map(|(key, _)| key).chain(TABLES.map(str::to_owned))
    };
    let plain: Plain = parse(table).map_err(|fault| match fault {
        Fault::Key(unknown) => Fault::Key(UnknownName::new("key", &unknown.name, known())),
        fault => fault,
    })?;
    within("seeds", plain.seeds, 1..=100_000)?;
    within("steps", plain.steps, 1..=MOST_STEPS)?;
    within("evaluate-every", plain.evaluate_every, 1..=MOST_STEPS)?;
    within("batch", plain.batch as u64, 1..=1_000_000)?;
    Ok(plain)
}

pub(super) const MOST_STEPS: u64 = 1_000_000_000;

pub(super) fn within(key: &str, value: u64, range: RangeInclusive<u64>) -> Result<(), Fault> {
    let allowed = format!("a whole number from {} to {}", range.start(), range.end());
    if range.contains(&value) { Ok(()) } else { Err(Fault::value(key, value, allowed)) }
}

fn read_gradient(value: Option<Value>) -> Result<Option<GradientPlan>> {
    let Some(value) = value else { return Ok(None) };
    let plan: GradientPlan = parse(one_table("gradient", value)?).context("gradient")?;
    within("gradient.every", plan.every, 1..=MOST_STEPS)?;
    within("gradient.draws", plan.draws as u64, 2..=1_000_000)?;
    Ok(Some(plan))
}

fn read_tasks(
    value: Option<Value>,
    folder: &Path,
    registries: &Registries,
) -> Result<Vec<LoadedTask>> {
    let mut tasks = vec![];
    for table in tables("task", value)? {
        let (kind, parameters) = kind_of("task", table)?;
        let entry = registries.tasks.get(&kind)?;
        for parameters in expand(parameters).with_context(|| format!("task `{kind}`"))? {
            let named = parameters.keys().cloned().collect();
            let variant = entry.variant(parameters)?;
            let task = variant.built.load(folder)?;
            let choice = Choice { kind: kind.clone(), parameters: variant.parameters, named };
            tasks.push(LoadedTask { choice, task });
        }
    }
    Ok(tasks)
}

fn read_estimators(value: Option<Value>, registries: &Registries) -> Result<Vec<Choice>> {
    let mut choices: Vec<Choice> = vec![];
    for table in tables("estimator", value)? {
        let (kind, parameters) = kind_of("estimator", table)?;
        let entry = registries.estimators.get(&kind)?;
        for parameters in expand(parameters).with_context(|| format!("estimator `{kind}`"))? {
            let named = parameters.keys().cloned().collect();
            let choice = Choice {
                kind: kind.clone(),
                parameters: entry.variant(parameters)?.parameters,
                named,
            };
            if choices
                .iter()
                .any(|other| other.kind == kind && other.parameters == choice.parameters)
            {
                bail!("estimator `{}` is there twice", choice.label());
            }
            choices.push(choice);
        }
    }
    Ok(choices)
}

/// Leaves out the estimators that the command line does not name, if it names any.
fn keep(choices: &mut Vec<Choice>, kept: &[String], registries: &Registries) -> Result<()> {
    for kind in kept {
        registries.estimators.get(kind)?;
        if !choices.iter().any(|choice| choice.kind == *kind) {
            let there: Vec<&str> = choices.iter().map(|choice| choice.kind.as_str()).collect();
            bail!(
                "--estimator {kind}: the experiment has none of that kind; it has {}",
                distinct(&there)
            );
        }
    }
    if !kept.is_empty() {
        choices.retain(|choice| kept.contains(&choice.kind));
    }
    Ok(())
}

fn distinct(words: &[&str]) -> String {
    let mut seen: Vec<&str> = vec![];
    for word in words {
        if !seen.contains(word) {
            seen.push(word);
        }
    }
    seen.join(", ")
}

fn read_optimizers(value: Option<Value>) -> Result<Vec<Choice>> {
    let value = value.unwrap_or_else(|| Value::Table(Table::new()));
    let mut choices = vec![];
    for mut table in tables("optimizer", Some(value))? {
        let kind = match table.remove("kind") {
            None => "adam".to_owned(),
            Some(Value::String(kind)) => kind,
            Some(other) => bail!("{}", Fault::value("optimizer.kind", other, "adam, sgd")),
        };
        for parameters in expand(table).context("optimizer")? {
            let named = parameters.keys().cloned().collect();
            let resolved = match kind.as_str() {
                "adam" => Table::try_from(parse::<Adam>(parameters).context("optimizer")?),
                "sgd" => Table::try_from(parse::<Sgd>(parameters).context("optimizer")?),
                _ => return Err(UnknownName::new("optimizer", &kind, ["adam", "sgd"]).into()),
            }?;
            check_optimizer(&resolved)?;
            choices.push(Choice { kind: kind.clone(), parameters: resolved, named });
        }
    }
    Ok(choices)
}

fn check_optimizer(parameters: &Table) -> Result<(), Fault> {
    for (key, value) in parameters {
        let x = value.as_float().unwrap_or(f64::NAN);
        let (holds, allowed) = match key.as_str() {
            "learning-rate" | "epsilon" => (x > 0.0 && x.is_finite(), "a number above 0"),
            _ => ((0.0..1.0).contains(&x), "a number from 0 up, below 1"),
        };
        if !holds {
            return Err(Fault::value(&format!("optimizer.{key}"), value, allowed));
        }
    }
    Ok(())
}

fn read_excluded(value: Option<Value>) -> Result<Vec<Table>> {
    let Some(value) = value else { return Ok(vec![]) };
    let excluded = tables("exclude", Some(value))?;
    excluded.iter().try_for_each(|table| selection::check("exclude", table))?;
    Ok(excluded)
}

fn read_figures(value: Option<Value>) -> Result<Vec<FigureSpec>> {
    let Some(value) = value else { return Ok(vec![]) };
    tables("figure", Some(value))?.into_iter().map(|table| parse(table).context("figure")).collect()
}

/// The tables under a key: one, or a list of them.
fn tables(key: &'static str, value: Option<Value>) -> Result<Vec<Table>> {
    match value {
        Some(Value::Table(table)) => Ok(vec![table]),
        Some(Value::Array(all)) if !all.is_empty() => {
            all.into_iter().map(|value| one_table(key, value)).collect()
        }
        Some(other) => Err(Fault::value(key, other, "a table, or a list of tables").into()),
        None => bail!("there is no [{key}]; one at least is needed, as kind = \"…\""),
    }
}

fn one_table(key: &str, value: Value) -> Result<Table> {
    match value {
        Value::Table(table) => Ok(table),
        other => Err(Fault::value(key, other, "a table").into()),
    }
}

fn kind_of(what: &str, mut table: Table) -> Result<(String, Table)> {
    match table.remove("kind") {
        Some(Value::String(kind)) => Ok((kind, table)),
        Some(other) => Err(Fault::value(&format!("{what}.kind"), other, "a name").into()),
        None => bail!("an entry of [{what}] has no kind; `list {what}s` shows what there is"),
    }
}

/// The parts of an experiment, all with their values.
struct Resolved<'a> {
    plain: &'a Plain,
    protocol: &'a Protocol,
    gradient: Option<GradientPlan>,
    tasks: &'a [LoadedTask],
    estimators: &'a [Choice],
    optimizers: &'a [Choice],
    excluded: &'a [Table],
    figures: &'a [FigureSpec],
    expected: Option<&'a ExpectedSpec>,
}

/// The experiment with everything resolved, in the form of an experiment file.
fn describe(parts: &Resolved<'_>) -> Result<Table> {
    let entry = |choice: &Choice| {
        let mut table = Table::new();
        table.insert("kind".to_owned(), Value::String(choice.kind.clone()));
        table.extend(choice.parameters.clone());
        Value::Table(table)
    };
    let list = |choices: &mut dyn Iterator<Item = Value>| Value::Array(choices.collect());
    let mut table = Table::try_from(parts.plain)?;
    let mut put = |key: &str, value: Value| table.insert(key.to_owned(), value);
    if let Some(gradient) = parts.gradient {
        put("gradient", Value::try_from(gradient)?);
    }
    put("task", list(&mut parts.tasks.iter().map(|task| entry(&task.choice))));
    put("estimator", list(&mut parts.estimators.iter().map(entry)));
    if !parts.excluded.is_empty() {
        put("exclude", list(&mut parts.excluded.iter().cloned().map(Value::Table)));
    }
    if !parts.figures.is_empty() {
        put("figure", Value::try_from(parts.figures)?);
    }
    if let Some(expected) = parts.expected {
        put("expected", Value::try_from(expected)?);
    }
    match parts.protocol.table()? {
        None => drop(put("optimizer", list(&mut parts.optimizers.iter().map(entry)))),
        Some(protocol) => {
            put("protocol", Value::Table(protocol));
            OF_TRAINING.iter().for_each(|key| drop(table.remove(*key)));
        }
    }
    Ok(table)
}
