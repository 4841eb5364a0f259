//! Every estimator with its default parameters, and with other values of each parameter.

use estimators::{Entry, Estimator, Registry};
use serde_json::Value;
use std::panic::{AssertUnwindSafe, catch_unwind};
use toml::Table;

/// An estimator with parameters.
#[derive(Clone)]
pub struct Variant {
    /// Its kind, and the parameters that differ from the defaults.
    pub name: String,
    pub entry: Entry,
    parameters: Table,
}

impl Variant {
    fn new(entry: &Entry, parameters: Table) -> Self {
        let pairs = parameters.iter().map(|(key, value)| format!(" {key}={value}"));
        let name = format!("{}{}", entry.name, pairs.collect::<String>());
        Self { name, entry: entry.clone(), parameters }
    }

    pub fn build_f64(&self) -> Box<dyn Estimator<f64>> {
        let made = self.entry.build(self.parameters.clone()).map(|built| built.build_f64());
        made.unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }

    pub fn build_f32(&self) -> Box<dyn Estimator<f32>> {
        let made = self.entry.build(self.parameters.clone()).map(|built| built.build_f32());
        made.unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }

    /// The same with one more parameter, if the kind accepts it.
    pub fn with(&self, key: &str, value: toml::Value) -> Option<Self> {
        let mut parameters = self.parameters.clone();
        parameters.insert(key.to_owned(), value);
        self.entry.build(parameters.clone()).ok()?;
        Some(Self::new(&self.entry, parameters))
    }
}

/// Every registered estimator with its default parameters.
pub fn defaults() -> Vec<Variant> {
    let registry = Registry::standard();
    registry.entries().iter().map(|entry| Variant::new(entry, Table::new())).collect()
}

/// Every registered estimator with its default parameters, with each value of a parameter that the
/// schema lists, and with each number changed.
pub fn variants() -> Vec<Variant> {
    let mut all = vec![];
    for default in defaults() {
        let resolved = default.entry.defaults();
        let schema = default.entry.schema().as_value().clone();
        let properties = schema["properties"].as_object().cloned().unwrap_or_default();
        all.push(default.clone());
        for (key, node) in &properties {
            let mut values = named_values(node, &schema);
            values.extend(resolved.get(key).and_then(moved));
            values.retain(|value| resolved.get(key) != Some(value));
            all.extend(values.into_iter().filter_map(|value| default.with(key, value)));
        }
    }
    all
}

/// Checks a law for every variant, and names all that break it.
pub fn check_all(law: impl Fn(&Variant)) {
    let breaks = |variant: &Variant| catch_unwind(AssertUnwindSafe(|| law(variant))).is_err();
    let broken: Vec<String> =
        variants().into_iter().filter(breaks).map(|variant| variant.name).collect();
    assert!(broken.is_empty(), "broken by {broken:#?}");
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
    if let Some(reference) = node["$ref"].as_str() {
        let target = root.pointer(reference.trim_start_matches('#')).expect("a definition");
        values.extend(named_values(target, root));
    }
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
