//! The rows of a seed: drawn, or split from a file.

use super::encoder::Encoder;
use super::table::{Parts, Table};
use super::{ArgmaxIndex, RegimeRows, Regimes, Value};
use crate::batch::{Batch, Rows};
use kernels::Noise;

/// The rows of a seed.
pub(super) struct Split {
    pub(super) train: Rows,
    /// They choose settings and the stopping step.
    pub(super) validation: Batch<f32>,
    /// They are reported.
    pub(super) test: Batch<f32>,
    /// What is known of synthetic rows.
    pub(super) truth: Option<Truth>,
    /// The test loss of predicting the mean of the training targets, or the shares of classes.
    pub(super) mean_loss: f64,
    /// A squared error of 1 here is this much in the target's units.
    pub(super) loss_unit: f64,
    /// How rows become inputs.
    pub(super) encoder: Encoder,
}

/// What is known of rows that were drawn from a law.
pub(super) struct Truth {
    /// The regime of each training row.
    pub(super) train: Vec<u32>,
    /// The regime of each test row.
    pub(super) test: Vec<u32>,
    /// The test loss of the law.
    pub(super) loss: f64,
}

/// Rows of a new truth.
pub(super) fn synthetic(task: &ArgmaxIndex, stream: &mut Noise) -> Split {
    let truth = Regimes::draw(task.inputs, task.categories, task.noise, stream);
    let [train, validation, test] =
        [task.rows, task.validation_rows, task.test_rows].map(|count| {
            let rows = truth.rows(count, stream);
            if task.value.is_head() { rows } else { rows.of_numbers() }
        });
    let rows = |rows: &RegimeRows| Rows::new(&rows.features, &rows.targets);
    Split {
        train: rows(&train),
        validation: rows(&validation).all(),
        test: rows(&test).all(),
        mean_loss: mean_loss(&train.targets, &test.targets),
        truth: Some(Truth { loss: test.law_loss(), train: train.labels, test: test.labels }),
        loss_unit: 1.0,
        encoder: Encoder::of_numbers(task.inputs),
    }
}

/// A random split of so many rows.
pub(super) fn draw_parts(task: &ArgmaxIndex, count: usize, stream: &mut Noise) -> Parts {
    let order = stream.permutation(count);
    let (validation, test) = held_out(task, count);
    let (validation, others) = order.split_at(validation);
    let (test, train) = others.split_at(test);
    Parts { train: train.to_vec(), validation: validation.to_vec(), test: test.to_vec() }
}

/// How many of a file's rows are validated on, and how many are tested on: at least one each, and at
/// least one is left to train on.
pub(super) fn held_out(task: &ArgmaxIndex, count: usize) -> (usize, usize) {
    let share = |share: f64| (count as f64 * share).round() as usize;
    let validation = share(task.validation_share).clamp(1, count - 2);
    (validation, share(task.test_share).clamp(1, count - 1 - validation))
}

/// The parts of a file's rows, encoded as those that are trained on say.
pub(super) fn split(table: &Table, parts: &Parts, value: Value) -> Split {
    let encoder = Encoder::of(table, &parts.train);
    // A number is a number of the target's own units.
    let encoder = if value.is_head() { encoder } else { encoder.with_target_as_it_is() };
    let targets = |rows: &[usize]| encoder.targets(table, rows);
    let part = |rows: &[usize]| Rows::new(&encoder.inputs(table, rows), &targets(rows));
    let (train, test) = (targets(&parts.train), targets(&parts.test));
    Split {
        train: part(&parts.train),
        validation: part(&parts.validation).all(),
        test: part(&parts.test).all(),
        mean_loss: match encoder.classes() {
            None => mean_loss(&train, &test),
            Some(classes) => share_loss(&train, &test, classes),
        },
        truth: None,
        loss_unit: encoder.loss_unit(),
        encoder,
    }
}

/// The cross-entropy of the shares of the classes in the training rows, each with one row more, so that
/// no class of a test row is impossible.
fn share_loss(train: &[f64], test: &[f64], classes: usize) -> f64 {
    let mut counts = vec![1.0; classes];
    train.iter().for_each(|&class| counts[class as usize] += 1.0);
    let total: f64 = counts.iter().sum();
    let losses = test.iter().map(|&class| -(counts[class as usize] / total).ln());
    losses.sum::<f64>() / test.len() as f64
}

fn mean_loss(train: &[f64], test: &[f64]) -> f64 {
    let mean = train.iter().sum::<f64>() / train.len() as f64;
    let squares = test.iter().map(|target| (target - mean) * (target - mean));
    squares.sum::<f64>() / test.len() as f64
}

#[cfg(test)]
mod tests {
    use super::super::table::{Cells, Column, Missing};
    use super::*;

    /// Two features and a target a row.
    fn table(rows: &[[f64; 3]]) -> Table {
        let column = |index: usize| Column {
            name: index.to_string(),
            cells: Cells::Numbers(rows.iter().map(|row| row[index]).collect()),
        };
        Table {
            features: vec![column(0), column(1)],
            target: column(2),
            parts: None,
            left_out: 0,
            missing: Missing::Refuse,
            digest: String::new(),
        }
    }

