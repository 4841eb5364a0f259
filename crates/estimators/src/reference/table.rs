use crate::Entry;
use ::registry::Fault;
use serde_json::{Map, Value};

/// A reference table.
#[derive(Clone, Debug)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Logits, [B, L, K].
    pub logits: Vec<Vec<Vec<f64>>>,
    /// The objective's kind and parameters.
    pub objective: Map<String, Value>,
    /// The exact gradient, [B·L·K].
    pub exact: Vec<f64>,
    /// Whether only finiteness and the mean can be checked: the logits are extreme.
    pub finite_only: bool,
    /// Draws that the table itself asks for.
    pub draws: Option<usize>,
    /// What is known of each estimator.
    pub rows: Vec<Row>,
}

/// What is known of an estimator on an instance.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its kind.
    pub kind: String,
    /// Its parameters, and what else the row says ([`Row::parameters_for`]).
    pub parameters: toml::Table,
    /// Mean of an estimate, [B·L·K].
    pub mean: Vec<f64>,
    /// Standard error of that mean, [B·L·K], or 0.
    pub mean_error: Vec<f64>,
    /// Total variance of an estimate.
    pub variance: Option<f64>,
    /// Standard error of the variance, relative to it.
    pub variance_error: f64,
    /// Standard deviation of the squared distance from the mean, relative to the variance.
    pub variance_spread: Option<f64>,
    /// The variance over the orders in which ties may be taken.
    pub variance_range: Option<(f64, f64)>,
    /// Whether the mean is the exact gradient here.
    pub unbiased: bool,
    /// Mean of the loss that the estimator reports.
    pub value: Option<f64>,
    /// Mean of the gradient for the objective's own parameters.
    pub objective_gradient: Option<Vec<f64>>,
    /// How far each component of the mean may be off where only finiteness is checked, [B·L·K] or
    /// one for all; empty if the table does not say.
    pub absolute_tolerance: Vec<f64>,
}

/// Keys of a row that are no parameters of the estimator.
const KNOWN: [&str; 18] = [
    "kind",
    "mean",
    "mean-se",
    "variance",
    "variance-rel-se",
    "variance-spread",
    "variance-over-tie-orders",
    "unbiased",
    "value-mean",
    "objective-gradient-mean",
    "method",
    "evaluations",
    "shared-logit",
    "tie",
    "soft-index",
    "absolute-tolerance",
    "note",
    "source",
];

impl Table {
    /// Reads a table.
    ///
    /// # Errors
    /// If the text is not JSON of the format.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let value: Value = serde_json::from_str(text)
            .map_err(|error| Fault::value("file", error, "JSON of a reference table"))?;
        let table = object(&kebab(&value), "file")?;
        let format = &table.get("format").cloned().unwrap_or(Value::Null);
        if format.as_u64() != Some(1) {
            return Err(Fault::value("format", format, "1"));
        }
        let logits = serde_json::from_value(get(&table, "logits")?.clone())
            .map_err(|error| Fault::value("logits", error, "numbers, [B][L][K]"))?;
        let check = table.get("check").and_then(Value::as_object);
        let rows = get(&table, "estimators")?
            .as_array()
            .ok_or_else(|| Fault::value("estimators", "no list", "a list of rows"))?;
        let parsed = Self {
            name: table.get("name").and_then(Value::as_str).unwrap_or_default().to_owned(),
            logits,
            objective: object(get(&table, "objective")?, "objective")?,
            exact: numbers(get(&object(get(&table, "exact")?, "exact")?, "gradient")?),
            finite_only: check.is_some_and(|check| check.get("kind") == Some(&"finite".into())),
            draws: check
                .and_then(|check| check.get("draws"))
                .and_then(Value::as_u64)
                .map(|draws| draws as usize),
            rows: rows.iter().map(Row::parse).collect::<Result<_, _>>()?,
        };
        parsed.check_shapes()?;
        Ok(parsed)
    }

    fn check_shapes(&self) -> Result<(), Fault> {
        let latents = self.logits.first().map_or(0, Vec::len);
        let categories = self.logits.first().and_then(|row| row.first()).map_or(0, Vec::len);
        let is_regular = latents > 0
            && categories > 1
            && self.logits.iter().all(|row| {
                row.len() == latents && row.iter().all(|latent| latent.len() == categories)
            });
        if !is_regular {
            let found = format!("{} rows", self.logits.len());
            return Err(Fault::value("logits", found, "[B][L][K] with K from 2 up"));
        }
        let elements = self.logits.len() * latents * categories;
        let wrong = |numbers: &[f64]| numbers.len() != elements;
        if wrong(&self.exact) || self.rows.iter().any(|row| wrong(&row.mean)) {
            let allowed = format!("{elements} numbers, as many as there are logits");
            return Err(Fault::value("gradient or mean", "another shape", allowed));
        }
        Ok(())
    }
}

