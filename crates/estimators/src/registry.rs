use crate::{Deployment, Dims, Error, Estimator, Logits, Objective, Properties, Result, Surrogate};
use ::registry::{Fault, Kind as Facts, Parameters};
use kernels::{Noise, Real};
use std::ops::{Deref, DerefMut};

/// The parameters of an estimator, which are its TOML table, and how to build it.
///
/// The documentation of the type is the estimator's page in `list estimators`, and that of the fields
/// describes the parameters.
pub trait Kind: Parameters {
    /// Its name in experiment files.
    const NAME: &'static str;
    /// The family it belongs to.
    const FAMILY: Family;
    /// A one-line summary.
    const SUMMARY: &'static str;
    /// Authors, year and a place to read it.
    const SOURCE: &'static str;
    /// Raised whenever the same parameters give other numbers than before.
    const VERSION: u32 = 1;

    /// Rejects invalid values.
    ///
    /// # Errors
    /// If a value is invalid.
    fn check(&self) -> Result<(), Fault> {
        Ok(())
    }

    /// Builds the estimator from parameters that [`Kind::check`] accepts.
    fn build<E: Real>(self) -> Box<dyn Estimator<E>>;
}

/// A family of estimators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// Enumeration, and relaxations without noise.
    ExactAndRelaxed,
    /// A one-hot choice forward, the Jacobian of a relaxation backward.
    StraightThrough,
    /// Reparameterized Gumbel noise.
    Gumbel,
    /// Losses times scores.
    ScoreFunction,
    /// Differences of perturbed choices.
    Perturbation,
    /// Derivatives for the gate of a picked expert.
    Routing,
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
            Self::Routing => "routing",
        }
    }
}

/// Builds an estimator with given parameters, as often as needed. Where it [refuses](Estimator::refuses) dimensions,
/// an estimate is [`Error::Refused`].
pub trait Factory: Send + Sync {
    /// A new estimator in `f32`.
    fn build_f32(&self) -> Box<dyn Estimator<f32>>;
    /// A new estimator in `f64`.
    fn build_f64(&self) -> Box<dyn Estimator<f64>>;
}

impl<K: Kind> Factory for K {
    fn build_f32(&self) -> Box<dyn Estimator<f32>> {
        Box::new(Guarded(self.clone().build()))
    }

    fn build_f64(&self) -> Box<dyn Estimator<f64>> {
        Box::new(Guarded(self.clone().build()))
    }
}

/// An estimator that fails where it refuses, instead of returning wrong numbers. It hands on every method.
struct Guarded<E: Real>(Box<dyn Estimator<E>>);

impl<E: Real> Guarded<E> {
    fn check(&self, dims: Dims) -> Result<()> {
        self.0.refuses(dims).map_or(Ok(()), |why| Err(Error::Refused { why }))
    }
}

impl<E: Real> Estimator<E> for Guarded<E> {
    fn surrogate(
        &mut self,
        logits: Logits<E>,
        objective: &dyn Objective<E>,
        noise: &mut Noise,
    ) -> Result<Surrogate<E>> {
        self.check(logits.dims())?;
        self.0.surrogate(logits, objective, noise)
    }

    fn estimate(
        &mut self,
        logits: Logits<E>,
        objective: &dyn Objective<E>,
        noise: &mut Noise,
    ) -> Result<Surrogate<E>> {
        self.check(logits.dims())?;
        self.0.estimate(logits, objective, noise)
    }

    fn properties(&self, dims: Dims) -> Properties {
        self.0.properties(dims)
    }

    fn refuses(&self, dims: Dims) -> Option<String> {
        self.0.refuses(dims)
    }

    fn deployment(&self) -> Deployment {
        self.0.deployment()
    }

    fn advance(&mut self) -> Result<()> {
        self.0.advance()
    }
}

/// Facts about a kind of estimator.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// The family it belongs to.
    pub family: Family,
    /// Authors, year and a place to read it.
    pub source: &'static str,
}

/// A registered estimator.
pub type Entry = ::registry::Entry<Box<dyn Factory>, About>;

/// A registry of estimators.
#[derive(Clone)]
pub struct Registry(::registry::Registry<Box<dyn Factory>, About>);

impl Registry {
    /// A registry without estimators. `Registry::standard` has those of this crate.
    pub fn empty() -> Self {
        Self(::registry::Registry::new("estimator"))
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
