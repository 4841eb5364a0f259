//! The pages of registered kinds, made from their documentation.

use crate::Program;
use registry::Entry;
use schemars::Schema;
use toml::{Table, Value};

/// The page of a kind, with a last line of its own.
pub(super) fn page<T, A>(entry: &Entry<T, A>, foot: &str) -> String {
    let (schema, defaults) = (&entry.schema(), &entry.defaults());
    let head = format!("{} — {}", entry.name, entry.summary);
    let mut page = format!("{head}\n\n{}\n", without_examples(description(schema.as_value())));
    let described = properties(schema, defaults);
    if !described.is_empty() {
        page.push_str("\nParameters:\n");
    }
    for (key, default, text) in described {
        page.push_str(&format!("  {key} = {default}\n      {text}\n"));
    }
    if !foot.is_empty() {
        page.push_str(&format!("\n{foot}"));
    }
    page.trim_end().to_owned()
}

/// All estimators in Markdown: a table, and the page of each.
pub(super) fn markdown(
    program: Program,
    registry: &estimators::Registry,
    table: &[[String; 7]],
) -> String {
    let mut text = format!(
        "# Estimators\n\nMade from the registry by `{} list estimators --format \
         markdown`; do not edit.\n\nS samples, B rows of a batch, L latents, K categories; θ logits, \
         p = softmax θ, D ~ Cat(p) a one-hot sample, s = D − p, f the loss, g = ∇f(D), \
         J(q) v = q ⊙ (v − ⟨q, v⟩). Losses are counted for one row with one latent among eight \
         categories; ∇ marks gradients, ∂ derivatives along the pick. Experts are \
         those of the eight that have to be evaluated if each category is a network of its own.\n\n\
         | kind | what it does | unbiased | needs | losses | experts |\n|---|---|---|---|---|---|\n",
        program.command()
    );
    for [kind, what, unbiased, needs, losses, experts, _] in table {
        text.push_str(&format!(
            "| [`{kind}`](#{kind}) | {what} | {unbiased} | {needs} | {losses} | {experts} |\n"
        ));
    }
    for entry in registry.entries() {
        let schema = entry.schema();
        let about = without_examples(description(schema.as_value()));
        text.push_str(&format!("\n## {}\n\n{about}\n", entry.name));
        let described = properties(&schema, &entry.defaults());
        if !described.is_empty() {
            text.push_str("\n| parameter | default | |\n|---|---|---|\n");
        }
        for (key, default, text_of) in described {
            text.push_str(&format!(
                "| `{key}` | `{default}` | {} |\n",
                text_of.replace('|', "\\|")
            ));
        }
    }
    text
}

/// Parameters with their defaults, in a line.
pub(super) fn parameters(defaults: &Table) -> String {
    let pairs: Vec<String> =
        defaults.iter().map(|(key, value)| format!("{key} = {value}")).collect();
    pairs.join(", ")
}

/// Name, default and description of every parameter.
fn properties(schema: &Schema, defaults: &Table) -> Vec<(String, String, String)> {
    let properties = schema.get("properties").and_then(|properties| properties.as_object());
    let described = properties.into_iter().flatten().map(|(key, schema)| {
        let default = defaults.get(key).map_or_else(|| "none".to_owned(), Value::to_string);
        (key.clone(), default, description(schema).replace('\n', " "))
    });
    described.collect()
}

fn description(schema: &serde_json::Value) -> &str {
    schema.get("description").and_then(|text| text.as_str()).unwrap_or_default()
}

/// The documentation without its examples, which are tests.
fn without_examples(text: &str) -> String {
    let mut kept = vec![];
    let mut inside = false;
    for line in text.lines() {
        if line.starts_with("```") {
            inside = !inside;
        } else if !inside {
            kept.push(line);
        }
    }
    kept.join("\n").trim().to_owned()
}
