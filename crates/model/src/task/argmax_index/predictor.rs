//! Using a trained network on new rows.

use super::Value;
use super::encoder::{Encoder, Feature, FeatureKind, TargetKind};
use super::network::CombinedNetwork;
use super::table::{MISSING, Problems, Sheet, is_missing, number};
use crate::{Error, Result};
use kernels::{Data, Layer, Noise, Packed, Parameters, rows};
use registry::UnknownName;
use std::fmt;
use std::path::Path;

/// A trained network, with what it needs to predict new rows.
#[derive(Debug)]
pub struct Predictor {
    encoder: Encoder,
    network: CombinedNetwork,
    parameters: Parameters<f32>,
}

/// The weights or the biases of a layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    /// Such as `classifier.0.weight`.
    pub name: &'static str,
    /// [outputs, inputs], or \[outputs\] of a bias.
    pub shape: Vec<usize>,
    /// The numbers, row after row.
    pub values: Vec<f32>,
}

/// What a network says of a row.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// The category that is chosen, from 0 to K − 1.
    pub choice: usize,
    /// Its probability.
    pub probability: f64,
    /// What its head predicts.
    pub value: Predicted,
}

/// A number in the target's units, or the name of a class.
#[derive(Clone, Debug, PartialEq)]
pub enum Predicted {
    /// A number.
    Number(f64),
    /// A class.
    Class(String),
}

impl fmt::Display for Predicted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Class(name) => f.write_str(name),
        }
    }
}

/// Rows that are predicted together.
const ROWS_AT_ONCE: usize = 4096;

impl Predictor {
    pub(super) fn new(
        encoder: Encoder,
        network: CombinedNetwork,
        parameters: Parameters<f32>,
    ) -> Self {
        Self { encoder, network, parameters }
    }

    /// A network of this size for what an encoder makes of rows, with weights that are looked up by
    /// their names and shapes.
    ///
    /// # Errors
    /// If some are not found.
    pub(super) fn of_weights(
        encoder: Encoder,
        hidden: usize,
        (categories, value): (usize, Value),
        find: impl Fn(&str, &[usize]) -> std::result::Result<Vec<f32>, String>,
    ) -> std::result::Result<Self, String> {
        let inputs = encoder.input_names().len();
        let choice = (categories, encoder.classes().unwrap_or(1));
        let noise = &mut Noise::named(&["replaced"]);
        let (network, mut parameters) = CombinedNetwork::new(inputs, hidden, choice, noise);
        for (name, layer, is_weight) in places(&network) {
            let (range, shape) = part(layer, is_weight);
            let values = find(name, &shape)?;
            parameters.values_mut()[range].copy_from_slice(&values);
        }
        let network = network.with_value(value);
        Ok(Self { encoder, network, parameters: parameters.frozen() })
    }

    /// How rows are encoded.
    pub fn encoder(&self) -> &Encoder {
        &self.encoder
    }

    /// The width of the classifier's hidden layer.
    pub fn hidden(&self) -> usize {
        self.network.widths().1
    }

    /// K
    pub fn categories(&self) -> usize {
        self.network.widths().2
    }

    /// What a category stands for.
    pub fn value(&self) -> Value {
        self.network.value()
    }

    /// All weights and biases, by name.
    pub fn weights(&self) -> Vec<Weights> {
        let weights = |(name, layer, is_weight): (&'static str, &Layer, bool)| {
            let (range, shape) = part(layer, is_weight);
            Weights { name, shape, values: self.parameters.values()[range].to_vec() }
        };
        places(&self.network).into_iter().map(weights).collect()
    }

    /// Predicts the rows of a CSV file that has the features by their names, and maybe other columns.
    ///
    /// # Errors
    /// If the file cannot be read, columns are missing, or a cell is not what its feature was in
    /// training. The message names all columns, and the first cells.
    pub fn predict(&self, path: &Path) -> Result<Vec<Prediction>> {
        let sheet = Sheet::read(path)?;
        let inputs = self.encoder.new_inputs(&sheet).map_err(|why| Error::data(path, why))?;
        let width = self.network.widths().0;
        Ok(inputs.chunks(width * ROWS_AT_ONCE).flat_map(|rows| self.predict_inputs(rows)).collect())
    }

