//! From one table with `sweep` and `zip` to the tables that they stand for.

use registry::Fault;
use toml::{Table, Value};

/// A table's parameters, for each combination of its `sweep` (all with all) and `zip` (the first
/// with the first) lists. A table without either stands for itself.
///
/// # Errors
/// If either is not a table of lists, a list is empty, lists of `zip` differ in length, or a
/// parameter appears twice.
pub(super) fn expand(mut table: Table) -> Result<Vec<Table>, Fault> {
    let sweep = taken(&mut table, "sweep")?;
    let zip = taken(&mut table, "zip")?;
    for (key, _) in sweep.iter().chain(&zip) {
        let twice = sweep.iter().chain(&zip).filter(|(other, _)| other == key).count() > 1;
        if twice || table.contains_key(key) {
            let place = format!("sweep.{key}");
            return Err(Fault::value(&place, "a list", "a parameter that is given only once"));
        }
    }
    check_count("sweep", &sweep, zip.first().map_or(1, |(_, values)| values.len()))?;
    let tables = combined(table, &sweep);
    let Some(length) = zip.first().map(|(_, values)| values.len()) else { return Ok(tables) };
    if let Some((key, values)) = zip.iter().find(|(_, values)| values.len() != length) {
        let found = format!("{} values", values.len());
        return Err(Fault::value(&format!("zip.{key}"), found, format!("{length} values")));
    }
    let zipped = |table: &Table, i: usize| {
        zip.iter().fold(table.clone(), |table, (key, values)| with(&table, key, &values[i]))
    };
    Ok(tables.iter().flat_map(|table| (0..length).map(|i| zipped(table, i))).collect())
}

fn with(table: &Table, key: &str, value: &Value) -> Table {
    let mut table = table.clone();
    table.insert(key.to_owned(), value.clone());
    table
}

/// The table with every combination of values.
fn combined(table: Table, lists: &[(String, Vec<Value>)]) -> Vec<Table> {
    lists.iter().fold(vec![table], |tables, (key, values)| {
        let with_each = |table| values.iter().map(move |value| with(table, key, value));
        tables.iter().flat_map(with_each).collect()
    })
}

/// Every combination of the values of lists, which are at `place` of a file.
///
/// # Errors
/// If a value is not a list, or empty.
pub(super) fn product(place: &str, table: &Table) -> Result<Vec<Table>, Fault> {
    let lists = lists(place, table.clone())?;
    check_count(place, &lists, 1)?;
    Ok(combined(Table::new(), &lists))
}

/// The most combinations of one table.
const MOST: usize = 100_000;

/// Rejects lists with too many combinations, before they are made.
fn check_count(place: &str, lists: &[(String, Vec<Value>)], times: usize) -> Result<(), Fault> {
    let count = lists.iter().try_fold(times, |count, (_, values)| count.checked_mul(values.len()));
    let is_allowed = count.is_some_and(|count| count <= MOST);
    let found =
        count.map_or("too many combinations".to_owned(), |count| format!("{count} combinations"));
    Fault::require(is_allowed, place, found, format!("at most {MOST} combinations of the values"))
}

fn taken(table: &mut Table, name: &str) -> Result<Vec<(String, Vec<Value>)>, Fault> {
    match table.remove(name) {
        None => Ok(vec![]),
        Some(Value::Table(found)) => lists(name, found),
        Some(other) => {
            let expected = "a table of lists, such as sweep.temperature = [0.5, 1.0]";
            Err(Fault::value(name, other, expected))
        }
    }
}

fn lists(place: &str, table: Table) -> Result<Vec<(String, Vec<Value>)>, Fault> {
    let list = |(key, value)| match value {
        Value::Array(values) if !values.is_empty() => Ok((key, values)),
        other => Err(Fault::value(&format!("{place}.{key}"), other, "a list of values")),
    };
    table.into_iter().map(list).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(text: &str) -> Result<Vec<String>, Fault> {
        let tables = expand(toml::from_str(text).expect("a table"))?;
        Ok(tables.iter().map(|table| Value::Table(table.clone()).to_string()).collect())
    }

    #[test]
    fn a_sweep_is_a_product_and_a_zip_is_not() {
        assert_eq!(expanded("a = 1").unwrap().len(), 1);
        let product = expanded("sweep.a = [1, 2]\nsweep.b = [3, 4, 5]").unwrap();
        assert_eq!(product.len(), 6);
        let zipped = expanded("zip.a = [1, 2]\nzip.b = [3, 4]").unwrap();
        assert_eq!(zipped, ["{ a = 1, b = 3 }", "{ a = 2, b = 4 }"]);
        let both = expanded("zip.a = [1, 2]\nzip.b = [3, 4]\nsweep.c = [5, 6]").unwrap();
        assert_eq!(both.len(), 4);
    }

    #[test]
    fn invalid_lists_are_rejected() {
        for text in [
            "sweep.a = []",
            "sweep.a = 1",
            "sweep = 1",
            "a = 1\nsweep.a = [2]",
            "sweep.a = [1]\nzip.a = [2]",
            "zip.a = [1, 2]\nzip.b = [3]",
        ] {
            assert!(expanded(text).is_err(), "{text}");
        }
    }
}
