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
        labels: Some(validation.labels),
        loss_unit: 1.0,
    }
}

/// A random split of a file's rows, standardized on those that are trained on.
pub(super) fn split(table: &Table, validation_share: f64, stream: &mut Noise) -> Split {
    let count = table.targets.len();
    let held_out = ((count as f64 * validation_share).round() as usize).clamp(1, count - 1);
    let order = stream.permutation(count);
    let (validation, train) = order.split_at(held_out);
    let inputs = table.features.len();
    let columns: Vec<Standardize> = (0..inputs)
        .map(|column| Standardize::of(train.iter().map(|&row| table.rows[row * inputs + column])))
        .collect();
    let target = Standardize::of(train.iter().map(|&row| table.targets[row]));
    let part = |rows: &[usize]| {
        let features = rows.iter().flat_map(|&row| {
            let cells = &table.rows[row * inputs..][..inputs];
            cells.iter().zip(&columns).map(|(&x, column)| column.apply(x))
        });
        let features: Vec<f64> = features.collect();
        let targets = rows.iter().map(|&row| target.apply_to_target(table.targets[row]));
        Rows::new(&features, &targets.collect::<Vec<f64>>())
    };
    Split {
        train: part(train),
        validation: part(validation).all(),
        labels: None,
        loss_unit: target.unit() * target.unit(),
    }
}
