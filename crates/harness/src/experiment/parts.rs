//! What cells are made of: every kind is looked up and built once.

use super::cells::{Cell, EstimatorVariant, OptimizerVariant, TaskVariant};
use super::sections::{kind_of, tables};
use super::sweep::expand;
use super::tuning::Tuning;
use super::validate::Names;
use super::{schedules, selection};
use crate::Registries;
use anyhow::{Context, Result, bail};
use model::data::Folders;
use model::task::Load;
use registry::{Entry, Variant};
use std::collections::HashSet;
use std::sync::Arc;
use toml::{Table, Value};

/// The sections that cells are made of.
pub(super) struct Sections {
    pub(super) task: Option<Value>,
    pub(super) estimator: Option<Value>,
    pub(super) optimizer: Option<Value>,
}

/// What cells are made of, looked up and built.
pub(super) struct Parts {
    pub(super) tasks: Vec<Arc<TaskVariant>>,
    pub(super) estimators: Vec<Arc<EstimatorVariant>>,
    /// None where no steps are taken.
    pub(super) optimizers: Vec<Arc<OptimizerVariant>>,
    /// Every estimator with every optimizer, or with the settings of its grid.
    rivals: Vec<Rival>,
    /// Whether settings are those of grids.
    has_grids: bool,
    pub(super) names: Names,
}

/// An estimator and an optimizer of a setting.
struct Rival {
    estimator: Arc<EstimatorVariant>,
    optimizer: Option<Arc<OptimizerVariant>>,
    /// The parameters by which it differs from those that it competes with for being the best.
    tuned: Arc<[String]>,
}

/// How the best of several settings is chosen.
pub(super) enum Chosen<'a> {
    /// Among cells that differ in these parameters only.
    Among(&'a [String]),
    /// From a grid for each estimator.
    From(&'a Tuning),
}

impl Parts {
    pub(super) fn read(
        sections: Sections,
        folders: &Folders,
        steps: Option<u64>,
        chosen: &Chosen<'_>,
        registries: &Registries,
    ) -> Result<Self> {
        let Registries { estimators, tasks, optimizers } = registries;
        let mut names = Names::default();
        let tasks = read_variants("task", sections.task, None, steps, &mut names, |kind| {
            Ok(tasks.get(kind)?)
        })?;
        let load =
            |task: Variant<Box<dyn Load>>| task.try_map(|kind| kind.load(folders)).map(Arc::new);
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
        let estimators: Vec<_> = estimators.into_iter().map(Arc::new).collect();
        let optimizers: Vec<_> = optimizers.into_iter().map(Arc::new).collect();
        let mut parts =
            Self { tasks, estimators, optimizers, rivals: vec![], has_grids: false, names };
        match chosen {
            Chosen::Among(tuned) => parts.combine(tuned),
            Chosen::From(tuning) => parts.apply(tuning, steps, registries)?,
        }
        Ok(parts)
    }

    /// Every estimator with every optimizer.
    fn combine(&mut self, tuned: &[String]) {
        let tuned: Arc<[String]> = tuned.into();
        let optimizers: Vec<Option<Arc<OptimizerVariant>>> = match self.optimizers.as_slice() {
            [] => vec![None],
            optimizers => optimizers.iter().cloned().map(Some).collect(),
        };
        for estimator in &self.estimators {
            for optimizer in &optimizers {
                let (estimator, optimizer) = (Arc::clone(estimator), optimizer.clone());
                self.rivals.push(Rival { estimator, optimizer, tuned: Arc::clone(&tuned) });
            }
        }
    }

    /// Every estimator and every optimizer with the settings of the estimator's grid.
    fn apply(
        &mut self,
        tuning: &Tuning,
        steps: Option<u64>,
        registries: &Registries,
    ) -> Result<()> {
        self.has_grids = true;
        for estimator in &self.estimators {
            let entry = registries.estimators.get(estimator.kind)?;
            let grid = tuning.grid_of(estimator.kind, entry.about.family.name())?;
            let tuned: Arc<[String]> = grid.tuned().into();
            for optimizer in &self.optimizers {
                let of_optimizer = registries.optimizers.get(optimizer.kind)?;
                for setting in grid.settings()? {
                    let ours = with(entry, "estimator", estimator, setting.estimator, steps)?;
                    let theirs =
                        with(of_optimizer, "optimizer", optimizer, setting.optimizer, steps)?;
                    self.names.add("estimator", &ours.parameters, entry.keys());
                    self.names.add("optimizer", &theirs.parameters, of_optimizer.keys());
                    self.rivals.push(Rival {
                        estimator: Arc::new(ours),
                        optimizer: Some(Arc::new(theirs)),
                        tuned: Arc::clone(&tuned),
                    });
                }
            }
        }
        Ok(())
    }

    /// Leaves out the estimators that the command line does not name, if it names any.
    pub(super) fn keep(mut self, kept: &[String], registries: &Registries) -> Result<Self> {
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
            let is_kept = |kind: &str| kept.iter().any(|kept| kept == kind);
            self.estimators.retain(|variant| is_kept(variant.kind));
            self.rivals.retain(|rival| is_kept(rival.estimator.kind));
        }
        Ok(self)
    }

    /// The table of an estimator or optimizer without the parameters that a grid gives.
    pub(super) fn untuned(&self, part: &str, kind: &str, mut table: Table) -> Table {
        if !self.has_grids {
            return table;
        }
        for rival in &self.rivals {
            let is_of = match part {
                "estimator" => rival.estimator.kind == kind,
                _ => rival.optimizer.as_ref().is_some_and(|optimizer| optimizer.kind == kind),
            };
            for path in rival.tuned.iter().filter(|_| is_of) {
                if let Some((_, key)) = path.split_once('.').filter(|(of, _)| *of == part) {
                    table.remove(key);
                }
            }
        }
        table
    }

    /// Every task with every estimator and optimizer, but for those that are excluded.
    pub(super) fn cells(&self, excluded: &[Table]) -> Result<Vec<Cell>> {
        let count = self.tasks.len().saturating_mul(self.rivals.len());
        if count > MOST_CELLS {
            bail!(
                "{} tasks with {} estimators and optimizers are {count} cells; at most {MOST_CELLS} are \
                 supported",
                self.tasks.len(),
                self.rivals.len()
            );
        }
        let mut cells = vec![];
        for (task_index, task) in self.tasks.iter().enumerate() {
            for Rival { estimator, optimizer, tuned } in &self.rivals {
                let (task, estimator) = (Arc::clone(task), Arc::clone(estimator));
                let (optimizer, tuned) = (optimizer.clone(), Arc::clone(tuned));
                let cell = Cell { task_index, task, estimator, optimizer, tuned };
                if !excluded.iter().any(|table| selection::selects(table, &cell)) {
                    cells.push(cell);
                }
            }
        }
        if cells.is_empty() {
            bail!("nothing is left to run: every cell is excluded");
        }
        Ok(cells)
    }
}

