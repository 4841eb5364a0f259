//! Format 1 of reference tables: their JSON, as it is stored.

use super::published::Published;
use super::table::{Row, Table};
use ::registry::Fault;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;

#[derive(serde::Deserialize)]
struct Version {
    #[serde(default)]
    format: Value,
}

#[derive(serde::Deserialize)]
struct StoredTable {
    name: Option<String>,
    logits: Vec<Vec<Vec<f64>>>,
    objective: Map<String, Value>,
    exact: Exact,
    check: Option<Check>,
    #[serde(rename = "warm-up", alias = "warm_up", default)]
    warm_up: u64,
    estimators: Vec<StoredRow>,
}

#[derive(serde::Deserialize)]
struct Exact {
    gradient: Numbers,
}

#[derive(serde::Deserialize)]
struct Check {
    kind: Option<String>,
    draws: Option<usize>,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
struct StoredRow {
    kind: String,
    #[serde(alias = "warm_up")]
    warm_up: Option<u64>,
    mean: Numbers,
    #[serde(alias = "mean_se")]
    mean_se: Option<Numbers>,
    variance: Option<f64>,
    #[serde(alias = "variance_rel_se")]
    variance_rel_se: Option<f64>,
    #[serde(alias = "variance_spread")]
    variance_spread: Option<f64>,
    #[serde(alias = "variance_over_tie_orders")]
    variance_over_tie_orders: Option<(f64, f64)>,
    unbiased: Option<bool>,
    #[serde(alias = "value_mean")]
    value_mean: Option<f64>,
    #[serde(alias = "objective_gradient_mean")]
    objective_gradient_mean: Option<Numbers>,
    #[serde(alias = "absolute_tolerance")]
    absolute_tolerance: Option<Numbers>,
    #[serde(alias = "soft_index")]
    soft_index: Option<IgnoredAny>,
    published: Option<Published>,
    #[serde(flatten)]
    _notes: Notes,
    /// All other keys.
    #[serde(flatten)]
    parameters: Map<String, Value>,
}

/// Notes for readers: keys whose values are ignored.
#[derive(Default, serde::Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct Notes {
    #[serde(rename = "method")]
    _method: IgnoredAny,
    #[serde(rename = "evaluations")]
    _evaluations: IgnoredAny,
    #[serde(rename = "shared-logit", alias = "shared_logit")]
    _shared_logit: IgnoredAny,
    #[serde(rename = "tie")]
    _tie: IgnoredAny,
    #[serde(rename = "note")]
    _note: IgnoredAny,
    #[serde(rename = "source")]
    _source: IgnoredAny,
}

/// The most draws of a check: they are kept in memory.
pub const MOST_DRAWS: usize = 10_000_000;
/// The most training steps before draws.
const MOST_WARM_UP: u64 = 1_000_000;

impl Table {
    /// Reads a table.
    ///
    /// # Errors
    /// If the text is not JSON of the format.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let table = read(text)?;
        table.check_shapes()?;
        Ok(table)
    }
}

/// Reads a table, whose numbers may still have the wrong shape.
fn read(text: &str) -> Result<Table, Fault> {
    let Version { format } = parse(text)?;
    if format.as_u64() != Some(1) {
        return Err(Fault::value("format", format, "1"));
    }
    let StoredTable { name, logits, objective, exact, check, warm_up, estimators } = parse(text)?;
    let Check { kind, draws } = check.unwrap_or(Check { kind: None, draws: None });
    let most = |key: &str, found: u64, most: u64| {
        Fault::require(found <= most, key, found, format!("at most {most}"))
    };
    most("check.draws", draws.unwrap_or(0) as u64, MOST_DRAWS as u64)?;
    most("warm-up", warm_up, MOST_WARM_UP)?;
    for row in &estimators {
        most("estimators.warm-up", row.warm_up.unwrap_or(0), MOST_WARM_UP)?;
    }
    Ok(Table {
        name: name.unwrap_or_default(),
        logits,
        objective,
        exact: exact.gradient.0,
        finite_only: kind.as_deref() == Some("finite"),
        draws,
        warm_up,
        rows: estimators.into_iter().map(StoredRow::into_row).collect::<Result<_, _>>()?,
    })
}

