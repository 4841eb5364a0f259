use super::{Task, TaskKind};
use crate::training::{Batch, Sample};
use crate::{CombinedNetwork, Error, Metric, Probe, RegimeRows, Regimes, Result, Table, Training};
use crate::{matched_accuracy, training};
use estimators::{Dims, Domain, Estimator, Fault, Logits, SquaredPick};
use kernels::tape::{Node, Recording};
use kernels::{Data, Noise, Optimizer, OptimizerState, Packed, Parameters, Real, rows, rowwise};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

/// The seed question: a classifier picks a category, and the output is a linear head's value for it.
///
/// The network is linear → ReLU → linear to K logits, and linear to K values; the loss is the
/// squared error of the value at the pick. Rows are synthetic, x ~ N(0, 1), where the target is one
/// of K linear laws and another linear map says which; or they come from a CSV file.
///
/// Metrics, on rows that are not trained on: `validation-loss`, deployed with the hard argmax;
/// `forward-loss`, the loss that the estimator meets on its way; `entropy` of the classifier in
/// nats; and for synthetic rows `regime-accuracy`, with classes matched to regimes in the best way.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct ArgmaxIndex {
    /// K: from 2 up.
    pub categories: usize,
    /// Width of the classifier's hidden layer: from 1 up.
    pub hidden: usize,
    /// I, numbers a synthetic row: from 1 up. A file decides for itself.
    pub inputs: usize,
    /// Standard deviation of a synthetic target's error: from 0 up.
    pub noise: f64,
    /// Synthetic rows to train on: from 1 up.
    pub rows: usize,
    /// Synthetic rows to validate on: from 1 up.
    pub validation_rows: usize,
    /// A CSV file with a header, all numbers, in place of synthetic rows. A relative path starts
    /// at the experiment file's folder. Features and target are standardised on the training part;
    /// losses are reported in the target's own units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<PathBuf>,
    /// The file's column that is to be predicted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Share of the file's rows to validate on, chosen anew by each seed: above 0, below 1.
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
    const SUMMARY: &'static str = "the value of a linear head at the picked category";
    const VERSION: u32 = 3;

    fn check(&self) -> Result<(), Fault> {
        let at_least = |key: &str, value: usize, least: usize| {
            let allowed = format!("a whole number from {least} to 1000000");
            let holds = (least..=1_000_000).contains(&value);
            if holds { Ok(()) } else { Err(Fault::value(key, value, allowed)) }
        };
        at_least("categories", self.categories, 2)?;
        at_least("hidden", self.hidden, 1)?;
        at_least("inputs", self.inputs, 1)?;
        at_least("rows", self.rows, 1)?;
        at_least("validation-rows", self.validation_rows, 1)?;
        if !(self.noise >= 0.0 && self.noise.is_finite()) {
            return Err(Fault::value("noise", self.noise, "a number from 0 up"));
        }
        let share = self.validation_share;
        if !(share > 0.0 && share < 1.0) {
            return Err(Fault::value("validation-share", share, "a number between 0 and 1"));
        }
        match (&self.data, &self.target) {
            (Some(_), None) => {
                Err(Fault::value("target", "absent", "a column's name, beside data"))
            }
            (None, Some(name)) => {
                Err(Fault::value("target", name, "nothing, where there is no data file"))
            }
            _ => Ok(()),
        }
    }

    fn load(self, folder: &Path) -> Result<Arc<dyn Task>> {
        let table = match (&self.data, &self.target) {
            (Some(data), Some(target)) => Some(read(&folder.join(data), target)?),
            _ => None,
        };
        Ok(Arc::new(Loaded { task: self, table }))
    }
}

impl ArgmaxIndex {
    /// The task on synthetic rows, whatever file there is.
    pub fn synthetic(self) -> impl Task + use<> {
        Loaded { task: self, table: None }
    }
}

fn read(path: &Path, target: &str) -> Result<Table> {
    let table = Table::read(path, target)?;
    if table.targets.len() < 2 {
        let why = "one row cannot be split into rows to train and to validate on".to_owned();
        return Err(Error::Data { path: path.to_owned(), why });
    }
    Ok(table)
}

struct Loaded {
    task: ArgmaxIndex,
    table: Option<Table>,
}

impl Loaded {
    fn begin(&self, seed: u64, batch: usize, optimizer: Optimizer) -> InTraining {
        let seed = seed.to_string();
        let stream = |purpose: &str| Noise::named(&[purpose, ArgmaxIndex::NAME, &seed]);
        let rows = match &self.table {
            None => synthetic(&self.task, &mut stream("data")),
            Some(table) => split(table, self.task.validation_share, &mut stream("data")),
        };
        let ArgmaxIndex { hidden, categories, .. } = self.task;
        let (network, parameters) =
            CombinedNetwork::new(rows.inputs, hidden, categories, &mut stream("init"));
        InTraining {
            optimizer: OptimizerState::new(optimizer, parameters.values().len()),
            network,
            parameters,
            validation: rows.validation.all(),
            rows,
            dims: Dims { batch, latents: 1, categories },
            batches: stream("batch"),
        }
    }
}

impl Task for Loaded {
    fn start(&self, seed: u64, batch: usize, optimizer: Optimizer) -> Result<Box<dyn Training>> {
        Ok(Box::new(self.begin(seed, batch, optimizer)))
    }

    fn place(&self, seed: u64, batch: usize) -> Result<Box<dyn Probe<f64>>> {
        // It takes no step, so any optimiser will do.
        let training = self.begin(seed, batch, Optimizer::adam(0.0));
        Ok(Box::new(training.at::<f64>(0)))
    }

    fn data_digest(&self) -> Option<String> {
        self.table.as_ref().map(|table| table.digest.clone())
    }
}

