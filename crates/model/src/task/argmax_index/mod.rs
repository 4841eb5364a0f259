mod matching;
mod network;
mod regimes;
mod table;

pub use matching::matched_accuracy;
pub use network::CombinedNetwork;
pub use regimes::{RegimeRows, Regimes};
pub use table::Table;

use super::{Instance, Streams, Task, TaskKind};
use crate::batch::{Batch, Rows};
use crate::classifier::entropy;
use crate::metric::{ENTROPY, FORWARD_LOSS};
use crate::{Error, Evaluation, Forward, Metric, Result};
use estimators::{Dims, SquaredPick};
use kernels::{Noise, Packed, Parameters, Real};
use registry::Fault;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// The seed question: a classifier picks a category, and the output is a linear head's value for it.
///
/// The network is linear → ReLU → linear to K logits, and linear to K values; the loss is the
/// squared error of the value of the chosen category. Rows are synthetic, x ~ N(0, 1), where the
/// target is one of K linear laws and another linear map says which; or they come from a CSV file.
///
/// Metrics, on rows that are not trained on: `validation-loss`, deployed with the hard argmax;
/// `forward-loss`, the loss that the estimator meets on its way; `entropy` of the classifier in
/// nats; and for synthetic rows `regime-accuracy`, with categories matched to regimes as well as
/// possible.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct ArgmaxIndex {
    /// K: from 2 up.
    pub categories: usize,
    /// Width of the classifier's hidden layer: from 1 up.
    pub hidden: usize,
    /// I, numbers in a synthetic row: from 1 up. A file decides for itself.
    pub inputs: usize,
    /// Standard deviation of a synthetic target's error: from 0 up.
    pub noise: f64,
    /// Synthetic rows to train on: from 1 up.
    pub rows: usize,
    /// Synthetic rows to validate on: from 1 up.
    pub validation_rows: usize,
    /// A CSV file with a header, all numbers, in place of synthetic rows. A relative path starts
    /// at the experiment file's folder. Features and target are standardized on the training part;
    /// losses are reported in the target's own units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<PathBuf>,
    /// The file's column to predict.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Share of the file's rows to validate on, drawn anew for each seed: above 0, below 1.
    pub validation_share: f64,
}

impl Default for ArgmaxIndex {
    fn default() -> Self {
        Self {
            categories: 3,
            hidden: 32,
            inputs: 16,
            noise: 0.1,
            rows: 4096,
            validation_rows: 2048,
            data: None,
            target: None,
            validation_share: 0.25,
        }
    }
}

impl TaskKind for ArgmaxIndex {
    const NAME: &'static str = "argmax-index";
    const SUMMARY: &'static str = "the value of a linear head at the chosen category";
    const VERSION: u32 = 3;
    type Task = Loaded;

    fn check(&self) -> Result<(), Fault> {
        let at_least = |key: &str, value: usize, least: usize| {
            let expected = format!("a whole number from {least} to 1000000");
            Fault::require((least..=1_000_000).contains(&value), key, value, expected)
        };
        at_least("categories", self.categories, 2)?;
        at_least("hidden", self.hidden, 1)?;
        at_least("inputs", self.inputs, 1)?;
        at_least("rows", self.rows, 1)?;
        at_least("validation-rows", self.validation_rows, 1)?;
        let (noise, share) = (self.noise, self.validation_share);
        let holds = noise >= 0.0 && noise.is_finite();
        Fault::require(holds, "noise", noise, "a number from 0 up")?;
        let holds = share > 0.0 && share < 1.0;
        Fault::require(holds, "validation-share", share, "a number between 0 and 1")?;
        match (&self.data, &self.target) {
            (Some(_), None) => {
                Err(Fault::value("target", "absent", "the name of a column of the data file"))
            }
            (None, Some(name)) => {
                Err(Fault::value("target", name, "no target, because no data file is given"))
            }
            _ => Ok(()),
        }
    }

    fn load(self, folder: &Path) -> Result<Loaded> {
        let table = match (&self.data, &self.target) {
            (Some(data), Some(target)) => Some(read(&folder.join(data), target)?),
            _ => None,
        };
        Ok(Loaded { task: self, table })
    }
}

fn read(path: &Path, target: &str) -> Result<Table> {
    let table = Table::read(path, target)?;
    if table.targets.len() < 2 {
        let why = "a single row cannot be split into training and validation rows".to_owned();
        return Err(Error::Data { path: path.to_owned(), why });
    }
    Ok(table)
}

/// The task with its data file read, if it has one.
pub struct Loaded {
    task: ArgmaxIndex,
    table: Option<Table>,
}

impl Task for Loaded {
    type Instance = Seeded;

    fn metrics(&self) -> Vec<Metric> {
        let mut metrics = vec![
            Metric::lower("validation-loss", "validation loss")
                .with_note("deployed with the hard argmax"),
            FORWARD_LOSS,
            ENTROPY,
        ];
        if self.table.is_none() {
            metrics.push(Metric::higher("regime-accuracy", "regime accuracy").bounded_by(0.0));
        }
        metrics
    }

