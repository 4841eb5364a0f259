//! The schema of experiment files, for editors that complete and check them.

use super::file::{ExpectedSpec, FigureSpec, File, GradientPlan, SlurmSpec, ThresholdSpec};
use super::protocol::GradientProtocol;
use super::tuning::Tuning;
use crate::Registries;
use registry::{Entry, Registry};
use schemars::{JsonSchema, Schema, schema_for};
use serde_json::{Map, Value, json};

/// The JSON Schema (draft 2020-12) of experiment files, with all registered kinds.
pub fn schema(registries: &Registries) -> Value {
    let mut defs = Map::new();
    let mut root = of::<File>(&mut defs);
    let kinds = [
        ("task", kinds(&registries.tasks, &mut defs)),
        ("estimator", kinds(&registries.estimators, &mut defs)),
        ("optimizer", kinds(&registries.optimizers, &mut defs)),
    ];
    let sections = [
        ("tuning", of::<Tuning>(&mut defs)),
        ("threshold", of::<ThresholdSpec>(&mut defs)),
        ("gradient", of::<GradientPlan>(&mut defs)),
        ("protocol", protocol(&mut defs)),
        ("expected", of::<ExpectedSpec>(&mut defs)),
        ("slurm", of::<SlurmSpec>(&mut defs)),
    ];
    let figure = of::<FigureSpec>(&mut defs);
    let lists =
        kinds.into_iter().chain([("figure", figure), ("exclude", json!({ "type": "object" }))]);
    let lists = lists.map(|(name, one)| (name, one_or_several(one)));
    for (name, section) in sections.into_iter().chain(lists) {
        let about = root["properties"][name]["description"].clone();
        root["properties"][name] = section;
        root["properties"][name]["description"] = about;
    }
    root["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    root["title"] = json!("experiment");
    root["$defs"] = Value::Object(defs);
    root
}

/// The schema of a type. What it refers to is moved to `defs`.
fn of<T: JsonSchema>(defs: &mut Map<String, Value>) -> Value {
    hoisted(schema_for!(T), defs)
}

fn hoisted(schema: Schema, defs: &mut Map<String, Value>) -> Value {
    let mut value = schema.to_value();
    if let Some(object) = value.as_object_mut() {
        object.remove("$schema");
        if let Some(Value::Object(own)) = object.remove("$defs") {
            defs.extend(own);
        }
    }
    value
}

/// Without sections, a protocol may also name the one that trains.
fn protocol(defs: &mut Map<String, Value>) -> Value {
    let mut gradient = of::<GradientProtocol>(defs);
    gradient["properties"]["kind"] = json!({ "enum": ["training", "gradient"] });
    gradient
}

fn one_or_several(one: Value) -> Value {
    json!({ "anyOf": [one.clone(), { "type": "array", "items": one }] })
}

/// A table of one of the kinds.
fn kinds<T, A>(registry: &Registry<T, A>, defs: &mut Map<String, Value>) -> Value {
    let kinds: Vec<Value> = registry.entries().iter().map(|entry| kind(entry, defs)).collect();
    json!({ "oneOf": kinds })
}

/// A table with the parameters of a kind, and lists of their values to sweep.
fn kind<T, A>(entry: &Entry<T, A>, defs: &mut Map<String, Value>) -> Value {
    let mut kind = hoisted(entry.schema(), defs);
    let parameters = kind["properties"].as_object().cloned().unwrap_or_default();
    let lists: Map<String, Value> = parameters
        .iter()
        .map(|(name, values)| (name.clone(), json!({ "type": "array", "items": values })))
        .collect();
    let lists = json!({ "type": "object", "properties": lists, "additionalProperties": false });
    let mut properties = parameters;
    properties.insert("kind".to_owned(), json!({ "const": entry.name }));
    properties.insert("sweep".to_owned(), lists.clone());
    properties.insert("zip".to_owned(), lists);
    kind["type"] = json!("object");
    kind["title"] = json!(entry.name);
    kind["description"] = json!(entry.summary);
    kind["properties"] = Value::Object(properties);
    // Parameters without a default can be swept.
    kind["required"] = json!(["kind"]);
    kind["additionalProperties"] = json!(false);
    kind
}
