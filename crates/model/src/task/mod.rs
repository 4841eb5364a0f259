//! Tasks: one file each, and their registry.

mod argmax_index;
mod bernoulli_toy;
mod categorical_vae;

pub use argmax_index::ArgmaxIndex;
pub use bernoulli_toy::BernoulliToy;
pub use categorical_vae::{CategoricalVae, RandomImages};

use crate::{Error, Probe, Result, Training};
use estimators::{Fault, UnknownName, fault};
use kernels::Optimizer;
use schemars::{JsonSchema, Schema};
use serde::{Serialize, de::DeserializeOwned};
use std::path::Path;
use std::sync::Arc;

/// A task with its data: whatever trains on it, for any seed.
pub trait Task: Send + Sync {
    /// A network at its beginning, and its data, for a seed.
    ///
    /// # Errors
    /// If the device is out of memory.
    fn start(&self, seed: u64, batch: usize, optimizer: Optimizer) -> Result<Box<dyn Training>>;

    /// Where the gradient is measured without training: the batch of step 0 at the parameters that a
    /// seed begins with, in double precision.
    ///
    /// # Errors
    /// If the device is out of memory.
    fn place(&self, seed: u64, batch: usize) -> Result<Box<dyn Probe<f64>>>;

    /// What the data is, where it does not follow from the parameters: a hash of the files that
    /// were read.
    fn data_digest(&self) -> Option<String> {
        None
    }
}

/// A task's parameters: its TOML table, and how to load it.
///
/// The documentation comment of the type is its page in `list tasks`, those of its fields describe
/// its parameters.
pub trait TaskKind:
    Clone + Default + Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static
{
    /// Its name in experiment files.
    const NAME: &'static str;
    /// What is learned, in a line.
    const SUMMARY: &'static str;
    /// Raised when the same parameters come to mean other numbers.
    const VERSION: u32;

    /// Refuses values that cannot be.
    ///
    /// # Errors
    /// If a value cannot be.
    fn check(&self) -> Result<(), Fault>;

    /// The task, for parameters that [`TaskKind::check`] let pass. Relative paths start at `folder`.
    ///
    /// # Errors
    /// If a data file cannot be used.
    fn load(self, folder: &Path) -> Result<Arc<dyn Task>>;
}

/// A registered task.
#[derive(Clone)]
pub struct Entry {
    /// Its name in experiment files.
    pub name: &'static str,
    /// What is learned, in a line.
    pub summary: &'static str,
    /// Raised when the same parameters come to mean other numbers.
    pub version: u32,
    defaults: fn() -> toml::Table,
    schema: fn() -> Schema,
    resolve: fn(toml::Table) -> Result<toml::Table>,
    load: fn(toml::Table, &Path) -> Result<Arc<dyn Task>>,
}

impl Entry {
    fn of<K: TaskKind>() -> Self {
        Self {
            name: K::NAME,
            summary: K::SUMMARY,
            version: K::VERSION,
            defaults: || as_table(&K::default()),
            schema: || schemars::schema_for!(K),
            resolve: |table| Ok(as_table(&parse::<K>(table)?)),
            load: |table, folder| parse::<K>(table)?.load(folder),
        }
    }

    /// Its parameters with their defaults.
    pub fn defaults(&self) -> toml::Table {
        (self.defaults)()
    }

    /// The schema of its parameters, with their descriptions.
    pub fn schema(&self) -> Schema {
        (self.schema)()
    }

    /// The parameters, every one with its value.
    ///
    /// # Errors
    /// If there is an unknown one, or one of the wrong type.
    pub fn resolve(&self, parameters: toml::Table) -> Result<toml::Table> {
        (self.resolve)(parameters)
    }

    /// The task, with its data read. Relative paths start at `folder`.
    ///
    /// # Errors
    /// As [`TaskKind::load`] and [`Entry::resolve`].
    pub fn load(&self, parameters: toml::Table, folder: &Path) -> Result<Arc<dyn Task>> {
        (self.load)(parameters, folder)
    }
}

/// The tasks there are.
#[derive(Clone)]
pub struct Registry {
    entries: Vec<Entry>,
}

impl Registry {
    /// The tasks of this crate.
    pub fn standard() -> Self {
        Self { entries: vec![] }.with::<ArgmaxIndex>().with::<BernoulliToy>()
    }

    /// This registry with one more; it replaces one of the same name.
    pub fn with<K: TaskKind>(mut self) -> Self {
        self.entries.retain(|entry| entry.name != K::NAME);
        self.entries.push(Entry::of::<K>());
        self
    }

    /// The tasks in order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The task of that name.
    ///
    /// # Errors
    /// If there is none.
    pub fn get(&self, kind: &str) -> Result<&Entry> {
        let found = self.entries.iter().find(|entry| entry.name == kind);
        let names = self.entries.iter().map(|entry| entry.name);
        found.ok_or_else(|| UnknownName::new("task", kind, names).into())
    }
}

fn as_table<K: TaskKind>(parameters: &K) -> toml::Table {
    // Parameters are plain structs of numbers, words and tables: TOML can say them.
    toml::Table::try_from(parameters).unwrap_or_default()
}

fn parse<K: TaskKind>(table: toml::Table) -> Result<K> {
    let parameters = fault::parse::<K>(table).and_then(|kind| kind.check().map(|()| kind));
    parameters.map_err(|fault| Error::Parameters { kind: K::NAME.to_owned(), fault })
}
