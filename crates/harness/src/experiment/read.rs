//! From an experiment file to an experiment: overrides, defaults and sweeps are resolved, and every
//! kind is looked up and built once.

use super::expected::{read_spec, read_values};
use super::file::{ExpectedSpec, FigureSpec, File, GradientPlan, MOST_STEPS, within};
use super::overrides::{Overrides, assign};
use super::protocol::Protocol;
use super::sweep::expand;
use super::validate::Names;
use super::written::{Resolved, written};
use super::{Cell, EstimatorVariant, Experiment, OptimizerVariant, TaskVariant};
use super::{schedules, selection, validate};
use crate::Registries;
use anyhow::{Context, Result, bail};
use estimators::Fault;
use model::task::Load;
use registry::{Entry, Variant, parse};
use std::path::Path;
use std::sync::Arc;
use toml::{Table, Value};

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
    let file: File = parse(table)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let protocol = Protocol::read(file.protocol.clone())?;
    let plain = Plain::read(&file, &protocol)?;
    let words = File { question: file.question, reading: file.reading, ..File::default() };
    let gradient = read_gradient(file.gradient)?;
    let parts = Parts::read(
        Sections { task: file.task, estimator: file.estimator, optimizer: file.optimizer },
        folder,
        plain.steps,
        registries,
    )?;
    let excluded = read_excluded(file.exclude)?;
    let figures = read_figures(file.figure)?;
    // Before estimators are left out: a name may belong to one of those.
    parts.names.check_tuned(&plain.tuned)?;
    parts.names.check_selections("exclude", &excluded)?;
    parts.names.check_selections("protocol.cells", &protocol.selections())?;
    parts.names.check_axes(&figures)?;
    let parts = parts.keep(&overrides.estimators, registries)?;
    let cells = parts.cells(&excluded)?;
    let is_part = !overrides.estimators.is_empty() || !overrides.set.is_empty();
    if !is_part {
        protocol.check_selections(&cells)?;
    }
    let expected = read_spec(file.expected)?;
    let read = |spec: &ExpectedSpec| read_values(spec, folder, &cells, is_part);
    let values = expected.as_ref().map(read).transpose()?.unwrap_or_default();
    let resolved = written(&Resolved {
        words: &words,
        plain: &plain,
        protocol: &protocol,
        gradient,
        parts: &parts,
        excluded: &excluded,
        figures: &figures,
        expected: expected.as_ref(),
    })?;
    let kinds = registries.estimators.entries().iter();
    let experiment = Experiment {
        name: path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        path: path.to_owned(),
        question: words.question,
        reading: words.reading.trim().to_owned(),
        protocol,
        seeds: plain.seeds,
        steps: plain.steps.unwrap_or(0),
        evaluate_every: plain.evaluate_every,
        batch: plain.batch,
        gradient,
        tuned: plain.tuned,
        cells,
        tasks: parts.tasks,
        figures,
        expected_source: expected.map(|spec| spec.source),
        expected: values,
        families: kinds.map(|entry| (entry.name, entry.about.family.name())).collect(),
        resolved,
    };
    validate::check_measures(&experiment)?;
    Ok(experiment)
}

/// The single values of a file, with their defaults.
pub(super) struct Plain {
    pub(super) seeds: u64,
    pub(super) batch: usize,
    /// Absent where no steps are taken.
    pub(super) steps: Option<u64>,
    pub(super) evaluate_every: u64,
    pub(super) tuned: Vec<String>,
}

impl Plain {
    fn read(file: &File, protocol: &Protocol) -> Result<Self> {
        let trains = *protocol == Protocol::Training;
        if !trains {
            reject_training_keys(file)?;
        }
        let (seeds, batch) = (file.seeds.unwrap_or(10), file.batch.unwrap_or(128));
        let (steps, every) = (file.steps.unwrap_or(2000), file.evaluate_every.unwrap_or(50));
        within("seeds", seeds, 1..=100_000)?;
        within("batch", batch, 1..=1_000_000)?;
        within("steps", steps, 1..=MOST_STEPS)?;
        within("evaluate-every", every, 1..=MOST_STEPS)?;
        let tuned = file.tuned.clone();
        Ok(Self {
            seeds,
            batch: batch as usize,
            steps: trains.then_some(steps),
            evaluate_every: every,
            tuned: match trains {
                true => tuned.unwrap_or_else(|| vec!["optimizer.learning-rate".to_owned()]),
                false => vec![],
            },
        })
    }
}

