//! The schema of experiment files agrees with the program.

use super::support::{EXPERIMENT, Lab, edited, entries};
use jsonschema::Validator;
use serde_json::Value;
use std::path::Path;

fn validator() -> Validator {
    let schema: Value = serde_json::from_str(&Lab::new().ok("schema")).unwrap();
    jsonschema::validator_for(&schema).unwrap_or_else(|error| panic!("{error}"))
}

fn instance(text: &str) -> Value {
    let table: toml::Table = toml::from_str(text).unwrap();
    serde_json::to_value(table).unwrap()
}

#[test]
fn committed_experiments_are_valid() {
    let validator = validator();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let is_experiment = |path: &std::path::PathBuf| path.extension().is_some_and(|e| e == "toml");
    let paths = entries(&root.join("experiments")).into_iter().filter(is_experiment);
    let mut count = 0;
    for path in paths {
        let instance = instance(&std::fs::read_to_string(&path).unwrap());
        let errors: Vec<String> = validator
            .iter_errors(&instance)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{}: {errors:#?}", path.display());
        count += 1;
    }
    assert!(count > 15, "{count}");
    // What a report stores is an experiment, too.
    let lab = Lab::new();
    lab.ok("sweep tiny.toml --quiet");
    assert!(validator.is_valid(&instance(&lab.read("results/tiny/experiment.toml"))));
}

#[test]
fn what_the_program_rejects_is_invalid() {
    let validator = validator();
    assert!(validator.is_valid(&instance(EXPERIMENT)));
    for (from, to) in [
        ("batch", "bacth"),
        ("batch = 8", "batch = \"8\""),
        ("inputs", "input"),
        ("argmax-index", "argmax-idx"),
        ("sweep.temperature = [0.5, 1.0]", "temprature = 1.0"),
        ("sweep.temperature = [0.5, 1.0]", "sweep.temperature = 0.5"),
        ("kind = \"exact\"", ""),
        ("[task]", "[gradient]\nevry = 1\n[task]"),
    ] {
        let text = edited(&[(from, to)]);
        assert!(!validator.is_valid(&instance(&text)), "{from} → {to}");
    }
}