    fn dims(&self, batch: usize) -> Dims {
        Dims { batch, latents: 1, categories: self.task.categories }
    }

    fn instance<E: Real>(&self, streams: &Streams) -> (Seeded, Parameters<E>) {
        let data = match &self.table {
            None => synthetic(&self.task, &mut streams.named("data")),
            Some(table) => split(table, self.task.validation_share, &mut streams.named("data")),
        };
        let ArgmaxIndex { hidden, categories, .. } = self.task;
        let inputs = data.validation.inputs().rows().columns();
        let (network, parameters) =
            CombinedNetwork::new(inputs, hidden, categories, &mut streams.named("init"));
        (Seeded { network, data, categories }, parameters)
    }

    fn data_digest(&self) -> Option<String> {
        self.table.as_ref().map(|table| table.digest.clone())
    }
}

/// The rows of a seed.
struct Split {
    train: Rows,
    validation: Batch<f32>,
    /// The true regime of each validation row, where it is known.
    labels: Option<Vec<u32>>,
    /// A squared error of 1 here is this much in the target's units.
    loss_unit: f64,
}

fn synthetic(task: &ArgmaxIndex, stream: &mut Noise) -> Split {
    let truth = Regimes::draw(task.inputs, task.categories, task.noise, stream);
    let train = truth.rows(task.rows, stream);
    let validation = truth.rows(task.validation_rows, stream);
    let rows = |rows: &RegimeRows| Rows::new(&rows.features, &rows.targets);
    Split {
        train: rows(&train),
        validation: rows(&validation).all(),
        labels: Some(validation.labels),
        loss_unit: 1.0,
    }
}

fn split(table: &Table, validation_share: f64, stream: &mut Noise) -> Split {
    let count = table.targets.len();
    let held_out = ((count as f64 * validation_share).round() as usize).clamp(1, count - 1);
    let order = stream.permutation(count);
    let (validation, train) = order.split_at(held_out);
    let inputs = table.features.len();
    let columns: Vec<(f64, f64)> = (0..inputs)
        .map(|column| {
            mean_and_deviation(train.iter().map(|&row| table.rows[row * inputs + column]))
        })
        .collect();
    let target = mean_and_deviation(train.iter().map(|&row| table.targets[row]));
    let part = |rows: &[usize]| {
        let features = rows.iter().flat_map(|&row| {
            let cells = &table.rows[row * inputs..][..inputs];
            cells.iter().zip(&columns).map(|(x, (mean, deviation))| (x - mean) / deviation)
        });
        let features: Vec<f64> = features.collect();
        let targets = rows.iter().map(|&row| (table.targets[row] - target.0) / target.1);
        Rows::new(&features, &targets.collect::<Vec<f64>>())
    };
    Split {
        train: part(train),
        validation: part(validation).all(),
        labels: None,
        loss_unit: target.1 * target.1,
    }
}

/// Mean and standard deviation; a deviation of 0, of a constant, counts as 1.
fn mean_and_deviation(numbers: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let count = numbers.clone().count() as f64;
    let mean = numbers.clone().sum::<f64>() / count;
    let deviation = (numbers.map(|x| (x - mean) * (x - mean)).sum::<f64>() / count).sqrt();
    (mean, if deviation > 0.0 { deviation } else { 1.0 })
}

/// Data and network of a seed.
pub struct Seeded {
    network: CombinedNetwork,
    data: Split,
    categories: usize,
}

impl Instance for Seeded {
    fn batch(&self, rows: usize, noise: &mut Noise) -> Batch<f32> {
        self.data.train.draw(rows, noise)
    }

    fn forward<E: Real>(&self, parameters: &Parameters<E>, batch: &Batch<E>) -> Forward<E> {
        let (logits, values, tape) = self.network.forward(parameters, batch.inputs());
        let objective = SquaredPick::with_targets(values, Rc::clone(batch.targets()));
        Forward::new(logits, 1, objective.with_context(Rc::clone(batch.inputs())), tape)
    }

    fn evaluate(
        &self,
        parameters: &Parameters<f32>,
        evaluation: &mut Evaluation<'_>,
    ) -> Result<Vec<f64>> {
        let forward = self.forward(parameters, &self.data.validation);
        let (chosen, entropy) = (forward.argmax(), entropy(&forward.logits));
        let accuracy = self.data.labels.as_ref().map(|labels| self.accuracy(&chosen, labels));
        let deployed = forward.mean_loss(chosen)? * self.data.loss_unit;
        let met = evaluation.forward_loss(forward)? * self.data.loss_unit;
        Ok([deployed, met, entropy].into_iter().chain(accuracy).collect())
    }
}

impl Seeded {
    /// Share of rows whose category is the true regime, after matching.
    fn accuracy(&self, chosen: &Packed<f32>, labels: &[u32]) -> f64 {
        let k = self.categories;
        let mut counts = vec![0; k * k];
        for (category, &label) in chosen.to_columns().into_iter().zip(labels) {
            counts[category as usize * k + label as usize] += 1;
        }
        matched_accuracy(&counts, k)
    }
}
