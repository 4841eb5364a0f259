//! What can be wrong with what somebody wrote: names that there are not, values that cannot be.

use schemars::{JsonSchema, schema_for};
use serde::de::DeserializeOwned;
use std::fmt;
use toml::Table;

/// What is wrong with a table of parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A key that there is not.
    Key(UnknownName),
    /// A value that cannot be.
    Value {
        /// The key.
        key: String,
        /// Its value.
        value: String,
        /// What it may be.
        allowed: String,
    },
    /// A key that has to be there.
    Missing {
        /// The key.
        key: String,
    },
}

impl Fault {
    /// A value that cannot be.
    pub fn value(key: &str, value: impl ToString, allowed: impl Into<String>) -> Self {
        Self::Value { key: key.to_owned(), value: value.to_string(), allowed: allowed.into() }
    }

    /// The same fault of a table that lies at `place` in a larger one.
    pub fn within(self, place: &str) -> Self {
        match self {
            Self::Value { key, value, allowed } => {
                Self::Value { key: format!("{place}.{key}"), value, allowed }
            }
            Self::Missing { key } => Self::Missing { key: format!("{place}.{key}") },
            key => key,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(unknown) => unknown.fmt(f),
            Self::Missing { key } => write!(f, "{key} is missing; it has no default"),
            Self::Value { key, value, allowed } => {
                write!(f, "{key} = {value} is impossible; allowed: {allowed}")
            }
        }
    }
}

impl std::error::Error for Fault {}

/// A name that there is not, among those there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownName {
    /// What it should have named, in the singular.
    pub what: &'static str,
    /// The name.
    pub name: String,
    /// All names there are.
    pub known: Vec<String>,
}

impl UnknownName {
    /// `name`, which is not one of `known`.
    pub fn new(
        what: &'static str,
        name: &str,
        known: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        let known = known.into_iter().map(Into::into).collect();
        Self { what, name: name.to_owned(), known }
    }
}

impl fmt::Display for UnknownName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, name, known } = self;
        write!(f, "unknown {what} `{name}`")?;
        if let Some(nearest) = nearest(name, known.iter().map(String::as_str)) {
            write!(f, " (did you mean `{nearest}`?)")?;
        }
        match known.as_slice() {
            [] => write!(f, "; there is none"),
            known => write!(f, "; allowed: {}", known.join(", ")),
        }
    }
}

impl std::error::Error for UnknownName {}

/// Reads a struct of parameters from its table.
///
/// # Errors
/// If there is a key that it has not, one missing that it needs, or a value of the wrong type.
pub fn parse<P: DeserializeOwned + JsonSchema>(table: Table) -> Result<P, Fault> {
    let schema = schema_for!(P);
    let known: Vec<&str> = schema
        .get("properties")
        .and_then(|properties| properties.as_object())
        .map(|properties| properties.keys().map(String::as_str).collect())
        .unwrap_or_default();
    if let Some(key) = table.keys().find(|key| !known.contains(&key.as_str())) {
        return Err(Fault::Key(UnknownName::new("key", key, known)));
    }
    let required = schema.get("required").and_then(|keys| keys.as_array()).into_iter().flatten();
    let required: Vec<&str> = required.filter_map(|key| key.as_str()).collect();
    if let Some(key) = required.iter().find(|key| !table.contains_key(**key)) {
        return Err(Fault::Missing { key: (*key).to_owned() });
    }
    // One key after the other first, beside those that must be there, so that the message can name
    // the one that is wrong.
    let needed = table.iter().filter(|(key, _)| required.contains(&key.as_str()));
    let needed: Table = needed.map(|(key, value)| (key.clone(), value.clone())).collect();
    if needed.clone().try_into::<P>().is_ok() {
        for (key, value) in &table {
            let mut beside = needed.clone();
            beside.insert(key.clone(), value.clone());
            if let Err(error) = beside.try_into::<P>() {
                return Err(Fault::value(key, value, error.message()));
            }
        }
    }
    let whole = table.to_string().trim().replace('\n', ", ");
    table.try_into().map_err(|error| Fault::value("table", whole, error.message()))
}

/// The name of `known` nearest to `word`, if few letters separate them.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let (distance, name) =
        known.into_iter().map(|name| (edit_distance(word, name), name)).min_by_key(|&(d, _)| d)?;
    (distance <= (word.len().max(name.len()) / 3).max(1)).then(|| name.to_owned())
}

/// Insertions, deletions and substitutions that separate two words (Levenshtein 1966).
fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, &y) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(row[j + 1] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize, JsonSchema)]
    struct Needy {
        #[serde(rename = "name")]
        _name: String,
        #[serde(default, rename = "count")]
        _count: u8,
    }

    #[test]
    fn the_wrong_key_is_named() {
        let fault = |text: &str| {
            parse::<Needy>(toml::from_str(text).unwrap()).map(drop).map_err(|f| f.to_string())
        };
        assert_eq!(fault("name = \"a\"\ncount = 3"), Ok(()));
        for (text, named) in [
            ("count = 3", "name is missing"),
            ("name = 1", "name = 1"),
            ("name = \"a\"\ncount = -1", "count = -1"),
            ("nam = 1", "did you mean `name`"),
        ] {
            let said = fault(text).unwrap_err();
            assert!(said.contains(named), "{said}");
        }
    }

    #[test]
    fn the_nearest_name_is_near() {
        let names = ["temperature", "samples", "baseline"];
        assert_eq!(nearest("temprature", names).as_deref(), Some("temperature"));
        assert_eq!(nearest("sample", names).as_deref(), Some("samples"));
        assert_eq!(nearest("sharpness", names), None);
        assert_eq!(edit_distance("kitten", "sitting"), 3);
    }
}
