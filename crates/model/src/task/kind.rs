use super::Task;
use super::any::{AnyTask, Named};
use crate::Result;
use crate::data::Folders;
use ::registry::{Fault, Parameters};
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

    /// The task, for parameters that [`TaskKind::check`] accepts, with its files from these folders.
    ///
    /// # Errors
    /// If a data file cannot be used.
    fn load(self, folders: &Folders) -> Result<Self::Task>;

    /// The task as the harness takes it, for parameters that [`TaskKind::check`] accepts. Relative
    /// paths start at `folder`.
    ///
    /// # Errors
    /// As [`TaskKind::load`].
    fn open(self, folder: &Path) -> Result<Arc<dyn AnyTask>> {
        self.open_from(&Folders::of_experiment(folder))
    }

    /// As [`TaskKind::open`], with files from these folders.
    ///
    /// # Errors
    /// As [`TaskKind::load`].
    fn open_from(self, folders: &Folders) -> Result<Arc<dyn AnyTask>> {
        Ok(Arc::new(Named::new(Self::NAME, self.load(folders)?)))
    }
}

/// A task with its parameters, before its data is read.
pub trait Load: Send + Sync {
    /// As [`TaskKind::open_from`].
    ///
    /// # Errors
    /// As [`TaskKind::load`].
    fn load(&self, folders: &Folders) -> Result<Arc<dyn AnyTask>>;
}

impl<K: TaskKind> Load for K {
    fn load(&self, folders: &Folders) -> Result<Arc<dyn AnyTask>> {
        self.clone().open_from(folders)
    }
}
