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

#[cfg(test)]
mod tests {
    use super::*;

    /// Two features and a target a row.
    fn table(rows: &[[f64; 3]]) -> Table {
        Table {
            features: vec!["a".into(), "b".into()],
            rows: rows.iter().flat_map(|row| [row[0], row[1]]).collect(),
            targets: rows.iter().map(|row| row[2]).collect(),
            digest: String::new(),
        }
    }

    /// Features, row after row, and targets.
    fn numbers(batch: &Batch<f32>) -> (Vec<f32>, Vec<f32>) {
        (batch.inputs().rows().unpack(), batch.targets().unpack())
    }

    fn parts(split: &Split) -> [(Vec<f32>, Vec<f32>); 2] {
        [numbers(&split.train.all()), numbers(&split.validation)]
    }

    fn stream() -> Noise {
        Noise::named(&["tests", "split"])
    }

    /// A stream that permutes four rows in this way.
    fn ordering(order: [usize; 4]) -> Noise {
        let streams = (0..).map(|i: u32| Noise::named(&["tests", "order", &i.to_string()]));
        streams.into_iter().find(|noise| noise.clone().permutation(4) == order).unwrap()
    }

    fn assert_close(ours: &[f32], theirs: &[f64]) {
        assert_eq!(ours.len(), theirs.len());
        let is_close = |(&a, &b): (&f32, &f64)| (f64::from(a) - b).abs() < 1e-5;
        assert!(ours.iter().zip(theirs).all(is_close), "{ours:?} for {theirs:?}");
    }

    /// Trained on three rows: means 3 and 4, both of variance 8/3; the second feature is constant there.
    #[test]
    fn a_split_by_hand() {
        let rows = [[1.0, 5.0, 2.0], [3.0, 5.0, 4.0], [5.0, 5.0, 6.0], [100.0, 9.0, 10.0]];
        let split = split(&table(&rows), 0.25, &mut ordering([3, 1, 0, 2]));
        let [train, validation] = parts(&split);
        let unit = (8.0f64 / 3.0).sqrt();
        assert_close(&train.0, &[0.0, 0.0, -2.0 / unit, 0.0, 2.0 / unit, 0.0]);
        assert_close(&train.1, &[0.0, -2.0 / unit, 2.0 / unit]);
        assert_close(&validation.0, &[97.0 / unit, 0.0]);
        assert_close(&validation.1, &[6.0 / unit]);
        assert!((split.loss_unit - 8.0 / 3.0).abs() < 1e-12, "{}", split.loss_unit);
        let mean_loss = split.mean_loss * split.loss_unit;
        assert!((mean_loss - 36.0).abs() < 1e-9, "{mean_loss}");
        assert!(split.labels.is_none());
    }

    /// What is predicted by the mean of the training targets, 1, in two rows: errors 2 and 4.
    #[test]
    fn the_loss_of_the_mean_by_hand() {
        assert_eq!(mean_loss(&[0.0, 2.0, 1.0], &[3.0, -3.0]), 10.0);
    }

    #[test]
    fn every_row_is_in_one_part() {
        let rows: Vec<[f64; 3]> = (0..7).map(|i| [f64::from(i), 0.0, 1.0]).collect();
        let [train, validation] = parts(&split(&table(&rows), 0.3, &mut stream()));
        assert_eq!((train.1.len(), validation.1.len()), (5, 2));
        let mut all: Vec<f32> = train.0.iter().chain(&validation.0).step_by(2).copied().collect();
        all.sort_by(f32::total_cmp);
        let steps: Vec<f32> = all.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(
            steps.iter().all(|step| (step - steps[0]).abs() < 1e-5 && *step > 0.1),
            "{steps:?}"
        );
    }

    fn rows() -> Vec<[f64; 3]> {
        let mut noise = Noise::named(&["tests", "rows"]);
        (0..20).map(|_| std::array::from_fn(|_| noise.uniform())).collect()
    }

    /// The scale of a column is that of the rows that are trained on.
    #[test]
    fn held_out_rows_do_not_move_the_others() {
        let before = split(&table(&rows()), 0.25, &mut stream());
        let mut rows = rows();
        for &row in &stream().permutation(20)[..5] {
            rows[row] = rows[row].map(|x| 1000.0 * x - 7.0);
        }
        let after = split(&table(&rows), 0.25, &mut stream());
        let [(before_train, before_validation), (after_train, after_validation)] = [before, after]
            .map(|split| {
                let [train, validation] = parts(&split);
                ((train, split.loss_unit), validation)
            });
        assert_eq!(before_train, after_train);
        let moved = |a: &[f32], b: &[f32]| a.iter().zip(b).all(|(a, b)| a != b);
        assert!(moved(&before_validation.0, &after_validation.0));
        assert!(moved(&before_validation.1, &after_validation.1));
    }

    #[test]
    fn features_stay_the_same_in_another_order() {
        let swapped: Vec<[f64; 3]> = rows().into_iter().map(|[a, b, y]| [b, a, y]).collect();
        let ours = parts(&split(&table(&rows()), 0.25, &mut stream()));
        let theirs = parts(&split(&table(&swapped), 0.25, &mut stream()));
        for (ours, theirs) in ours.into_iter().zip(theirs) {
            let back: Vec<f32> = theirs.0.chunks(2).flat_map(|row| [row[1], row[0]]).collect();
            assert_eq!(ours, (back, theirs.1));
        }
    }

    #[test]
    fn the_units_of_columns_do_not_matter() {
        let scaled: Vec<[f64; 3]> =
            rows().into_iter().map(|[a, b, y]| [8.0 * a, 0.5 * b, 4.0 * y]).collect();
        let ours = split(&table(&rows()), 0.25, &mut stream());
        let theirs = split(&table(&scaled), 0.25, &mut stream());
        assert_eq!(parts(&ours), parts(&theirs));
        assert_eq!(ours.mean_loss, theirs.mean_loss);
        assert_eq!(16.0 * ours.loss_unit, theirs.loss_unit);
    }

    #[test]
    fn both_parts_have_rows() {
        for (count, share, held) in
            [(10, 0.2, 2), (10, 0.26, 3), (2, 0.01, 1), (2, 0.99, 1), (9, 0.99, 8), (100, 0.5, 50)]
        {
            assert_eq!(held_out(count, share), held, "{share} of {count}");
        }
    }
}