    /// Features, row after row, and targets.
    fn numbers(batch: &Batch<f32>) -> (Vec<f32>, Vec<f32>) {
        (batch.inputs().rows().unpack(), batch.targets().unpack())
    }

    /// Training, validation and test rows.
    fn parts(split: &Split) -> [(Vec<f32>, Vec<f32>); 3] {
        [numbers(&split.train.all()), numbers(&split.validation), numbers(&split.test)]
    }

    fn shares(validation_share: f64, test_share: f64) -> ArgmaxIndex {
        ArgmaxIndex { validation_share, test_share, ..ArgmaxIndex::default() }
    }

    /// A random split: a quarter to validate on, a fifth to test on.
    fn split_of(table: &Table, stream: &mut Noise) -> Split {
        split(table, &draw_parts(&shares(0.25, 0.2), table.rows(), stream), Value::Head)
    }

    fn stream() -> Noise {
        Noise::named(&["tests", "split"])
    }

    fn assert_close(ours: &[f32], theirs: &[f64]) {
        assert_eq!(ours.len(), theirs.len());
        let is_close = |(&a, &b): (&f32, &f64)| (f64::from(a) - b).abs() < 1e-5;
        assert!(ours.iter().zip(theirs).all(is_close), "{ours:?} for {theirs:?}");
    }

    /// Trained on three rows: means 3 and 4, both of variance 8/3; the second feature is constant there.
    #[test]
    fn a_split_by_hand() {
        let rows = [
            [1.0, 5.0, 2.0],
            [3.0, 5.0, 4.0],
            [5.0, 5.0, 6.0],
            [100.0, 9.0, 10.0],
            [0.0, 5.0, 1.0],
        ];
        let parts_of = Parts { train: vec![1, 0, 2], validation: vec![3], test: vec![4] };
        let split = split(&table(&rows), &parts_of, Value::Head);
        let [train, validation, test] = parts(&split);
        let unit = (8.0f64 / 3.0).sqrt();
        assert_close(&train.0, &[0.0, 0.0, -2.0 / unit, 0.0, 2.0 / unit, 0.0]);
        assert_close(&train.1, &[0.0, -2.0 / unit, 2.0 / unit]);
        assert_close(&validation.0, &[97.0 / unit, 0.0]);
        assert_close(&validation.1, &[6.0 / unit]);
        assert_close(&test.0, &[-3.0 / unit, 0.0]);
        assert_close(&test.1, &[-3.0 / unit]);
        assert!((split.loss_unit - 8.0 / 3.0).abs() < 1e-12, "{}", split.loss_unit);
        let mean_loss = split.mean_loss * split.loss_unit;
        assert!((mean_loss - 9.0).abs() < 1e-9, "{mean_loss}");
        assert!(split.truth.is_none());
    }

    /// The target's own numbers are those of categories.
    #[test]
    fn targets_of_numbers_are_not_standardized() {
        let rows = [[1.0, 5.0, 2.0], [3.0, 5.0, 4.0], [9.0, 9.0, 7.0], [0.0, 5.0, 1.0]];
        let parts_of = Parts { train: vec![0, 1], validation: vec![2], test: vec![3] };
        let split = split(&table(&rows), &parts_of, Value::Index);
        let [train, validation, test] = parts(&split);
        assert_eq!((train.1, validation.1, test.1), (vec![2.0, 4.0], vec![7.0], vec![1.0]));
        assert_eq!(train.0, [-1.0, 0.0, 1.0, 0.0]);
        assert_eq!((split.loss_unit, split.mean_loss), (1.0, 4.0));
    }

    /// The same rows, regimes and errors.
    #[test]
    fn targets_of_synthetic_rows_are_regimes() {
        let drawn = |value| {
            let task = ArgmaxIndex { inputs: 2, rows: 50, value, ..ArgmaxIndex::default() };
            synthetic(&task, &mut stream())
        };
        let (of_head, of_index) = (drawn(Value::Head), drawn(Value::Index));
        assert_eq!(parts(&of_head)[0].0, parts(&of_index)[0].0);
        let (truth, same) = (of_index.truth.as_ref().unwrap(), of_head.truth.as_ref().unwrap());
        assert_eq!(truth.train, same.train);
        assert!((truth.loss - same.loss).abs() < 1e-12 && truth.loss > 0.0);
        let [(_, targets), ..] = parts(&of_index);
        let off = targets.iter().zip(&truth.train).map(|(y, &k)| y - k as f32);
        let largest = off.map(f32::abs).fold(0.0, f32::max);
        assert!(largest > 0.0 && largest < 0.5, "{largest}");
    }

