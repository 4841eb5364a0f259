use crate::{Estimator, kinds};
use ::registry::{Fault, Kind as Facts, Parameters};
use kernels::Real;
use std::ops::{Deref, DerefMut};

/// An estimator's parameters: its TOML table, and how to build it.
///
/// The documentation comment of the type is its page in `list estimators`, those of its fields
/// describe its parameters.
pub trait Kind: Parameters {
    /// Its name in experiment files.
    const NAME: &'static str;
    /// What it is related to.
    const FAMILY: Family;
    /// What it does, in a line.
    const SUMMARY: &'static str;
    /// Authors, year and where to read it.
    const SOURCE: &'static str;
    /// Raised when the same parameters come to give other numbers.
    const VERSION: u32 = 1;

    /// Rejects invalid values.
    ///
    /// # Errors
    /// If a value is invalid.
    fn check(&self) -> Result<(), Fault> {
        Ok(())
    }

    /// The estimator, for parameters that [`Kind::check`] accepts.
    fn build<E: Real>(self) -> Box<dyn Estimator<E>>;
}

/// What an estimator is related to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// Enumeration, and relaxations without noise.
    ExactAndRelaxed,
    /// A vertex forward, a relaxation's Jacobian backward.
    StraightThrough,
    /// Gumbel noise, reparametrized.
    Gumbel,
    /// Losses times scores.
    ScoreFunction,
    /// Differences of perturbed choices.
    Perturbation,
}

impl Family {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::ExactAndRelaxed => "exact and relaxed",
            Self::StraightThrough => "straight-through",
            Self::Gumbel => "Gumbel",
            Self::ScoreFunction => "score function",
            Self::Perturbation => "perturbation",
        }
    }
}

/// An estimator with its parameters, before it is built: each run builds its own.
pub trait Factory: Send + Sync {
    /// A new estimator in `f32`.
    fn build_f32(&self) -> Box<dyn Estimator<f32>>;
    /// A new estimator in `f64`.
    fn build_f64(&self) -> Box<dyn Estimator<f64>>;
}

impl<K: Kind> Factory for K {
    fn build_f32(&self) -> Box<dyn Estimator<f32>> {
        self.clone().build()
    }

    fn build_f64(&self) -> Box<dyn Estimator<f64>> {
        self.clone().build()
    }
}

/// What is known of a kind beside its name.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// What it is related to.
    pub family: Family,
    /// Authors, year and where to read it.
    pub source: &'static str,
}

/// A registered estimator.
pub type Entry = ::registry::Entry<Box<dyn Factory>, About>;

/// The registered estimators.
#[derive(Clone)]
pub struct Registry(::registry::Registry<Box<dyn Factory>, About>);

impl Registry {
    /// The estimators of this crate.
    pub fn standard() -> Self {
        kinds::register(Self(::registry::Registry::new("estimator")))
    }

    /// This registry with one more kind, which replaces one of the same name.
    pub fn with<K: Kind>(mut self) -> Self {
        let about = About { family: K::FAMILY, source: K::SOURCE };
        let facts = Facts { name: K::NAME, summary: K::SUMMARY, version: K::VERSION, about };
        self.add(facts, |kind: K| {
            kind.check()?;
            Ok(Box::new(kind) as Box<dyn Factory>)
        });
        self
    }
}

impl Deref for Registry {
    type Target = ::registry::Registry<Box<dyn Factory>, About>;
    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for Registry {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}