/// Keys that say how to train are an error where nothing is trained.
fn reject_training_keys(file: &File) -> Result<()> {
    let given = [
        ("steps", file.steps.is_some()),
        ("evaluate-every", file.evaluate_every.is_some()),
        ("tuned", file.tuned.is_some()),
        ("optimizer", file.optimizer.is_some()),
        ("gradient", file.gradient.is_some()),
    ];
    match given.into_iter().find(|&(_, is_given)| is_given) {
        Some((key, _)) => {
            bail!("`{key}` says how to train, but the protocol `gradient` takes no steps")
        }
        None => Ok(()),
    }
}

fn read_gradient(section: Option<Value>) -> Result<Option<GradientPlan>> {
    let Some(section) = section else { return Ok(None) };
    let plan: GradientPlan = parse(one_table("gradient", section)?).context("gradient")?;
    within("gradient.every", plan.every, 1..=MOST_STEPS)?;
    within("gradient.draws", plan.draws as u64, 2..=1_000_000)?;
    Ok(Some(plan))
}

/// The sections that cells are made of.
struct Sections {
    task: Option<Value>,
    estimator: Option<Value>,
    optimizer: Option<Value>,
}

/// What cells are made of, looked up and built.
pub(super) struct Parts {
    pub(super) tasks: Vec<Arc<TaskVariant>>,
    pub(super) estimators: Vec<Arc<EstimatorVariant>>,
    /// None where no steps are taken.
    pub(super) optimizers: Vec<Arc<OptimizerVariant>>,
    names: Names,
}

impl Parts {
    fn read(
        sections: Sections,
        folder: &Path,
        steps: Option<u64>,
        registries: &Registries,
    ) -> Result<Self> {
        let Registries { estimators, tasks, optimizers } = registries;
        let mut names = Names::default();
        let tasks = read_variants("task", sections.task, None, steps, &mut names, |kind| {
            Ok(tasks.get(kind)?)
        })?;
        let load =
            |task: Variant<Box<dyn Load>>| task.try_map(|kind| kind.load(folder)).map(Arc::new);
        let tasks = tasks.into_iter().map(load).collect::<Result<_, _>>()?;
        let estimators =
            read_variants("estimator", sections.estimator, None, steps, &mut names, |kind| {
                Ok(estimators.get(kind)?)
            })?;
        let optimizers = match steps {
            None => vec![],
            Some(_) => {
                let section = sections.optimizer.unwrap_or_else(|| Value::Table(Table::new()));
                let default = Some("adam");
                read_variants("optimizer", Some(section), default, steps, &mut names, |kind| {
                    Ok(optimizers.get(kind)?)
                })?
            }
        };
        let estimators = estimators.into_iter().map(Arc::new).collect();
        let optimizers = optimizers.into_iter().map(Arc::new).collect();
        Ok(Self { tasks, estimators, optimizers, names })
    }

    /// Leaves out the estimators that the command line does not name, if it names any.
    fn keep(mut self, kept: &[String], registries: &Registries) -> Result<Self> {
        for kind in kept {
            registries.estimators.get(kind)?;
            if !self.estimators.iter().any(|variant| variant.kind == kind) {
                let mut there: Vec<&str> = vec![];
                for variant in &self.estimators {
                    if !there.contains(&variant.kind) {
                        there.push(variant.kind);
                    }
                }
                let there = there.join(", ");
                bail!("--estimator {kind}: the experiment has none of that kind; it has {there}");
            }
        }
        if !kept.is_empty() {
            self.estimators.retain(|variant| kept.iter().any(|kind| kind == variant.kind));
        }
        Ok(self)
    }