/// The most cells of an experiment.
const MOST_CELLS: usize = 1_000_000;

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
    let mut seen = HashSet::new();
    for table in tables(what, section)? {
        let (kind, parameters) = kind_of(what, table, default_kind)?;
        let entry = find(&kind)?;
        let schema = entry.schema();
        for mut parameters in expand(parameters).with_context(|| format!("{what} `{kind}`"))? {
            schedules::complete(&schema, &mut parameters, steps);
            let variant = entry.variant(parameters)?;
            schedules::check(&schema, &variant, steps).with_context(|| what)?;
            if !seen.insert((kind.clone(), variant.parameters.to_string())) {
                bail!("{what} `{}` appears twice", variant.label());
            }
            names.add(what, &variant.parameters, entry.keys());
            variants.push(variant);
        }
    }
    Ok(variants)
}

/// A variant with the values of a setting beside those that were given.
fn with<T, A>(
    entry: &Entry<T, A>,
    what: &'static str,
    variant: &Variant<impl Sized>,
    setting: Table,
    steps: Option<u64>,
) -> Result<Variant<T>> {
    let given = variant.given.iter();
    let mut parameters: Table =
        given.filter_map(|key| Some((key.clone(), variant.parameters.get(key)?.clone()))).collect();
    if let Some(key) = setting.keys().find(|key| parameters.contains_key(*key)) {
        bail!(
            "tuning.grid.{what}.{key}: `{}` gives a value of its own; a value is either given or tuned",
            variant.label()
        );
    }
    parameters.extend(setting);
    let schema = entry.schema();
    schedules::complete(&schema, &mut parameters, steps);
    let variant = entry.variant(parameters).context("tuning.grid")?;
    schedules::check(&schema, &variant, steps).with_context(|| what)?;
    Ok(variant)
}
