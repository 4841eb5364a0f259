mod data;
mod matching;
mod network;
mod regimes;
mod standardize;
mod table;

pub use matching::matched_accuracy;
pub use network::CombinedNetwork;
pub use regimes::{RegimeRows, Regimes};
pub use table::Table;

use super::{Instance, Streams, Task, TaskKind};
use crate::batch::Batch;
use crate::classifier::entropy;
use crate::metric::{ENTROPY, FORWARD_LOSS};
use crate::{Error, Evaluation, Forward, Metric, Reference, Result};
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
///
/// What a second implementation needs (the streams' numbers are in docs/noise.md):
///
/// **Synthetic rows** x ~ N(0, 1)ᴵ; the regime is argmax_k (x·A)_k, the target (x·V)_regime +
/// `noise`·N(0, 1); A and V are [I, K] with entries N(0, 1)/√I. The stream `data` gives A, V, the
/// features of the rows to train on, their errors, and the same for the rows to validate on: each is
/// a list of normals, row after row.
///
/// **A file's rows** are permuted by the stream `data`. The first `validation-share` of them, rounded
/// to a whole number that leaves a row on either side, are validated on, the others are trained on,
/// in this order.
///
/// **Standardization** (x − mean)/deviation, of features and target, with the mean and the standard
/// deviation (divided by the number of rows) of the rows that are trained on. A feature that is
/// constant there, up to rounding, is 0 in every row; a constant target is only shifted by its value.
/// The losses that are reported are multiplied by the target's variance; by 1 if it is constant.
///
/// **First weights** of a layer, and its biases: uniform between ±1/√inputs of the layer, from
/// uniforms of 53 bits of the stream `init`, as (2u − 1)/√inputs. The classifier's two layers come
/// first, then the head; of each the weights ([outputs, inputs], row after row), then the biases.
///
/// **Batches** of B rows are drawn for every step with replacement from the rows to train on: a list
/// of indices from the step's stream `batch`. The loss is the mean over the batch. The head learns
/// from the gradient of the loss that the estimator meets. Evaluations come before the step of their
/// number, and use all rows to validate on at once, whatever B. Rows, weights and steps are in single
/// precision.
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

/// Fewer rows to validate on make a ranking by chance likely.
const LEAST_VALIDATED: usize = 30;
/// Fewer rows to train on per parameter of a linear model are few.
const LEAST_PER_PARAMETER: usize = 5;

/// The mean of the training targets, as a prediction of every target.
const PREDICT_MEAN: Reference = Reference {
    name: "predict-mean",
    label: "predict the mean",
    metric: "validation-loss",
    is_floor: false,
};

impl TaskKind for ArgmaxIndex {
    const NAME: &'static str = "argmax-index";
    const SUMMARY: &'static str = "the value of a linear head at the chosen category";
    const VERSION: u32 = 4;
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
    let (least, most) = extremes(&table.targets);
    let square = (most - least) * (most - least);
    if !square.is_finite() || (square == 0.0 && most > least) {
        let why = format!(
            "column `{target}`: squared errors of numbers from {least:e} to {most:e} are out of range; \
             change the unit of the target"
        );
        return Err(Error::Data { path: path.to_owned(), why });
    }
    Ok(table)
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn extremes(numbers: &[f64]) -> (f64, f64) {
    let ends = (f64::INFINITY, f64::NEG_INFINITY);
    numbers.iter().fold(ends, |(least, most), &x| (least.min(x), most.max(x)))
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

    fn references(&self) -> Vec<Reference> {
        vec![PREDICT_MEAN]
    }

    fn warnings(&self) -> Vec<String> {
        let Some(table) = &self.table else { return vec![] };
        let count = table.targets.len();
        let held_out = data::held_out(count, self.task.validation_share);
        let (trained, parameters) = (count - held_out, table.features.len() + 1);
        let mut warnings = vec![];
        if held_out < LEAST_VALIDATED {
            let rows = counted(held_out, "row");
            warnings.push(format!(
                "validation losses are means over {rows} only: differences may be luck"
            ));
        }
        if trained < LEAST_PER_PARAMETER * parameters {
            let features = counted(table.features.len(), "feature");
            warnings.push(format!("only {trained} rows to train on, with {features}"));
        }
        warnings
    }

    fn dims(&self, batch: usize) -> Dims {
        Dims { batch, latents: 1, categories: self.task.categories }
    }

    fn instance<E: Real>(&self, streams: &Streams) -> (Seeded, Parameters<E>) {
        let data = match &self.table {
            None => data::synthetic(&self.task, &mut streams.named("data")),
            Some(table) => {
                data::split(table, self.task.validation_share, &mut streams.named("data"))
            }
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

/// Data and network of a seed.
pub struct Seeded {
    network: CombinedNetwork,
    data: data::Split,
    categories: usize,
}

impl Instance for Seeded {
    fn references(&self) -> Vec<f64> {
        vec![self.data.mean_loss * self.data.loss_unit]
    }

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
