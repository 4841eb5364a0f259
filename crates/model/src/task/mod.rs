//! Tasks: one file each, and their registry.

mod argmax_index;
mod bernoulli_toy;
mod categorical_vae;

pub use argmax_index::ArgmaxIndex;
pub use bernoulli_toy::BernoulliToy;
pub use categorical_vae::{CategoricalVae, RandomImages};

use crate::{Probe, Result, Training};
use kernels::Optimizer;
use registry::{Fault, Kind, Parameters};
use std::ops::Deref;
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
pub trait TaskKind: Parameters {
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

/// A task with its parameters, before its data is read.
pub trait Load: Send + Sync {
    /// The task, with its data read. Relative paths start at `folder`.
    ///
    /// # Errors
    /// If a data file cannot be used.
    fn load(&self, folder: &Path) -> Result<Arc<dyn Task>>;
}

impl<K: TaskKind> Load for K {
    fn load(&self, folder: &Path) -> Result<Arc<dyn Task>> {
        self.clone().load(folder)
    }
}

/// A registered task.
pub type Entry = registry::Entry<Box<dyn Load>>;

/// The registered tasks.
#[derive(Clone)]
pub struct Registry(registry::Registry<Box<dyn Load>>);

impl Registry {
    /// The tasks of this crate.
    pub fn standard() -> Self {
        Self(registry::Registry::new("task")).with::<ArgmaxIndex>().with::<BernoulliToy>()
    }

    /// This registry with one more kind, which replaces one of the same name.
    pub fn with<K: TaskKind>(mut self) -> Self {
        let kind = Kind { name: K::NAME, summary: K::SUMMARY, version: K::VERSION, about: () };
        self.0.add(kind, |kind: K| {
            kind.check()?;
            Ok(Box::new(kind) as Box<dyn Load>)
        });
        self
    }
}

impl Deref for Registry {
    type Target = registry::Registry<Box<dyn Load>>;
    fn deref(&self) -> &Self::Target {
        &self.0
    }
}
