//! The order of the rows of a panel.

use crate::figure::Better;
use crate::final_values::figure::{FinalPanel, FinalRow};
use std::cmp::Ordering;

/// The rows of a panel, best first.
pub(crate) fn ranked(panel: &FinalPanel, better: Better) -> Vec<&FinalRow> {
    let mut rows: Vec<_> = panel.rows.iter().collect();
    rows.sort_by(|a, b| compare(a, b, better));
    rows
}

/// Finite values first, from best to worst, then infinite ones, then missing ones. Equal values are
/// ordered by label.
fn compare(a: &FinalRow, b: &FinalRow, better: Better) -> Ordering {
    let class = |row: &FinalRow| (row.value.is_nan(), row.value.is_infinite());
    let values = match better {
        Better::Lower => a.value.total_cmp(&b.value),
        Better::Higher => b.value.total_cmp(&a.value),
    };
    class(a).cmp(&class(b)).then(values).then_with(|| a.label.cmp(&b.label))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(rows: &[(&str, f64)], better: Better) -> Vec<String> {
        let row = |(label, value): &(&str, f64)| FinalRow {
            label: (*label).into(),
            value: *value,
            ..FinalRow::default()
        };
        let rows = rows.iter().map(row).collect();
        let panel = FinalPanel { rows, ..FinalPanel::default() };
        ranked(&panel, better).iter().map(|row| row.label.clone()).collect()
    }

    #[test]
    fn the_best_is_first_and_values_that_are_not_finite_are_last() {
        let values = [("nan", f64::NAN), ("b", 2.0), ("inf", f64::INFINITY), ("a", 1.0)];
        assert_eq!(order(&values, Better::Lower), ["a", "b", "inf", "nan"]);
        assert_eq!(order(&values, Better::Higher), ["b", "a", "inf", "nan"]);
        let minus = [("x", f64::NEG_INFINITY), ("y", 5.0)];
        assert_eq!(order(&minus, Better::Lower), ["y", "x"]);
        assert_eq!(order(&minus, Better::Higher), ["y", "x"]);
    }

    #[test]
    fn equal_values_are_ordered_by_label() {
        assert_eq!(order(&[("b", 1.0), ("a", 1.0)], Better::Higher), ["a", "b"]);
    }
}
