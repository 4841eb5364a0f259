//! A kind with its default parameters, and with other values of each parameter.

use crate::{Entry, Error, Estimator, Registry};
use serde_json::Value;
use toml::Table;

/// A kind with valid parameters.
#[derive(Clone)]
pub struct Variant {
    name: String,
    entry: Entry,
    parameters: Table,
}

impl Variant {
    /// A kind with parameters; those that are not given have their default.
    ///
    /// # Errors
    /// If they are invalid.
    pub fn new(entry: &Entry, parameters: Table) -> Result<Self, Error> {
        entry.build(parameters.clone())?;
        let defaults = entry.defaults();
        let others = parameters.iter().filter(|&(key, value)| defaults.get(key) != Some(value));
        let pairs = others.map(|(key, value)| format!(" {key}={value}"));
        let name = format!("{}{}", entry.name, pairs.collect::<String>());
        Ok(Self { name, entry: entry.clone(), parameters })
    }

    /// The same with one more parameter, if the kind accepts it.
    pub(super) fn with(&self, key: &str, value: toml::Value) -> Option<Self> {
        let mut parameters = self.parameters.clone();
        parameters.insert(key.to_owned(), value);
        Self::new(&self.entry, parameters).ok()
    }

    /// A kind with its default parameters, with each value of a parameter that its schema lists, and with
    /// each number changed.
    pub fn all(entry: &Entry) -> Vec<Self> {
        // Not all kinds accept their defaults, as a parameter may be required.
        let defaults = Self::new(entry, Table::new()).ok();
        let schema = entry.schema().as_value().clone();
        let properties = schema["properties"].as_object().cloned().unwrap_or_default();
        let resolved = entry.defaults();
        let mut all: Vec<Self> = defaults.iter().cloned().collect();
        for (key, node) in &properties {
            let mut values = named_values(node, &schema);
            values.extend(resolved.get(key).and_then(moved));
            values.retain(|value| resolved.get(key) != Some(value));
            all.extend(values.into_iter().filter_map(|value| defaults.as_ref()?.with(key, value)));
        }
        all
    }

    /// All kinds of a registry with these values.
    pub fn all_of(registry: &Registry) -> Vec<Self> {
        registry.entries().iter().flat_map(Self::all).collect()
    }

    /// The kind, and the parameters that differ from its defaults.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The kind.
    pub fn entry(&self) -> &Entry {
        &self.entry
    }

    /// Whether no parameter differs from its default.
    pub fn is_default(&self) -> bool {
        self.name == self.entry.name
    }

    /// A new estimator in `f64`.
    pub fn build_f64(&self) -> Box<dyn Estimator<f64>> {
        self.factory().build_f64()
    }

    /// A new estimator in `f32`.
    pub fn build_f32(&self) -> Box<dyn Estimator<f32>> {
        self.factory().build_f32()
    }

    fn factory(&self) -> Box<dyn crate::Factory> {
        // They were accepted before.
        self.entry.build(self.parameters.clone()).unwrap_or_else(|error| panic!("{error}"))
    }
}

/// Another number of the same type.
fn moved(value: &toml::Value) -> Option<toml::Value> {
    match value {
        toml::Value::Float(x) => Some((0.7 * x).into()),
        toml::Value::Integer(n) => Some((n + 1).into()),
        _ => None,
    }
}

/// The values that a schema lists: words, booleans, and a table for each alternative.
fn named_values(node: &Value, root: &Value) -> Vec<toml::Value> {
    let mut values = vec![];
    let target = node["$ref"].as_str().and_then(|at| root.pointer(at.trim_start_matches('#')));
    values.extend(target.into_iter().flat_map(|target| named_values(target, root)));
    if node["type"] == "boolean" {
        values.extend([true.into(), false.into()]);
    }
    let words = node["enum"].as_array().into_iter().flatten().chain(node.get("const"));
    values.extend(words.filter_map(Value::as_str).map(toml::Value::from));
    for key in ["oneOf", "anyOf", "allOf"] {
        let nodes = node[key].as_array().into_iter().flatten();
        values.extend(nodes.flat_map(|node| named_values(node, root)));
    }
    if let Some(properties) = node["properties"].as_object() {
        values.push(filled(properties).into());
    }
    values
}

/// A table with a value for each property that needs one: 3 for whole numbers, 0.5 for others.
fn filled(properties: &serde_json::Map<String, Value>) -> Table {
    let mut table = Table::new();
    for (key, node) in properties {
        let is_whole = node["type"] == "integer" || node["type"][0] == "integer";
        let value = match node["const"].as_str() {
            Some(word) => word.into(),
            None if is_whole && node["default"].is_number() => continue,
            None if is_whole => 3.into(),
            None => 0.5.into(),
        };
        table.insert(key.clone(), value);
    }
    table
}