    /// One of two rows is of class 0, and none of class 2; with one more each, shares are 2/5, 2/5, 1/5.
    #[test]
    fn the_loss_of_shares_by_hand() {
        let expected = ((5.0 / 2.0f64).ln() + 5f64.ln()) / 2.0;
        assert!((share_loss(&[0.0, 1.0], &[1.0, 2.0], 3) - expected).abs() < 1e-12);
    }

    /// What is predicted by the mean of the training targets, 1, in two rows: errors 2 and 4.
    #[test]
    fn the_loss_of_the_mean_by_hand() {
        assert_eq!(mean_loss(&[0.0, 2.0, 1.0], &[3.0, -3.0]), 10.0);
    }

    /// The first rows of the permutation are validated on, the next ones tested on.
    #[test]
    fn every_row_is_in_one_part() {
        let order = stream().permutation(10);
        let parts = draw_parts(&shares(0.3, 0.2), 10, &mut stream());
        assert_eq!(parts.validation, order[..3]);
        assert_eq!(parts.test, order[3..5]);
        assert_eq!(parts.train, order[5..]);
    }

    /// Train and validation rows do not depend on how many rows are tested on.
    #[test]
    fn synthetic_rows_are_drawn_in_order() {
        let drawn = |test_rows: usize| {
            let task = ArgmaxIndex {
                inputs: 2,
                rows: 5,
                validation_rows: 4,
                test_rows,
                ..shares(0.2, 0.2)
            };
            synthetic(&task, &mut stream())
        };
        let (few, many) = (drawn(3), drawn(6));
        let ([train, validation, test], [same, also, more]) = (parts(&few), parts(&many));
        assert_eq!((train, validation), (same, also));
        assert_eq!((test.1.len(), more.1.len()), (3, 6));
        // The features come before the errors, which change the targets.
        assert_eq!(test.0, more.0[..6]);
        let [few, many] = [few, many].map(|split| split.truth.unwrap());
        assert_eq!((few.train.len(), few.test.len(), &few.train), (5, 3, &many.train));
        assert_eq!(few.test, many.test[..3]);
        assert_ne!(few.loss, many.loss);
    }

    fn rows() -> Vec<[f64; 3]> {
        let mut noise = Noise::named(&["tests", "rows"]);
        (0..20).map(|_| std::array::from_fn(|_| noise.uniform())).collect()
    }

    /// The scale of a column is that of the rows that are trained on.
    #[test]
    fn held_out_rows_do_not_move_the_others() {
        let before = split_of(&table(&rows()), &mut stream());
        let mut rows = rows();
        for &row in &stream().permutation(20)[..9] {
            rows[row] = rows[row].map(|x| 1000.0 * x - 7.0);
        }
        let after = split_of(&table(&rows), &mut stream());
        assert_eq!(before.loss_unit, after.loss_unit);
        let ([train, validation, test], [same, others, more]) = (parts(&before), parts(&after));
        assert_eq!(train, same);
        let moved = |a: &[f32], b: &[f32]| a.iter().zip(b).all(|(a, b)| a != b);
        assert!(moved(&validation.0, &others.0) && moved(&validation.1, &others.1));
        assert!(moved(&test.0, &more.0) && moved(&test.1, &more.1));
    }

    #[test]
    fn features_stay_the_same_in_another_order() {
        let swapped: Vec<[f64; 3]> = rows().into_iter().map(|[a, b, y]| [b, a, y]).collect();
        let ours = parts(&split_of(&table(&rows()), &mut stream()));
        let theirs = parts(&split_of(&table(&swapped), &mut stream()));
        for (ours, theirs) in ours.into_iter().zip(theirs) {
            let back: Vec<f32> = theirs.0.chunks(2).flat_map(|row| [row[1], row[0]]).collect();
            assert_eq!(ours, (back, theirs.1));
        }
    }

    #[test]
    fn the_units_of_columns_do_not_matter() {
        let scaled: Vec<[f64; 3]> =
            rows().into_iter().map(|[a, b, y]| [8.0 * a, 0.5 * b, 4.0 * y]).collect();
        let ours = split_of(&table(&rows()), &mut stream());
        let theirs = split_of(&table(&scaled), &mut stream());
        assert_eq!(parts(&ours), parts(&theirs));
        assert_eq!(ours.mean_loss, theirs.mean_loss);
        assert_eq!(16.0 * ours.loss_unit, theirs.loss_unit);
    }

    #[test]
    fn all_parts_have_rows() {
        for (count, validation, test, held) in [
            (10, 0.2, 0.2, (2, 2)),
            (10, 0.26, 0.14, (3, 1)),
            (3, 0.01, 0.01, (1, 1)),
            (3, 0.98, 0.01, (1, 1)),
            (3, 0.01, 0.98, (1, 1)),
            (9, 0.99, 0.005, (7, 1)),
            (9, 0.2, 0.79, (2, 6)),
            (100, 0.3, 0.5, (30, 50)),
        ] {
            let found = held_out(&shares(validation, test), count);
            assert_eq!(found, held, "{validation} and {test} of {count}");
        }
    }
}
