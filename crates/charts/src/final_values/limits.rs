//! The range of the axis of final values.

use crate::axis::limits::{is_number, limits, range};
use crate::final_values::figure::FinalRow;

/// An interval of more than this many times the median width does not determine the axis.
const FAR: f64 = 10.0;

/// The range of the horizontal axis for rows.
///
/// It is determined by the values, and by their intervals except those that are far wider than the
/// median. Wide intervals, seeds, and the intervals of diverged rows may widen it.
pub(crate) fn horizontal(rows: &[&FinalRow], log: bool) -> Option<(f64, f64)> {
    let has_place = |value: &f64| is_number(*value) && (!log || *value > 0.0);
    let (settled, lost): (Vec<&FinalRow>, Vec<&FinalRow>) =
        rows.iter().partition(|row| has_place(&row.value));
    let (usual, wide): (Vec<&FinalRow>, Vec<&FinalRow>) = {
        let limit = FAR * median(settled.iter().map(|row| extent(row, log)));
        settled.iter().partition(|row| extent(row, log) <= limit)
    };
    let bounds = |row: &FinalRow| [row.low, row.high];
    let values = settled.iter().map(|row| row.value);
    let core = range(values.chain(usual.into_iter().flat_map(bounds)).filter(has_place));
    let others = wide.into_iter().chain(lost).flat_map(bounds);
    let seeds = rows.iter().flat_map(|row| row.samples.iter().copied());
    let others = others.chain(seeds).filter(has_place);
    let Some((low, high)) = core else {
        return range(others);
    };
    let (least, most) = limits((low, high), log);
    range(others.filter(|value| (least..=most).contains(value)).chain([low, high]))
}

/// The width of the interval of a row, on the scale of the axis.
fn extent(row: &FinalRow, log: bool) -> f64 {
    if log { (row.high / row.low).ln() } else { row.high - row.low }
}

/// The median of the finite values, or `+∞` if there are none.
fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.filter(|value| is_number(*value)).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::INFINITY)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(value: f64, samples: &[f64]) -> FinalRow {
        let (low, high) = (value - 1.0, value + 1.0);
        FinalRow { value, low, high, samples: samples.to_vec(), ..FinalRow::default() }
    }

    #[test]
    fn an_outlying_seed_does_not_stretch_the_axis() {
        let row = measured(5.0, &[3.5, 100.0, f64::INFINITY]);
        assert_eq!(horizontal(&[&row], false), Some((3.5, 6.0)));
        assert_eq!(horizontal(&[&measured(f64::NAN, &[f64::INFINITY])], false), None);
    }

    #[test]
    fn rows_without_intervals_are_on_the_axis() {
        let alone = |value| FinalRow { low: f64::NAN, high: f64::NAN, ..measured(value, &[]) };
        assert_eq!(horizontal(&[&alone(5.0), &alone(7.0)], false), Some((5.0, 7.0)));
        assert_eq!(horizontal(&[&alone(5.0), &measured(7.0, &[])], false), Some((5.0, 8.0)));
    }

    #[test]
    fn a_diverged_row_does_not_stretch_the_axis() {
        let lost = FinalRow { low: 1e9, ..measured(f64::INFINITY, &[]) };
        let wide = FinalRow { high: 1e12, ..measured(5.0, &[]) };
        let rows = [&measured(5.0, &[]), &measured(7.0, &[]), &lost, &wide];
        assert_eq!(horizontal(&rows, false), Some((4.0, 8.0)));
    }
}