    fn predict_inputs(&self, inputs: &[f64]) -> Vec<Prediction> {
        let (width, _, _) = self.network.widths();
        let inputs: Vec<f32> = inputs.iter().map(|&x| x as f32).collect();
        let data = Data::from_rows(Packed::pack(&inputs, width));
        let (logits, values, _) = self.network.forward(&self.parameters, &data);
        let p = rows::softmax(logits.numbers(), 1.0);
        let choices = rows::argmax(logits.numbers()).to_columns();
        let prediction = |(row, choice): (usize, f32)| {
            let (choice, outputs) = (choice as usize, self.network.outputs());
            let of_head: Vec<f32> =
                (0..outputs).map(|i| values.numbers().get(row, choice * outputs + i)).collect();
            let probability = f64::from(p.get(row, choice));
            Prediction { choice, probability, value: self.encoder.predicted(&of_head) }
        };
        choices.into_iter().enumerate().map(prediction).collect()
    }
}

/// The layers by the names of their weights (true) and biases (false).
fn places(network: &CombinedNetwork) -> [(&'static str, &Layer, bool); 6] {
    let [first, second, head] = network.layers();
    [
        ("classifier.0.weight", first, true),
        ("classifier.0.bias", first, false),
        ("classifier.1.weight", second, true),
        ("classifier.1.bias", second, false),
        ("head.weight", head, true),
        ("head.bias", head, false),
    ]
}

/// Where the weights or the biases of a layer are, and their shape.
fn part(layer: &Layer, is_weight: bool) -> (std::ops::Range<usize>, Vec<usize>) {
    let dense = layer.dense;
    match is_weight {
        true => (layer.weight.clone(), vec![dense.outputs, dense.inputs]),
        false => (layer.bias.clone(), vec![dense.outputs]),
    }
}

impl Encoder {
    /// What numbers of the head stand for: a standardized number, or class logits.
    fn predicted(&self, of_head: &[f32]) -> Predicted {
        match &self.target.kind {
            TargetKind::Number { scale } => {
                Predicted::Number(scale.revert_target(f64::from(of_head[0])))
            }
            TargetKind::Class { classes } => {
                let better = |best: usize, class: usize| of_head[class] > of_head[best];
                let best = (1..classes.len())
                    .fold(0, |best, class| if better(best, class) { class } else { best });
                Predicted::Class(classes[best].clone())
            }
        }
    }

    /// The inputs of the rows of another file.
    fn new_inputs(&self, sheet: &Sheet) -> std::result::Result<Vec<f64>, String> {
        let place = |feature: &Feature| sheet.names.iter().position(|name| *name == feature.name);
        let absent: Vec<String> = self
            .features
            .iter()
            .filter(|feature| place(feature).is_none())
            .map(|feature| format!("`{}`", feature.name))
            .collect();
        if !absent.is_empty() {
            let plural = if absent.len() == 1 { "" } else { "s" };
            return Err(format!("no column{plural} {}", absent.join(", ")));
        }
        let places: Vec<usize> = self.features.iter().filter_map(place).collect();
        let (mut inputs, mut problems) = (vec![], Problems::default());
        for (row, line) in sheet.rows.iter().zip(&sheet.lines) {
            for (feature, &place) in self.features.iter().zip(&places) {
                if let Err(why) = feature.push_cell(&row[place], &mut inputs) {
                    problems.add(format!("line {line}, column `{}`: {why}", feature.name));
                }
            }
        }
        problems.check().map(|()| inputs)
    }
}

impl Feature {
    /// Adds the inputs of a cell.
    fn push_cell(&self, cell: &str, inputs: &mut Vec<f64>) -> std::result::Result<(), String> {
        let was_never_missing = || "the cell is missing, as none was in training".to_owned();
        match &self.kind {
            FeatureKind::Number { fill, .. } => {
                let x = match (is_missing(cell), fill) {
                    (false, _) => number(cell)?,
                    (true, Some(_)) => f64::NAN,
                    (true, None) => return Err(was_never_missing()),
                };
                self.push_number(x, inputs);
            }
            FeatureKind::Text { levels, .. } => {
                let name = if is_missing(cell) { MISSING } else { cell };
                let level = levels.iter().position(|level| level == name);
                let level = level.ok_or_else(|| match is_missing(cell) {
                    true => was_never_missing(),
                    false => UnknownName::new("text", cell, levels.iter().cloned()).to_string(),
                })?;
                self.push_level(level, inputs);
            }
        }
        Ok(())
    }
}