    /// Every task with every estimator and every optimizer, but for those that are excluded.
    fn cells(&self, excluded: &[Table]) -> Result<Vec<Cell>> {
        let optimizers: Vec<Option<&Arc<OptimizerVariant>>> = match self.optimizers.as_slice() {
            [] => vec![None],
            optimizers => optimizers.iter().map(Some).collect(),
        };
        let mut cells = vec![];
        for (task_index, task) in self.tasks.iter().enumerate() {
            for estimator in &self.estimators {
                for optimizer in &optimizers {
                    let (task, estimator) = (Arc::clone(task), Arc::clone(estimator));
                    let cell = Cell { task_index, task, estimator, optimizer: optimizer.cloned() };
                    if !excluded.iter().any(|table| selection::selects(table, &cell)) {
                        cells.push(cell);
                    }
                }
            }
        }
        if cells.is_empty() {
            bail!("nothing is left to run: every cell is excluded");
        }
        Ok(cells)
    }
}

/// The variants of a section: its tables, with sweeps expanded.
fn read_variants<'a, T: 'a, A: 'a>(
    what: &'static str,
    section: Option<Value>,
    default_kind: Option<&str>,
    steps: Option<u64>,
    names: &mut Names,
    find: impl Fn(&str) -> Result<&'a Entry<T, A>>,
) -> Result<Vec<Variant<T>>> {
    let mut variants: Vec<Variant<T>> = vec![];
    for table in tables(what, section)? {
        let (kind, parameters) = kind_of(what, table, default_kind)?;
        let entry = find(&kind)?;
        let schema = entry.schema();
        for mut parameters in expand(parameters).with_context(|| format!("{what} `{kind}`"))? {
            schedules::complete(&schema, &mut parameters, steps);
            let variant = entry.variant(parameters)?;
            schedules::check(&schema, &variant, steps).with_context(|| what)?;
            if variants.iter().any(|other| other.is_same(&variant)) {
                bail!("{what} `{}` is given twice", variant.label());
            }
            names.add(what, &variant.parameters, entry.keys());
            variants.push(variant);
        }
    }
    Ok(variants)
}

fn read_excluded(section: Option<Value>) -> Result<Vec<Table>> {
    let Some(section) = section else { return Ok(vec![]) };
    let excluded = tables("exclude", Some(section))?;
    excluded.iter().try_for_each(|table| selection::check("exclude", table))?;
    Ok(excluded)
}

fn read_figures(section: Option<Value>) -> Result<Vec<FigureSpec>> {
    let Some(section) = section else { return Ok(vec![]) };
    let read = |table| parse(table).context("figure");
    tables("figure", Some(section))?.into_iter().map(read).collect()
}

/// The tables of a section: one, or a list of them.
fn tables(key: &'static str, section: Option<Value>) -> Result<Vec<Table>> {
    match section {
        Some(Value::Table(table)) => Ok(vec![table]),
        Some(Value::Array(all)) if !all.is_empty() => {
            all.into_iter().map(|value| one_table(key, value)).collect()
        }
        Some(other) => Err(Fault::value(key, other, "a table or a list of tables").into()),
        None => bail!("there is no [{key}]; at least one is needed, such as kind = \"…\""),
    }
}

fn one_table(key: &str, value: Value) -> Result<Table> {
    match value {
        Value::Table(table) => Ok(table),
        other => Err(Fault::value(key, other, "a table").into()),
    }
}

fn kind_of(what: &str, mut table: Table, default: Option<&str>) -> Result<(String, Table)> {
    match (table.remove("kind"), default) {
        (Some(Value::String(kind)), _) => Ok((kind, table)),
        (Some(other), _) => Err(Fault::value(&format!("{what}.kind"), other, "a name").into()),
        (None, Some(default)) => Ok((default.to_owned(), table)),
        (None, None) => {
            bail!("an entry of [{what}] has no kind; `list {what}s` shows the known ones")
        }
    }
}
