//! The rows of a seed: drawn, or split from a file.

use super::standardize::Standardize;
use super::{ArgmaxIndex, RegimeRows, Regimes, Table};
use crate::batch::{Batch, Rows};
use kernels::Noise;

/// The rows of a seed.
pub(super) struct Split {
    pub(super) train: Rows,
    pub(super) validation: Batch<f32>,
    /// The true regime of each validation row, where it is known.
    pub(super) labels: Option<Vec<u32>>,
    /// The validation loss of predicting the mean of the training targets.
    pub(super) mean_loss: f64,
    /// A squared error of 1 here is this much in the target's units.
    pub(super) loss_unit: f64,
}

/// Rows of a new truth.
pub(super) fn synthetic(task: &ArgmaxIndex, stream: &mut Noise) -> Split {
    let truth = Regimes::draw(task.inputs, task.categories, task.noise, stream);
    let train = truth.rows(task.rows, stream);
    let validation = truth.rows(task.validation_rows, stream);
    let rows = |rows: &RegimeRows| Rows::new(&rows.features, &rows.targets);
    Split {
        train: rows(&train),
        validation: rows(&validation).all(),
        mean_loss: mean_loss(&train.targets, &validation.targets),
        labels: Some(validation.labels),
        loss_unit: 1.0,
    }
}

/// A random split of a file's rows, standardized on those that are trained on.
pub(super) fn split(table: &Table, validation_share: f64, stream: &mut Noise) -> Split {
    let count = table.targets.len();
    let order = stream.permutation(count);
    let (validation, train) = order.split_at(held_out(count, validation_share));
    let inputs = table.features.len();
    let columns: Vec<Standardize> = (0..inputs)
        .map(|column| Standardize::of(train.iter().map(|&row| table.rows[row * inputs + column])))
        .collect();
    let target = Standardize::of(train.iter().map(|&row| table.targets[row]));
    let targets = |rows: &[usize]| -> Vec<f64> {
        rows.iter().map(|&row| target.apply_to_target(table.targets[row])).collect()
    };
    let part = |rows: &[usize]| {
        let features = rows.iter().flat_map(|&row| {
            let cells = &table.rows[row * inputs..][..inputs];
            cells.iter().zip(&columns).map(|(&x, column)| column.apply(x))
        });
        let features: Vec<f64> = features.collect();
        Rows::new(&features, &targets(rows))
    };
    Split {
        train: part(train),
        validation: part(validation).all(),
        mean_loss: mean_loss(&targets(train), &targets(validation)),
        labels: None,
        loss_unit: target.unit() * target.unit(),
    }
}

/// How many of a file's rows are validated on: at least one, and at least one is left to train on.
pub(super) fn held_out(count: usize, validation_share: f64) -> usize {
    ((count as f64 * validation_share).round() as usize).clamp(1, count - 1)
}

fn mean_loss(train: &[f64], validation: &[f64]) -> f64 {
    let mean = train.iter().sum::<f64>() / train.len() as f64;
    let squares = validation.iter().map(|target| (target - mean) * (target - mean));
    squares.sum::<f64>() / validation.len() as f64
}
