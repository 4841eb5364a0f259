//! The page and the parameters of every registered estimator: pages are complete and true, and invalid
//! parameters are rejected.

use estimators::laws::Variant;
use estimators::{Dims, Properties, Registry};
use toml::Table;

fn variants() -> Vec<Variant> {
    Variant::all_of(&Registry::standard())
}

#[test]
fn invalid_parameters_are_rejected_with_a_message() {
    for entry in Registry::standard().entries() {
        let unknown = Table::from_iter([("surely-not".to_owned(), 1.into())]);
        let message = entry.build(unknown).err().expect("a rejection").to_string();
        assert!(message.contains("surely-not") && message.contains(entry.name), "{message}");
        let schema = entry.schema().as_value().clone();
        for (key, value) in entry.defaults() {
            let page = schema["properties"][&key]["description"].as_str().unwrap();
            for wrong in invalid(&value, page) {
                let place = format!("{}: {key} = {wrong}", entry.name);
                let table = Table::from_iter([(key.clone(), wrong)]);
                let message = entry.build(table).err().map(|error| error.to_string());
                let message = message.unwrap_or_else(|| panic!("{place} was accepted"));
                assert!(message.contains(&key) && message.contains("expected"), "{message}");
            }
        }
    }
}

/// Invalid values of a parameter: of the wrong type, or beyond the range on its page.
fn invalid(default: &toml::Value, page: &str) -> Vec<toml::Value> {
    let beyond = |ends: &[(&str, f64)]| -> Vec<f64> {
        ends.iter().filter(|(words, _)| page.contains(words)).map(|&(_, x)| x).collect()
    };
    match default {
        toml::Value::Float(_) => [f64::NAN, f64::NEG_INFINITY]
            .into_iter()
            .chain(Some(f64::INFINITY).filter(|_| !page.contains("or inf")))
            .chain(beyond(&[
                ("above 0", 0.0),
                ("above 1", 1.0),
                ("from 0 up", -0.1),
                ("below 1", 1.0),
                ("up to 1", 1.01),
                ("up to 2", 2.01),
            ]))
            .map(toml::Value::from)
            .collect(),
        toml::Value::Integer(_) => [-1.0]
            .into_iter()
            .chain(beyond(&[
                ("from 1 up", 0.0),
                ("from 2 up", 1.0),
                ("at least 2", 1.0),
                ("at most 20", 21.0),
                ("below K", 1e6),
            ]))
            .map(|x| toml::Value::from(x as i64))
            .collect(),
        toml::Value::Boolean(_) => vec!["perhaps".into()],
        _ => vec!["surely-not".into()],
    }
}

/// Users read the committed pages, so these must be up to date.
#[test]
fn the_page_agrees_with_the_properties() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/estimators.md");
    let page = std::fs::read_to_string(page).unwrap();
    // One latent with eight categories, as on the page.
    let dims = Dims { batch: 1, latents: 1, categories: 8 };
    for variant in variants().into_iter().filter(Variant::is_default) {
        let name = variant.entry().name;
        let begins = format!("| [`{name}`]");
        let row = page.lines().find(|line| line.starts_with(&begins)).expect(name);
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let properties = variant.entry().build(Table::new()).unwrap().build_f64().properties(dims);
        let claims = [properties.unbiased.describe(), properties.needs.describe()];
        assert_eq!(cells[3..5], claims, "{name}");
    }
}

/// Laws check the claims of an estimator; this checks that it makes them.
#[test]
fn only_a_few_lack_a_symmetry() {
    let dims = Dims { batch: 1, latents: 1, categories: 3 };
    let without = |claims: fn(&Properties) -> bool| -> Vec<String> {
        let lacks = |variant: &Variant| !claims(&variant.build_f64().properties(dims));
        let mut kinds: Vec<String> = variants()
            .iter()
            .filter(|variant| lacks(variant))
            .map(|variant| match variant.entry().name {
                "reinforce" => variant.name().to_owned(),
                kind => kind.to_owned(),
            })
            .collect();
        kinds.dedup();
        kinds
    };
    // Their noise does not have the symmetry of the simplex.
    let blind = ["perturbed", "perturbed-score", "antithetic-es", "spsa"];
    let of_sums = without(|properties| properties.sums_to_zero);
    assert_eq!(of_sums[0], "reinforce baseline=\"optimal-per-component\"");
    // Its weights are no distribution.
    assert_eq!(of_sums[1..], [&blind[..], &["relu-routing"]].concat());
    let of_shifts = without(|properties| properties.ignores_shifts);
    assert_eq!(of_shifts, ["relu-routing"]);
}

#[test]
fn more_samples_than_outcomes_are_refused() {
    for kind in [
        "unordered-set",
        "unordered-set-without-baseline",
        "sum-and-sample",
        "stochastic-sum-and-sample",
    ] {
        let entry = estimators::Registry::standard().get(kind).unwrap().clone();
        let estimator =
            entry.build(Table::from_iter([("samples".to_owned(), 5.into())])).unwrap().build_f64();
        let refusal = |latents| estimator.refuses(Dims { batch: 1, latents, categories: 2 });
        assert!(refusal(2).expect(kind).contains("5 distinct outcomes of 4"), "{kind}");
        assert_eq!(refusal(3), None, "{kind}");
    }
}

/// Only the oracles enumerate the joint outcomes.
#[test]
fn only_oracles_refuse_many_latents() {
    let dims = Dims { batch: 1, latents: 64, categories: 2 };
    for variant in variants().iter().filter(|variant| variant.entry().name == "reinforce") {
        let is_oracle = ["optimal", "\"mean\""].iter().any(|word| variant.name().contains(word));
        assert_eq!(variant.build_f64().refuses(dims).is_some(), is_oracle, "{}", variant.name());
    }
}

#[test]
fn names_are_legal_and_pages_complete() {
    let mut names = vec![];
    for entry in Registry::standard().entries() {
        let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        assert!(entry.name.chars().all(legal), "{}", entry.name);
        assert!(!names.contains(&entry.name), "{} is there twice", entry.name);
        names.push(entry.name);
        let schema = entry.schema();
        let page = schema.get("description").and_then(|text| text.as_str()).unwrap_or_default();
        let parts = ["Estimates", "Formula", "Requires", "Costs", "When to use", "Reference"];
        let mut rest = page;
        for part in
            parts.map(|part| format!("**{part}**")).iter().map(String::as_str).chain(["```"])
        {
            let place = rest.find(part);
            let place = place.unwrap_or_else(|| panic!("{}: no {part} in its place", entry.name));
            rest = &rest[place + part.len()..];
        }
        assert!(rest.contains("assert"), "{}: its example asserts nothing", entry.name);
        assert!(!entry.summary.ends_with('.') && entry.summary.len() < 64, "{}", entry.name);
        assert!(!entry.about.source.is_empty() && entry.version > 0, "{}", entry.name);
        let parameters = schema.get("properties").and_then(|properties| properties.as_object());
        for (key, node) in parameters.into_iter().flatten() {
            assert!(node.get("description").is_some(), "{}: {key} has no page", entry.name);
        }
    }
}
