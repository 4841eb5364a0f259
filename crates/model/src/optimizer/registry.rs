use super::{Optimizer, OptimizerKind, Options};
use ::registry::Kind;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::borrow::Cow;
use std::ops::Deref;

/// A registered optimizer; it is known by where it was published.
pub type Entry = ::registry::Entry<Optimizer, &'static str>;

/// The registered optimizers.
#[derive(Clone)]
pub struct Registry(::registry::Registry<Optimizer, &'static str>);

impl Registry {
    /// A registry without kinds.
    pub fn empty() -> Self {
        Self(::registry::Registry::new("optimizer"))
    }

    /// This registry with one more kind, which replaces one of the same name. Its table has the
    /// common [`Options`] beside its own parameters.
    pub fn with<K: OptimizerKind>(mut self) -> Self {
        let kind =
            Kind { name: K::NAME, summary: K::SUMMARY, version: K::VERSION, about: K::SOURCE };
        self.0.add(kind, |WithOptions { kind, options }: WithOptions<K>| {
            kind.check()?;
            options.check()?;
            Ok(Optimizer::new(kind, options))
        });
        self
    }
}

impl Deref for Registry {
    type Target = ::registry::Registry<Optimizer, &'static str>;
    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

/// One table for the parameters of a kind and the common options.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(bound = "K: Serialize + DeserializeOwned")]
struct WithOptions<K> {
    #[serde(flatten)]
    kind: K,
    #[serde(flatten)]
    options: Options,
}

impl<K: JsonSchema> JsonSchema for WithOptions<K> {
    fn schema_name() -> Cow<'static, str> {
        K::schema_name()
    }

    /// The kind's schema, with its description, and the options' properties.
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (mut schema, mut options) =
            (K::json_schema(generator), Options::json_schema(generator));
        let common = options.get_mut("properties").and_then(|all| all.as_object_mut());
        let own = schema.get_mut("properties").and_then(|all| all.as_object_mut());
        if let (Some(own), Some(common)) = (own, common) {
            own.append(common);
        }
        schema
    }
}