impl StoredRow {
    fn into_row(self) -> Result<Row, Fault> {
        let mean = self.mean.0;
        let mut mean_error = self.mean_se.unwrap_or_default().0;
        if mean_error.len() != mean.len() {
            mean_error = vec![mean_error.first().copied().unwrap_or(0.0); mean.len()];
        }
        let given = self.parameters.into_iter().filter(|(_, value)| !value.is_null());
        let parameters: Map<String, Value> =
            given.map(|(key, value)| (key.replace('_', "-"), value)).collect();
        let parameters = toml::Table::try_from(parameters)
            .map_err(|error| Fault::value(&self.kind, error, "parameters that TOML has"))?;
        Ok(Row {
            kind: self.kind,
            parameters,
            warm_up: self.warm_up,
            mean,
            mean_error,
            variance: self.variance,
            variance_error: self.variance_rel_se.unwrap_or(0.0),
            variance_spread: self.variance_spread,
            variance_range: self.variance_over_tie_orders,
            unbiased: self.unbiased.unwrap_or(false),
            value: self.value_mean,
            objective_gradient: self.objective_gradient_mean.map(|numbers| numbers.0),
            absolute_tolerance: self.absolute_tolerance.unwrap_or_default().0,
            has_soft_index: self.soft_index.is_some(),
            published: self.published,
        })
    }
}

/// All numbers inside, in order: one number, lists of lists, or an object of such lists.
#[derive(Default)]
pub(super) struct Numbers(pub(super) Vec<f64>);

impl<'de> Deserialize<'de> for Numbers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumbersVisitor)
    }
}

struct NumbersVisitor;

impl<'de> Visitor<'de> for NumbersVisitor {
    type Value = Numbers;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("numbers, or lists of numbers")
    }

    fn visit_f64<E>(self, x: f64) -> Result<Numbers, E> {
        Ok(Numbers(vec![x]))
    }

    fn visit_u64<E>(self, x: u64) -> Result<Numbers, E> {
        Ok(Numbers(vec![x as f64]))
    }

    fn visit_i64<E>(self, x: i64) -> Result<Numbers, E> {
        Ok(Numbers(vec![x as f64]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Numbers, A::Error> {
        let mut all = vec![];
        while let Some(Numbers(numbers)) = list.next_element()? {
            all.extend(numbers);
        }
        Ok(Numbers(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Numbers, A::Error> {
        let mut all = vec![];
        while let Some((_, Numbers(numbers))) = map.next_entry::<IgnoredAny, Numbers>()? {
            all.extend(numbers);
        }
        Ok(Numbers(all))
    }
}

/// Parses JSON, with errors that name the key.
fn parse<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Fault> {
    let mut json = serde_json::Deserializer::from_str(text);
    let parsed = serde_path_to_error::deserialize(&mut json).map_err(fault)?;
    json.end().map_err(|error| Fault::value("file", error, "JSON of a reference table"))?;
    Ok(parsed)
}

/// The fault of an error such as `invalid type: string "x", expected f64 at line 1 column 2`.
fn fault(error: serde_path_to_error::Error<serde_json::Error>) -> Fault {
    let path = error.path().to_string();
    let error = error.into_inner();
    if !error.is_data() {
        return Fault::value("file", error, "JSON of a reference table");
    }
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or_default();
    let missing = message.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`'));
    match (missing, message.rsplit_once(", expected ")) {
        (Some(field), _) if path == "." => Fault::missing(field),
        (Some(field), _) => Fault::missing(&format!("{path}.{field}")),
        (None, Some((found, expected))) => {
            let found = found.split_once(": ").map_or(found, |(_, found)| found);
            Fault::value(&path, found, in_words(expected))
        }
        (None, None) => Fault::value(&path, message, "another value"),
    }
}

/// Rust's types in the words of JSON.
fn in_words(expected: &str) -> &str {
    match expected {
        "f64" => "a number",
        "usize" | "u64" => "a whole number from 0 up",
        "a sequence" => "a list",
        "a map" => "an object",
        other if other.starts_with("struct ") => "an object",
        other => other,
    }
}
