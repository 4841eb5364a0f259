//! Structs of parameters from TOML tables, with errors that name the key.

use crate::{Fault, UnknownName};
use schemars::{JsonSchema, Schema, schema_for};
use serde::de::DeserializeOwned;
use toml::Table;

/// Reads a struct of parameters from its table.
///
/// # Errors
/// If a key is unknown or missing, or a value has the wrong type.
pub fn parse<P: DeserializeOwned + JsonSchema>(table: Table) -> Result<P, Fault> {
    let schema = schema_for!(P);
    let known = keys(&schema);
    if let Some(key) = table.keys().find(|key| !known.contains(key)) {
        return Err(Fault::Key(UnknownName::new("key", key, known)));
    }
    let error = match table.clone().try_into::<P>() {
        Ok(parameters) => return Ok(parameters),
        Err(error) => error,
    };
    // Read the keys one by one, to name the wrong one. A key that fails only because another one is
    // missing is not at fault.
    let missing = |key: &str| format!("missing field `{key}`");
    for (key, value) in &table {
        let alone = Table::from_iter([(key.clone(), value.clone())]);
        let Err(error) = alone.try_into::<P>() else { continue };
        if !known.iter().any(|other| other != key && error.message() == missing(other)) {
            return Err(Fault::value(key, value, expected(error.message())));
        }
    }
    let absent = known.iter().find(|key| error.message() == missing(key));
    Err(match absent {
        Some(key) => Fault::missing(key),
        None => Fault::value("table", Table::to_string(&table), error.message()),
    })
}

/// The keys that a schema of parameters describes.
pub fn keys(schema: &Schema) -> Vec<String> {
    let properties = schema.get("properties").and_then(|properties| properties.as_object());
    properties.into_iter().flatten().map(|(key, _)| key.clone()).collect()
}

/// What is expected, from serde's `invalid type: string "x", expected u64`.
fn expected(message: &str) -> String {
    let Some((_, expected)) = message.rsplit_once("expected ") else { return message.to_owned() };
    match expected {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number from 0 up",
        "f32" | "f64" => "a number",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "path string" => "a path",
        table if table == "a map" || table.starts_with("struct ") => "a table",
        other => other,
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize, JsonSchema)]
    struct Required {
        _first: u64,
        _second: f64,
    }

    #[test]
    fn a_fault_names_the_wrong_key() {
        let fault = |text: &str| {
            let table = toml::from_str(text).expect("a table");
            parse::<Required>(table).map(|_| ()).expect_err(text).to_string()
        };
        assert!(parse::<Required>(toml::from_str("_first = 1\n_second = 2.0").unwrap()).is_ok());
        for (text, words) in [
            ("_first = 1\n_second = 'x'", "invalid _second = \"x\"; expected a number"),
            ("_first = -1", "invalid _first = -1; expected a whole number from 0 up"),
            ("_first = 1", "invalid _second = absent; expected a value"),
            ("_frist = 1", "unknown key `_frist` (did you mean `_first`?)"),
        ] {
            assert!(fault(text).contains(words), "{}", fault(text));
        }
    }
}
