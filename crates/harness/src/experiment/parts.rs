//! What cells are made of: every kind is looked up and built once.

use super::cells::{Cell, EstimatorVariant, OptimizerVariant, TaskVariant};
use super::sections::{kind_of, tables};
use super::sweep::expand;
use super::validate::Names;
use super::{schedules, selection};
use crate::Registries;
use anyhow::{Context, Result, bail};
use model::task::Load;
use registry::{Entry, Variant};
use std::path::Path;
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
    pub(super) names: Names,
}

impl Parts {
    pub(super) fn read(
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
            self.estimators.retain(|variant| kept.iter().any(|kind| kind == variant.kind));
        }
        Ok(self)
    }

    /// Every task with every estimator and every optimizer, but for those that are excluded.
    pub(super) fn cells(&self, excluded: &[Table]) -> Result<Vec<Cell>> {
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
                bail!("{what} `{}` appears twice", variant.label());
            }
            names.add(what, &variant.parameters, entry.keys());
            variants.push(variant);
        }
    }
    Ok(variants)
}
