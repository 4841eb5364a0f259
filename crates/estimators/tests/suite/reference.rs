//! Every estimator compared with every reference table: mean, total variance, loss, and the gradient
//! for the objective's own parameters.

use estimators::Registry;
use estimators::reference::{Instance, TABLES, Table, check};

#[test]
fn every_row_of_every_table_agrees() {
    // Enough to find a wrong factor in the variance. `verify` draws more.
    assert_agree(20_000, 0);
}

/// The limits hold for any number of draws.
#[test]
fn few_draws_do_not_reject_right_estimators() {
    for seed in 1..=5 {
        for draws in [1, 2, 50, 200, 1000] {
            assert_agree(draws, seed);
        }
    }
}

fn assert_agree(draws: usize, seed: u64) {
    let registry = Registry::standard();
    let mut failures = vec![];
    for (name, text) in TABLES {
        let table = Table::parse(text).expect(name);
        let instance = Instance::new(&table).expect(name);
        for row in &table.rows {
            let verdict = registry
                .get(&row.kind)
                .map_err(Into::into)
                .and_then(|entry| check(entry, &table, &instance, row, draws, seed));
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
