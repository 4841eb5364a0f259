use super::published::Published;
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
    /// The number of draws that the table asks for.
    pub draws: Option<usize>,
    /// Training steps before the draws. A row may state its own.
    pub warm_up: u64,
    /// What is known of each estimator.
    pub rows: Vec<Row>,
}

/// What is known of an estimator on an instance.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its kind.
    pub kind: String,
    /// Its parameters, and keys that the format does not define ([`Row::parameters_for`]).
    pub parameters: toml::Table,
    /// Training steps before the draws, if they are the row's own: then its numbers are those of an
    /// estimator after these steps. With the table's they are those of one before them, and are only
    /// compared if the steps change nothing; the exact gradient always is.
    pub warm_up: Option<u64>,
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
    /// Tolerance of each component of the mean where only finiteness is checked, [B·L·K] or one for
    /// all; empty if the table has none.
    pub absolute_tolerance: Vec<f64>,
    /// Whether the estimator goes through a mean category number, the soft index.
    pub has_soft_index: bool,
    /// What a publication states, which the mean and variance of the row have to agree with.
    pub published: Option<Published>,
}

impl Table {
    pub(super) fn check_shapes(&self) -> Result<(), Fault> {
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
        let check = |key: &str, numbers: &[f64]| {
            let (found, expected) = (numbers.len(), format!("{elements} numbers, one a logit"));
            Fault::require(found == elements, key, format!("{found} numbers"), expected)
        };
        check("exact.gradient", &self.exact)?;
        let mut rows = self.rows.iter().enumerate();
        rows.try_for_each(|(i, row)| check(&format!("estimators[{i}].mean"), &row.mean))
    }
}

impl Row {
    /// The parameters for a kind. Texts, lists and tables under keys that the kind does not have are
    /// notes, and left out. Numbers and booleans are kept, so that the kind rejects them: they may
    /// well be meant as parameters.
    pub fn parameters_for(&self, entry: &Entry) -> toml::Table {
        let known = entry.keys();
        let is_note = |value: &toml::Value| value.is_str() || value.is_table() || value.is_array();
        let mut parameters = self.parameters.clone();
        parameters.retain(|key, value| known.iter().any(|known| known == key) || !is_note(value));
        parameters
    }

    /// The kind with its parameters.
    pub fn label(&self) -> String {
        let short = self.parameters.iter().filter(|(_, x)| !x.is_array() && !x.is_table());
        let pairs = short.map(|(key, value)| format!(" {key}={value}"));
        format!("{}{}", self.kind, pairs.collect::<String>())
    }
}
