//! docs/which-estimator.md claims of estimators what the registry says, and knows all of them.

use estimators::{Dims, Registry};
use std::collections::BTreeSet;
use toml::Table;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/which-estimator.md");

/// The cells of the rows that begin with the name of a kind.
fn rows(page: &str) -> Vec<Vec<&str>> {
    let rows = page.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect()).collect()
}

#[test]
fn its_claims_are_those_of_the_registry() {
    let (page, registry) = (std::fs::read_to_string(PAGE).unwrap(), Registry::standard());
    // As on the page.
    let dims = Dims { batch: 1, latents: 1, categories: 8 };
    let rows = rows(&page);
    assert!(rows.len() > 25, "{} rows", rows.len());
    for row in rows {
        let entry = registry.get(row[0].trim_matches('`')).unwrap();
        let properties = entry.build(Table::new()).unwrap().build_f64().properties(dims);
        let cost = properties.evaluations.to_string();
        let claims = [properties.needs.describe(), properties.unbiased.describe(), &cost];
        assert_eq!(row[2..5], claims, "{}", row[0]);
        let keys = row[1].split('`').skip(1).step_by(2);
        for key in keys {
            assert!(entry.keys().iter().any(|known| known == key), "{} has no {key}", row[0]);
        }
    }
}

#[test]
fn it_names_every_estimator() {
    let page = std::fs::read_to_string(PAGE).unwrap();
    let named: BTreeSet<&str> = page.split('`').skip(1).step_by(2).collect();
    let missing: Vec<_> =
        Registry::standard().names().filter(|name| !named.contains(name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
