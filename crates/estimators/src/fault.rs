//! What can be wrong with what somebody wrote: names that there are not, values that cannot be.

use schemars::{JsonSchema, Schema, schema_for};
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
            key => key,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(unknown) => unknown.fmt(f),
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
/// If there is a key that it has not, a value of the wrong type, or a key is missing.
pub fn parse<P: DeserializeOwned + JsonSchema>(table: Table) -> Result<P, Fault> {
    let schema = schema_for!(P);
    let known = keys(&schema);
    if let Some(key) = table.keys().find(|key| !known.contains(key)) {
        return Err(Fault::Key(UnknownName::new("key", key, known)));
    }
    let whole = match table.clone().try_into::<P>() {
        Ok(parameters) => return Ok(parameters),
        Err(error) => error,
    };
    // One key after the other, so that the message can name the one that is wrong. That a key
    // misses another when it is alone is not its fault.
    let missing = |key: &str| format!("missing field `{key}`");
    for (key, value) in &table {
        let alone = Table::from_iter([(key.clone(), value.clone())]);
        let Err(error) = alone.try_into::<P>() else { continue };
        if !known.iter().any(|other| other != key && error.message() == missing(other)) {
            return Err(Fault::value(key, value, allowed(error.message())));
        }
    }
    let absent = known.iter().find(|key| whole.message() == missing(key));
    Err(match absent {
        Some(key) => Fault::value(key, "absent", "it has to be there"),
        None => Fault::value("table", "it", whole.message()),
    })
}

/// The keys that a schema of parameters describes.
pub fn keys(schema: &Schema) -> Vec<String> {
    let properties = schema.get("properties").and_then(|properties| properties.as_object());
    properties.into_iter().flatten().map(|(key, _)| key.clone()).collect()
}

/// What may stand there, from serde's `invalid type: string "x", expected u64`.
fn allowed(message: &str) -> String {
    let Some((_, expected)) = message.rsplit_once("expected ") else { return message.to_owned() };
    match expected {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number from 0 up",
        "f32" | "f64" => "a number",
        "a boolean" => "true, false",
        "a sequence" => "a list",
        "path string" => "a path",
        table if table == "a map" || table.starts_with("struct ") => "a table",
        other => other,
    }
    .to_owned()
}

/// The name of `known` nearest to `word`, if few letters separate them.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let (distance, name) =
        known.into_iter().map(|name| (edit_distance(word, name), name)).min_by_key(|&(d, _)| d)?;
    let letters = word.len().max(name.len());
    (distance <= (letters / 3).max(1) && distance < letters).then(|| name.to_owned())
}

/// Insertions, deletions, substitutions and swaps of neighbours that separate two words (Levenshtein
/// 1966; Damerau 1964).
fn edit_distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let (mut before, mut row) = (vec![], (0..=b.len()).collect::<Vec<usize>>());
    for i in 0..a.len() {
        let mut next = vec![i + 1];
        for j in 0..b.len() {
            let substituted = row[j] + usize::from(a[i] != b[j]);
            let mut least = substituted.min(row[j + 1] + 1).min(next[j] + 1);
            if i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j] {
                let swapped: usize = before[j - 1];
                least = least.min(swapped + 1);
            }
            next.push(least);
        }
        before = std::mem::replace(&mut row, next);
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_so_many_letters_apart() {
        for (a, b, letters) in [
            ("abc", "", 3),
            ("", "ab", 2),
            ("abcd", "d", 3),
            ("ab", "ba", 1),
            ("kitten", "sitting", 3),
            ("samples", "sampels", 1),
            ("xaby", "xbay", 1),
        ] {
            assert_eq!(edit_distance(a, b), letters, "{a}, {b}");
            assert_eq!(edit_distance(b, a), letters, "{b}, {a}");
        }
    }

    #[test]
    fn the_nearest_name_is_near() {
        let names = ["temperature", "samples", "baseline"];
        assert_eq!(nearest("temprature", names).as_deref(), Some("temperature"));
        assert_eq!(nearest("sample", names).as_deref(), Some("samples"));
        assert_eq!(nearest("sharpness", names), None);
        assert_eq!(nearest("bacth", ["batch", "steps"]).as_deref(), Some("batch"));
        assert_eq!(nearest("y", ["a", "b"]), None);
        assert_eq!(edit_distance("kitten", "sitting"), 3);
    }

    #[derive(Debug, serde::Deserialize, JsonSchema)]
    struct Required {
        _first: u64,
        _second: f64,
    }

    #[test]
    fn a_fault_names_the_key_that_is_wrong() {
        let fault = |text: &str| {
            let table = toml::from_str(text).expect("a table");
            parse::<Required>(table).map(|_| ()).expect_err(text).to_string()
        };
        assert!(parse::<Required>(toml::from_str("_first = 1\n_second = 2.0").unwrap()).is_ok());
        for (text, words) in [
            ("_first = 1\n_second = 'x'", "_second = \"x\" is impossible; allowed: a number"),
            ("_first = -1", "_first = -1 is impossible; allowed: a whole number from 0 up"),
            ("_first = 1", "_second = absent is impossible"),
            ("_frist = 1", "unknown key `_frist` (did you mean `_first`?)"),
        ] {
            assert!(fault(text).contains(words), "{}", fault(text));
        }
    }
}