impl Row {
    fn parse(value: &Value) -> Result<Self, Fault> {
        let mut row = object(value, "estimators")?;
        // What is null is not said.
        row.retain(|_, value| !value.is_null());
        let kind = get(&row, "kind")?.as_str().unwrap_or_default().to_owned();
        let number = |key: &str| row.get(key).and_then(Value::as_f64);
        let mean = numbers(get(&row, "mean")?);
        let mut mean_error = row.get("mean-se").map(numbers).unwrap_or_default();
        if mean_error.len() != mean.len() {
            mean_error = vec![mean_error.first().copied().unwrap_or(0.0); mean.len()];
        }
        let parameters = row.iter().filter(|(key, _)| !KNOWN.contains(&key.as_str()));
        let parameters =
            toml::Table::try_from(parameters.collect::<std::collections::BTreeMap<_, _>>())
                .map_err(|error| Fault::value(&kind, error, "parameters that TOML can say"))?;
        let range = row.get("variance-over-tie-orders").map(numbers).unwrap_or_default();
        Ok(Self {
            parameters,
            mean,
            mean_error,
            variance: number("variance"),
            variance_error: number("variance-rel-se").unwrap_or(0.0),
            variance_spread: number("variance-spread"),
            variance_range: (range.len() == 2).then(|| (range[0], range[1])),
            unbiased: row.get("unbiased").and_then(Value::as_bool).unwrap_or(false),
            value: number("value-mean"),
            objective_gradient: row.get("objective-gradient-mean").map(numbers),
            absolute_tolerance: row.get("absolute-tolerance").map(numbers).unwrap_or_default(),
            kind,
        })
    }

    /// The parameters that the kind takes. What else the row has, it has beside them; but a number
    /// or a truth value that the kind does not know stays, to be refused: it may well be a parameter.
    pub fn parameters_for(&self, entry: &Entry) -> toml::Table {
        let schema = entry.schema();
        let known = schema.get("properties").and_then(Value::as_object);
        let takes = |key: &str| known.is_some_and(|known| known.contains_key(key));
        let is_note = |value: &toml::Value| value.is_str() || value.is_table() || value.is_array();
        let mut parameters = self.parameters.clone();
        parameters.retain(|key, value| takes(key) || !is_note(value));
        parameters
    }

    /// The kind with its parameters.
    pub fn label(&self) -> String {
        let short = self.parameters.iter().filter(|(_, x)| !x.is_array() && !x.is_table());
        let pairs = short.map(|(key, value)| format!(" {key}={value}"));
        format!("{}{}", self.kind, pairs.collect::<String>())
    }
}

/// The value with every key in kebab-case.
fn kebab(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            map.iter().map(|(key, value)| (key.replace('_', "-"), kebab(value))).collect()
        }
        Value::Array(values) => values.iter().map(kebab).collect(),
        other => other.clone(),
    }
}

fn get<'a>(map: &'a Map<String, Value>, key: &str) -> Result<&'a Value, Fault> {
    map.get(key).ok_or_else(|| Fault::value(key, "absent", "it has to be there"))
}

fn object(value: &Value, key: &str) -> Result<Map<String, Value>, Fault> {
    value.as_object().cloned().ok_or_else(|| Fault::value(key, value, "an object"))
}

/// All numbers inside, in order: of a list of lists, or of the one list of an object.
pub(super) fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Number(number) => number.as_f64().into_iter().collect(),
        Value::Array(values) => values.iter().flat_map(numbers).collect(),
        Value::Object(map) => map.values().flat_map(numbers).collect(),
        _ => vec![],
    }
}
