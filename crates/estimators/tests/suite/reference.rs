//! Every estimator compared with every reference table: mean, total variance, loss, and the gradient
//! for the objective's own parameters.

use estimators::Registry;
use estimators::reference::{Instance, TABLES, Table, check};

/// Draws for each row: enough to find a wrong factor in the variance. `verify` draws more.
const DRAWS: usize = 20_000;

#[test]
fn every_row_of_every_table_agrees() {
    let registry = Registry::standard();
    let mut failures = vec![];
    for (name, text) in TABLES {
        let table = Table::parse(text).expect(name);
        let instance = Instance::new(&table).expect(name);
        for row in &table.rows {
            let verdict = registry
                .get(&row.kind)
                .map_err(Into::into)
                .and_then(|entry| check(entry, &table, &instance, row, DRAWS, 0));
            match verdict {
                Ok(verdict) => failures.extend(
                    verdict.failures.iter().map(|why| format!("{name}, {}: {why}", row.label())),
                ),
                Err(error) => failures.push(format!("{name}, {}: {error}", row.label())),
            }
        }
    }
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}
