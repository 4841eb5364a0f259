use crate::{Error, Fault, UnknownName, Variant, keys, parse};
use schemars::{JsonSchema, Schema, schema_for};
use serde::{Serialize, de::DeserializeOwned};
use std::sync::Arc;
use toml::Table;

/// A struct of parameters, which is a TOML table: every parameter has a default.
pub trait Parameters:
    Clone + Default + Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static
{
}

impl<P> Parameters for P where
    P: Clone + Default + Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static
{
}

/// The facts about a kind that do not depend on its parameters.
#[derive(Clone, Copy, Debug)]
pub struct Kind<A = ()> {
    /// Its name in experiment files.
    pub name: &'static str,
    /// A one-line summary.
    pub summary: &'static str,
    /// Raised whenever the same parameters give other numbers than before.
    pub version: u32,
    /// Other facts about kinds of this category.
    pub about: A,
}

/// Reads parameters: all of them, and what they build.
type Read<T> = Arc<dyn Fn(Table) -> Result<(Table, T), Fault> + Send + Sync>;

/// A registered kind: its facts, its parameters, and what they build.
pub struct Entry<T, A = ()> {
    /// Its name in experiment files.
    pub name: &'static str,
    /// A one-line summary.
    pub summary: &'static str,
    /// Raised whenever the same parameters give other numbers than before.
    pub version: u32,
    /// Other facts about it.
    pub about: A,
    what: &'static str,
    defaults: fn() -> Table,
    schema: fn() -> Schema,
    read: Read<T>,
}

impl<T, A> Entry<T, A> {
    /// The default value of every parameter that has one.
    pub fn defaults(&self) -> Table {
        (self.defaults)()
    }

    /// The schema of its parameters, with their descriptions.
    pub fn schema(&self) -> Schema {
        (self.schema)()
    }

    /// The names of its parameters.
    pub fn keys(&self) -> Vec<String> {
        keys(&self.schema())
    }

    /// What these parameters build; a parameter that is not given has its default.
    ///
    /// # Errors
    /// If a parameter is unknown, or a value is invalid.
    pub fn build(&self, parameters: Table) -> Result<T, Error> {
        Ok(self.read(parameters)?.1)
    }

    /// The kind with a value for each parameter, and what they build.
    ///
    /// # Errors
    /// As [`Entry::build`].
    pub fn variant(&self, parameters: Table) -> Result<Variant<T>, Error> {
        let given = parameters.keys().cloned().collect();
        let (parameters, built) = self.read(parameters)?;
        Ok(Variant { kind: self.name, version: self.version, parameters, given, built })
    }

    fn read(&self, parameters: Table) -> Result<(Table, T), Error> {
        let (what, kind) = (self.what, self.name);
        (self.read)(parameters).map_err(|fault| Error::Parameters { what, kind, fault })
    }
}

impl<T, A: Clone> Clone for Entry<T, A> {
    fn clone(&self) -> Self {
        Self { about: self.about.clone(), read: Arc::clone(&self.read), ..*self }
    }
}

/// The kinds of one category.
pub struct Registry<T, A = ()> {
    what: &'static str,
    entries: Vec<Entry<T, A>>,
}

impl<T, A> Registry<T, A> {
    /// An empty registry; `what` is the category in the singular, such as `estimator`.
    pub fn new(what: &'static str) -> Self {
        Self { what, entries: vec![] }
    }

    /// Adds a kind, which replaces one of the same name.
    ///
    /// `build` builds from the parameters, or rejects invalid values.
    pub fn add<P: Parameters>(
        &mut self,
        kind: Kind<A>,
        build: impl Fn(P) -> Result<T, Fault> + Send + Sync + 'static,
    ) {
        let Kind { name, summary, version, about } = kind;
        self.entries.retain(|entry| entry.name != name);
        self.entries.push(Entry {
            name,
            summary,
            version,
            about,
            what: self.what,
            defaults: || as_table(&P::default()),
            schema: || schema_for!(P),
            read: Arc::new(move |table| {
                let parameters = parse::<P>(table)?;
                Ok((as_table(&parameters), build(parameters)?))
            }),
        });
    }