/// Rows of one seed, standardised.
struct Rows {
    inputs: usize,
    train: Sample,
    validation: Sample,
    labels: Option<Vec<u32>>,
    /// A squared error here is this much in the target's units.
    loss_unit: f64,
}

fn synthetic(task: &ArgmaxIndex, stream: &mut Noise) -> Rows {
    let truth = Regimes::draw(task.inputs, task.categories, task.noise, stream);
    let train = truth.rows(task.rows, stream);
    let validation = truth.rows(task.validation_rows, stream);
    let sample = |rows: &RegimeRows| Sample::new(&rows.features, &rows.targets);
    Rows {
        inputs: task.inputs,
        train: sample(&train),
        validation: sample(&validation),
        labels: Some(validation.labels),
        loss_unit: 1.0,
    }
}

fn split(table: &Table, validation_share: f64, stream: &mut Noise) -> Rows {
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
        Sample::new(&features, &targets.collect::<Vec<f64>>())
    };
    Rows {
        inputs,
        train: part(train),
        validation: part(validation),
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

struct InTraining {
    network: CombinedNetwork,
    parameters: Parameters<f32>,
    optimizer: OptimizerState<f32>,
    rows: Rows,
    /// The rows to validate on, as a network reads them.
    validation: Batch,
    dims: Dims,
    batches: Noise,
}

impl InTraining {
    /// Rows of a step, drawn with replacement.
    fn batch(&self, step: u64) -> Batch {
        self.rows.train.draw(self.dims.batch, &mut self.batches.at(step))
    }

    /// Logits and values of the batch of a step.
    fn at<E: Real>(&self, step: u64) -> At<E> {
        let (rows, targets) = self.batch(step);
        let (logits, values) = self.network.evaluate(&self.parameters, rows.rows());
        At {
            dims: self.dims,
            logits: logits.cast(),
            values: values.cast(),
            targets: targets.cast(),
            rows: rows.rows().cast(),
        }
    }

    /// Logits with their tape, their values, and the objective of their rows.
    fn forward(&self, (rows, targets): &Batch) -> (Logits<f32>, Node<f32>, SquaredPick<f32>) {
        let mut tape = Recording::default();
        let (logits, values) = self.network.forward(&self.parameters, rows, &mut tape);
        let objective = SquaredPick::with_targets(values.clone(), Rc::clone(targets));
        (Logits::new(logits, 1, tape), values, objective.with_context(Rc::clone(rows)))
    }
}

impl Training for InTraining {
    fn dims(&self) -> Dims {
        self.dims
    }

    fn domain(&self) -> Domain {
        Domain::Interior
    }

    fn step(
        &mut self,
        step: u64,
        estimator: &mut dyn Estimator<f32>,
        noise: &Noise,
    ) -> Result<f64> {
        let (logits, _, objective) = self.forward(&self.batch(step));
        let surrogate = estimator.surrogate(logits, &objective, &mut noise.at(step))?;
        let loss = surrogate.loss();
        surrogate.backward()?;
        self.parameters.step(&mut self.optimizer);
        estimator.advance()?;
        Ok(loss * self.rows.loss_unit)
    }

    fn evaluate(
        &mut self,
        estimator: &mut dyn Estimator<f32>,
        noise: &mut Noise,
    ) -> Result<Vec<Metric>> {
        rowwise! {
            fn squared_errors(picked, target => squared) {
                let error = picked[0] - target[0];
                squared[0] = error * error;
            }
        }
        let (logits, values, objective) = self.forward(&self.validation);
        let classified = training::classify(logits.numbers());
        let forward = estimator.surrogate(logits, &objective, noise)?.loss();
        let picked = rows::pick(values.numbers(), &classified.picks);
        let mut squared = Packed::scratch(picked.rows(), 1);
        squared_errors(&picked, &self.validation.1, &mut squared);
        let hard = squared.total() / picked.rows() as f64;
        let unit = self.rows.loss_unit;
        let mut metrics = vec![
            Metric { name: "validation-loss", value: hard * unit },
            Metric { name: "forward-loss", value: forward * unit },
            Metric { name: "entropy", value: classified.entropy },
        ];
        if let Some(labels) = &self.rows.labels {
            let k = self.dims.categories;
            let mut counts = vec![0; k * k];
            for (pick, &label) in classified.picks.to_columns().into_iter().zip(labels) {
                counts[pick as usize * k + label as usize] += 1;
            }
            let accuracy = matched_accuracy(&counts, k);
            metrics.push(Metric { name: "regime-accuracy", value: accuracy });
        }
        Ok(metrics)
    }

    fn probe(&mut self, step: u64) -> Result<Box<dyn Probe<f32> + '_>> {
        Ok(Box::new(self.at::<f32>(step)))
    }
}

/// Logits and values of a batch.
struct At<E: Real> {
    dims: Dims,
    rows: Packed<E>,
    logits: Packed<E>,
    values: Packed<E>,
    targets: Packed<E>,
}

impl<E: Real> Probe<E> for At<E> {
    fn dims(&self) -> Dims {
        self.dims
    }

    fn domain(&self) -> Domain {
        Domain::Interior
    }

    fn draw(
        &self,
        estimator: &mut dyn Estimator<E>,
        draws: usize,
        noise: &mut Noise,
        each: &mut dyn FnMut(&[E]),
    ) -> Result<()> {
        training::draw_repeated(&self.logits, 1, estimator, draws, noise, each, |times| {
            // Nothing learns from the values here.
            let values = Node::constant(self.values.repeat(times));
            let targets = Rc::new(self.targets.repeat(times));
            let objective = SquaredPick::with_targets(values, targets);
            objective.with_context(Data::of_rows(self.rows.repeat(times)))
        })
    }
}
