use super::kind::{Load, TaskKind};
use ::registry::Kind;
use std::ops::Deref;

/// A registered task.
pub type Entry = ::registry::Entry<Box<dyn Load>>;

/// The registered tasks.
#[derive(Clone)]
pub struct Registry(::registry::Registry<Box<dyn Load>>);

impl Registry {
    /// A registry without kinds.
    pub fn empty() -> Self {
        Self(::registry::Registry::new("task"))
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
