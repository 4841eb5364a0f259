use crate::fault::{self, Fault, UnknownName};
use crate::{Error, Estimator, Result, kinds};
use kernels::Real;
use schemars::{JsonSchema, Schema};
use serde::{Serialize, de::DeserializeOwned};
use toml::Table;

/// An estimator's parameters: its TOML table, and how to make it.
///
/// The documentation comment of the type is its page in `list estimators`, those of its fields
/// describe its parameters.
pub trait Kind:
    Clone + Default + Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static
{
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

    /// Refuses values that cannot be.
    ///
    /// # Errors
    /// If a value cannot be.
    fn check(&self) -> Result<(), Fault> {
        Ok(())
    }

    /// The estimator, for parameters that [`Kind::check`] let pass.
    fn build<E: Real>(self) -> Box<dyn Estimator<E>>;
}

/// What an estimator is related to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// Enumeration, and relaxations without noise.
    ExactAndRelaxed,
    /// A vertex forward, a relaxation's Jacobian backward.
    StraightThrough,
    /// Gumbel noise, reparametrised.
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

/// A registered estimator.
#[derive(Clone)]
pub struct Entry {
    /// Its name in experiment files.
    pub name: &'static str,
    /// What it is related to.
    pub family: Family,
    /// What it does, in a line.
    pub summary: &'static str,
    /// Authors, year and where to read it.
    pub source: &'static str,
    /// Raised when the same parameters come to give other numbers.
    pub version: u32,
    defaults: fn() -> Table,
    schema: fn() -> Schema,
    check: fn(Table) -> Result<Table>,
    single: fn(Table) -> Result<Box<dyn Estimator<f32>>>,
    double: fn(Table) -> Result<Box<dyn Estimator<f64>>>,
}

impl Entry {
    fn of<K: Kind>() -> Self {
        Self {
            name: K::NAME,
            family: K::FAMILY,
            summary: K::SUMMARY,
            source: K::SOURCE,
            version: K::VERSION,
            defaults: || as_table(&K::default()),
            schema: || schemars::schema_for!(K),
            check: |table| Ok(as_table(&parse::<K>(table)?)),
            single: |table| Ok(parse::<K>(table)?.build()),
            double: |table| Ok(parse::<K>(table)?.build()),
        }
    }

    /// Its parameters with their defaults.
    pub fn defaults(&self) -> Table {
        (self.defaults)()
    }

    /// The schema of its parameters, with their descriptions.
    pub fn schema(&self) -> Schema {
        (self.schema)()
    }

    /// The parameters, every one with its value.
    ///
    /// # Errors
    /// If there is an unknown one, or one with a value that cannot be.
    pub fn resolve(&self, parameters: Table) -> Result<Table> {
        (self.check)(parameters)
    }

    /// The estimator in `f32`.
    ///
    /// # Errors
    /// As [`Entry::resolve`].
    pub fn single(&self, parameters: Table) -> Result<Box<dyn Estimator<f32>>> {
        (self.single)(parameters)
    }

    /// The estimator in `f64`.
    ///
    /// # Errors
    /// As [`Entry::resolve`].
    pub fn double(&self, parameters: Table) -> Result<Box<dyn Estimator<f64>>> {
        (self.double)(parameters)
    }
}

/// The estimators there are.
#[derive(Clone)]
pub struct Registry {
    entries: Vec<Entry>,
}

impl Registry {
    /// The estimators of this crate.
    pub fn standard() -> Self {
        kinds::register(Self { entries: vec![] })
    }

    /// This registry with one more; it replaces one of the same name.
    pub fn with<K: Kind>(mut self) -> Self {
        self.entries.retain(|entry| entry.name != K::NAME);
        self.entries.push(Entry::of::<K>());
        self
    }

    /// The estimators in order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The estimator of that name.
    ///
    /// # Errors
    /// If there is none.
    pub fn get(&self, kind: &str) -> Result<&Entry> {
        let found = self.entries.iter().find(|entry| entry.name == kind);
        let names = self.entries.iter().map(|entry| entry.name);
        found.ok_or_else(|| UnknownName::new("estimator", kind, names).into())
    }
}

fn as_table<K: Kind>(parameters: &K) -> Table {
    // Parameters are plain structs of numbers, words and tables: TOML can say them.
    Table::try_from(parameters).unwrap_or_default()
}

fn parse<K: Kind>(table: Table) -> Result<K> {
    let parameters = fault::parse::<K>(table).and_then(|kind| kind.check().map(|()| kind));
    parameters.map_err(|fault| Error::Parameters { kind: K::NAME.to_owned(), fault })
}
