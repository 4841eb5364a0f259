use crate::batch::{Batch, Rows};
use crate::least_squares::least_squares;

/// Parts of the standardized columns that are shorter than this share of the longest are rounding:
/// rows are in single precision.
const ROUNDING: f64 = 1e-6;

/// The test loss of linear regression with an intercept.
///
/// Columns and target are centered on the training rows, so that the intercept is free of the norm
/// that is least.
pub(super) fn test_loss(train: &Rows, test: &Batch<f32>) -> f64 {
    let (mut columns, mut y) = numbers(&train.all());
    let means: Vec<f64> = columns.iter_mut().map(|column| center(column)).collect();
    let mean = center(&mut y);
    let weights = least_squares(columns, y, ROUNDING);
    let (columns, targets) = numbers(test);
    let error = |(row, target): (usize, &f64)| {
        let of_column = |((column, mean), w): ((&Vec<f64>, &f64), &f64)| (column[row] - mean) * w;
        mean + columns.iter().zip(&means).zip(&weights).map(of_column).sum::<f64>() - target
    };
    let squares = targets.iter().enumerate().map(error).map(|error| error * error);
    squares.sum::<f64>() / targets.len() as f64
}

/// The columns of rows, and their targets.
fn numbers(rows: &Batch<f32>) -> (Vec<Vec<f64>>, Vec<f64>) {
    let (x, y) = (rows.inputs().rows(), rows.targets());
    let column = |column: usize| x.column(column).to_columns().into_iter().map(f64::from).collect();
    let targets = y.to_columns().into_iter().map(f64::from).collect();
    ((0..x.columns()).map(column).collect(), targets)
}

/// Subtracts the mean, and returns it.
fn center(numbers: &mut [f64]) -> f64 {
    let mean = numbers.iter().sum::<f64>() / numbers.len() as f64;
    numbers.iter_mut().for_each(|x| *x -= mean);
    mean
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loss(train: (&[f64], &[f64]), test: (&[f64], &[f64])) -> f64 {
        test_loss(&Rows::new(train.0, train.1), &Rows::new(test.0, test.1).all())
    }

    /// The line 7/6 + 3/2 x through (0, 1), (1, 3) and (2, 4) says 17/3 at 3 and 7/6 at 0.
    #[test]
    fn the_loss_of_a_line_by_hand() {
        let found = loss((&[0.0, 1.0, 2.0], &[1.0, 3.0, 4.0]), (&[3.0, 0.0], &[5.0, 1.0]));
        let expected = (4.0 / 9.0 + 1.0 / 36.0) / 2.0;
        assert!((found - expected).abs() < 1e-12, "{found} for {expected}");
    }

    /// A column that others determine, up to rounding in single precision, or that is constant on the
    /// training rows, changes nothing.
    #[test]
    fn collinear_and_constant_columns_change_nothing() {
        let rows = [[0.3, -1.1], [1.7, 0.2], [-0.9, 0.8], [0.1, 0.4], [2.3, -0.7], [0.6, -0.4]];
        let y = [1.0, -0.3, 2.2, 0.4, 1.9, 1.3];
        let plain = rows.concat();
        let more = |&[a, b]: &[f64; 2]| [a, b, 0.7 * a - 0.3 * b, 0.0, a];
        let wide: Vec<f64> = rows.iter().flat_map(more).collect();
        // The last row is tested on.
        let [found, expected] = [(&wide, 5), (&plain, 2)].map(|(rows, width)| {
            let (train, test) = rows.split_at(5 * width);
            loss((train, &y[..5]), (test, &y[5..]))
        });
        assert!((found - expected).abs() < 1e-5 * expected, "{found} for {expected}");
    }

    /// Two rows in three dimensions: differences (2, 0, 2) and 4, so that the shortest weights are
    /// (1, 0, 1).
    #[test]
    fn more_columns_than_rows() {
        let train = (&[1.0, 5.0, 0.0, 3.0, 5.0, 2.0][..], &[10.0, 14.0][..]);
        let found = loss(train, (&[2.0, 9.0, 2.0], &[0.0]));
        // 12 at the mean (2, 5, 1).
        assert!((found - 169.0).abs() < 1e-9, "{found}");
    }
}
