//! The reference of experiment files: every key, from the schemas that they are read by.

use super::file::{ExpectedSpec, FigureSpec, File, GradientPlan, SlurmSpec, ThresholdSpec};
use super::protocol::{CellDraws, GradientProtocol};
use super::tuning::{Grid, Tuning};
use schemars::{JsonSchema, Schema, schema_for};
use serde::Serialize;
use serde_json::Value;

/// The keys of a section of experiment files.
pub struct KeyPage {
    /// Its name; `file` for what is outside of all sections.
    pub section: &'static str,
    /// What it is for.
    pub about: String,
    /// Its keys.
    pub keys: Vec<Key>,
    /// Whether there can be several.
    is_list: bool,
}

/// A key of experiment files.
pub struct Key {
    /// Its name.
    pub name: String,
    /// What kind of value it has.
    pub kind: String,
    /// Its value where it is not given; a dash for none.
    pub default: String,
    /// What it means, with its range.
    pub about: String,
    /// A line of a file.
    pub example: String,
}

impl KeyPage {
    /// The section as a file writes it.
    pub fn heading(&self) -> String {
        match (self.section, self.is_list) {
            ("file", _) => "Outside of sections".to_owned(),
            (name, true) => format!("[[{name}]]"),
            (name, false) => format!("[{name}]"),
        }
    }

    fn of<T: JsonSchema>(section: &'static str, is_list: bool, defaults: &impl Serialize) -> Self {
        let schema = schema_for!(T);
        let defaults = serde_json::to_value(defaults).unwrap_or_default();
        let properties = schema.get("properties").and_then(Value::as_object);
        let key = |(name, property): (&String, &Value)| Key {
            name: name.clone(),
            kind: kind(property, &schema),
            default: defaults.get(name).map_or_else(|| "–".to_owned(), default),
            about: described(property),
            example: property["example"].as_str().unwrap_or_default().to_owned(),
        };
        Self {
            section,
            about: described(schema.as_value()),
            keys: properties.into_iter().flatten().map(key).collect(),
            is_list,
        }
    }

    /// A section whose keys are those of a registered kind.
    fn of_kinds(section: &'static str, list: &str, about: &str) -> Self {
        let key = |name: &str, kind: &str, about: &str, example: &str| Key {
            name: name.to_owned(),
            kind: kind.to_owned(),
            default: "–".to_owned(),
            about: about.to_owned(),
            example: example.to_owned(),
        };
        let example = match section {
            "task" => ("argmax-index", "categories", "[3, 8]"),
            "estimator" => ("gumbel-softmax", "temperature", "[0.5, 1.0]"),
            _ => ("adam", "learning-rate", "[0.003, 0.01]"),
        };
        let (kind, parameter, values) = example;
        let of_one = &values[1..].split(',').next().unwrap_or_default();
        let keys = vec![
            key(
                "kind",
                "name",
                &format!("The kind: `list {list}` shows them."),
                &format!("kind = \"{kind}\""),
            ),
            key(
                "PARAMETER",
                "of the kind",
                &format!("A parameter of the kind: `list {list} KIND` shows them."),
                &format!("{parameter} = {of_one}"),
            ),
            key(
                "sweep",
                "table of lists",
                "Parameters with several values: an entry for every combination.",
                &format!("sweep.{parameter} = {values}"),
            ),
            key(
                "zip",
                "table of lists",
                "Parameters with several values: an entry for each first, each second value, and so on.",
                &format!("zip.{parameter} = {values}"),
            ),
        ];
        Self { section, about: about.to_owned(), keys, is_list: true }
    }
}

/// The sections, in the order in which files have them.
pub fn key_pages() -> Vec<KeyPage> {
    let none = &Value::Null;
    let file = File { seeds: Some(10), batch: Some(128), steps: Some(2000), ..File::default() };
    let file = File { evaluate_every: Some(50), ..file };
    let single = KeyPage::of::<File>("file", false, &file);
    let about =
        "Keys before the first section; a section can be written here, too, as in the examples.";
    vec![
        KeyPage { about: about.to_owned(), ..single },
        KeyPage::of_kinds("task", "tasks", "What is learned."),
        KeyPage::of_kinds("estimator", "estimators", "The estimators to compare."),
        KeyPage::of_kinds("optimizer", "optimizers", "The optimizers to train with."),
        KeyPage::of::<Tuning>("tuning", false, none),
        KeyPage::of::<Grid>("tuning.grid", true, none),
        KeyPage::of::<ThresholdSpec>("threshold", false, none),
        KeyPage::of::<GradientPlan>("gradient", false, &GradientPlan::default()),
        KeyPage::of::<GradientProtocol>("protocol", false, &GradientProtocol::default()),
        KeyPage::of::<CellDraws>("protocol.cells", true, none),
        KeyPage::of::<FigureSpec>("figure", true, none),
        KeyPage::of::<ExpectedSpec>("expected", false, none),
        KeyPage::of::<SlurmSpec>("slurm", false, none),
    ]
}

fn described(schema: &Value) -> String {
    schema["description"].as_str().unwrap_or_default().replace('\n', " ")
}

/// A default in words: empty texts and absent sections are none.
fn default(value: &Value) -> String {
    match value {
        Value::Null => "–".to_owned(),
        Value::String(text) if text.is_empty() => "–".to_owned(),
        other => format!("`{other}`"),
    }
}

/// The kind of a property's value, in words.
fn kind(property: &Value, schema: &Schema) -> String {
    let referred = property["$ref"].as_str().and_then(|path| path.strip_prefix("#"));
    if let Some(target) = referred.and_then(|path| schema.as_value().pointer(path)) {
        return kind(target, schema);
    }
    if let Some(names) = names(property) {
        return names.join(" or ");
    }
    let word = match &property["type"] {
        Value::String(word) => word.clone(),
        Value::Array(words) => {
            let found = words.iter().filter_map(Value::as_str).find(|word| *word != "null");
            found.unwrap_or_default().to_owned()
        }
        _ => String::new(),
    };
    match word.as_str() {
        "integer" => "whole number".to_owned(),
        "number" => "number".to_owned(),
        "string" => "text".to_owned(),
        "boolean" => "true or false".to_owned(),
        "array" => "list".to_owned(),
        "object" => "table".to_owned(),
        _ => "section".to_owned(),
    }
}

/// The names that a value can be, if it is one of several.
fn names(property: &Value) -> Option<Vec<String>> {
    let constant = |variant: &Value| Some(format!("`{}`", variant["const"].as_str()?));
    if let Some(names) = property["enum"].as_array() {
        return names.iter().map(|name| Some(format!("`{}`", name.as_str()?))).collect();
    }
    property["oneOf"].as_array()?.iter().map(constant).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_described_and_has_an_example() {
        for page in key_pages() {
            assert!(!page.about.is_empty() && !page.keys.is_empty(), "{}", page.section);
            for key in &page.keys {
                let place = format!("{}.{}", page.section, key.name);
                assert!(!key.about.is_empty() && !key.kind.is_empty(), "{place}");
                let example: toml::Table = toml::from_str(&key.example)
                    .unwrap_or_else(|error| panic!("{place}: `{}`: {error}", key.example));
                let is_its_own = example.contains_key(&key.name) || key.name == "PARAMETER";
                assert!(is_its_own, "{place}: `{}`", key.example);
            }
        }
    }
}