    /// The kinds in the order in which they were added.
    pub fn entries(&self) -> &[Entry<T, A>] {
        &self.entries
    }

    /// The names of the kinds.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.entries.iter().map(|entry| entry.name)
    }

    /// The kind of that name.
    ///
    /// # Errors
    /// If there is none.
    pub fn get(&self, name: &str) -> Result<&Entry<T, A>, Error> {
        let found = self.entries.iter().find(|entry| entry.name == name);
        found.ok_or_else(|| UnknownName::new(self.what, name, self.names()).into())
    }
}

impl<T, A: Clone> Clone for Registry<T, A> {
    fn clone(&self) -> Self {
        Self { what: self.what, entries: self.entries.clone() }
    }
}

fn as_table<P: Serialize>(parameters: &P) -> Table {
    // Parameters are structs of numbers, strings, lists and tables, all of which TOML has.
    Table::try_from(parameters).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    /// A line.
    #[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
    #[serde(default, deny_unknown_fields)]
    struct Line {
        /// Slope: above 0.
        slope: f64,
        /// Height at 0.
        offset: f64,
    }

    impl Default for Line {
        fn default() -> Self {
            Self { slope: 1.0, offset: 0.0 }
        }
    }

    fn registry() -> Registry<f64> {
        let mut registry = Registry::new("curve");
        let kind = Kind { name: "line", summary: "a straight line", version: 3, about: () };
        registry.add(kind, |line: Line| {
            Fault::require(line.slope > 0.0, "slope", line.slope, "a number above 0")?;
            Ok(line.slope + line.offset)
        });
        registry
    }

    fn table(text: &str) -> Table {
        text.parse().expect("a table")
    }

    #[test]
    fn a_variant_has_every_parameter_and_shows_the_given_ones() {
        let registry = registry();
        let variant = registry.get("line").unwrap().variant(table("slope = 2.0")).unwrap();
        assert_eq!((variant.built, variant.version), (2.0, 3));
        assert_eq!(variant.parameters, table("slope = 2.0\noffset = 0.0"));
        assert_eq!(variant.label(), "line slope=2");
        assert_eq!(variant.label_without(&["slope"]), "line");
        assert_eq!(variant.table().to_string(), "kind = \"line\"\noffset = 0.0\nslope = 2.0\n");
        assert_eq!(variant.value("kind").as_deref(), Some("line"));
        assert_eq!((variant.value("offset").as_deref(), variant.value("none")), (Some("0"), None));
    }

    #[test]
    fn errors_name_the_category_the_kind_and_the_key() {
        let registry = registry();
        let said = |error: Error| error.to_string();
        assert_eq!(
            registry.get("lime").map(|_| ()).map_err(said),
            Err("unknown curve `lime` (did you mean `line`?); known: line".to_owned())
        );
        let entry = registry.get("line").unwrap();
        assert_eq!(
            entry.build(table("slope = -1.0")).map_err(said),
            Err("curve `line`: invalid slope = -1; expected a number above 0".to_owned())
        );
        assert_eq!(
            entry.build(table("ofset = 1.0")).map_err(said),
            Err("curve `line`: unknown key `ofset` (did you mean `offset`?); known: offset, slope"
                .to_owned())
        );
        assert_eq!(entry.keys(), ["offset", "slope"]);
    }

    #[test]
    fn a_kind_of_the_same_name_takes_the_place_of_the_first() {
        let mut registry = registry();
        let kind = Kind { name: "line", summary: "another", version: 4, about: () };
        registry.add(kind, |line: Line| Ok(-line.slope));
        assert_eq!(registry.names().collect::<Vec<_>>(), ["line"]);
        assert_eq!(registry.get("line").unwrap().build(Table::new()), Ok(-1.0));
    }
}
