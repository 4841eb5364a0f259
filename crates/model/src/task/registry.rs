use super::{AnyTask, ArgmaxIndex, BernoulliToy, CategoricalVae, Streams, Task};
use crate::probe::AtParameters;
use crate::training::Learner;
use crate::{Metric, Optimizer, Probe, Reference, Result, Training};
use ::registry::{Fault, Kind, Parameters};
use estimators::{Dims, Domain};
use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;

/// A task's parameters: its TOML table, and how to load its data.
///
/// The documentation comment of the type is its page in `list tasks`, those of its fields describe
/// its parameters.
pub trait TaskKind: Parameters {
    /// Its name in experiment files.
    const NAME: &'static str;
    /// What is learned, in a line.
    const SUMMARY: &'static str;
    /// Raised when the same parameters come to give other numbers.
    const VERSION: u32;
    /// The task with its data files read.
    type Task: Task;

    /// Rejects invalid values.
    ///
    /// # Errors
    /// If a value is invalid.
    fn check(&self) -> Result<(), Fault>;

    /// The task, for parameters that [`TaskKind::check`] accepts. Relative paths start at `folder`.
    ///
    /// # Errors
    /// If a data file cannot be used.
    fn load(self, folder: &Path) -> Result<Self::Task>;

    /// The task as the harness takes it, for parameters that [`TaskKind::check`] accepts. Relative
    /// paths start at `folder`.
    ///
    /// # Errors
    /// As [`TaskKind::load`].
    fn open(self, folder: &Path) -> Result<Arc<dyn AnyTask>> {
        Ok(Arc::new(Named { kind: Self::NAME, task: self.load(folder)? }))
    }
}

/// A task with its parameters, before its data is read.
pub trait Load: Send + Sync {
    /// As [`TaskKind::open`].
    ///
    /// # Errors
    /// As [`TaskKind::load`].
    fn load(&self, folder: &Path) -> Result<Arc<dyn AnyTask>>;
}

impl<K: TaskKind> Load for K {
    fn load(&self, folder: &Path) -> Result<Arc<dyn AnyTask>> {
        self.clone().open(folder)
    }
}

/// A task and the name that its streams of random numbers have.
struct Named<T> {
    kind: &'static str,
    task: T,
}

impl<T: Task> AnyTask for Named<T> {
    fn metrics(&self) -> Vec<Metric> {
        self.task.metrics()
    }

    fn references(&self) -> Vec<Reference> {
        self.task.references()
    }

    fn dims(&self, batch: usize) -> Dims {
        self.task.dims(batch)
    }

    fn domain(&self) -> Domain {
        self.task.domain()
    }

    fn data_digest(&self) -> Option<String> {
        self.task.data_digest()
    }

    fn start(&self, seed: u64, batch: usize, optimizer: &Optimizer) -> Box<dyn Training> {
        Box::new(Learner::start(&self.task, &Streams::new(self.kind, seed), batch, optimizer))
    }

    fn probe(&self, seed: u64, batch: usize) -> Box<dyn Probe<f64>> {
        Box::new(AtParameters::first(&self.task, &Streams::new(self.kind, seed), batch))
    }
}

/// A registered task.
pub type Entry = ::registry::Entry<Box<dyn Load>>;

/// The registered tasks.
#[derive(Clone)]
pub struct Registry(::registry::Registry<Box<dyn Load>>);

impl Registry {
    /// The tasks of this crate.
    pub fn standard() -> Self {
        Self(::registry::Registry::new("task"))
            .with::<ArgmaxIndex>()
            .with::<BernoulliToy>()
            .with::<CategoricalVae>()
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
    type Target = ::registry::Registry<Box<dyn Load>>;
    fn deref(&self) -> &Self::Target {
        &self.0
    }
}
