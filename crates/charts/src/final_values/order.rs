//! The order of the rows of a figure of final values.

use crate::figure::Better;
use crate::final_values::figure::{FinalPanel, FinalRow, RowOrder};
use std::cmp::Ordering;

/// A label and the row that a panel has for it, if any.
pub(crate) type Slot<'a> = (&'a str, Option<&'a FinalRow>);

/// The slots of each panel, the best first.
pub(crate) fn ranked(panels: &[FinalPanel], order: RowOrder, better: Better) -> Vec<Vec<Slot<'_>>> {
    let sorted: Vec<_> = panels.iter().map(|panel| sorted(panel, better)).collect();
    let shared = by_mean_rank(&sorted);
    let mut ranked = Vec::with_capacity(sorted.len());
    for rows in sorted {
        ranked.push(match order {
            RowOrder::Own => rows.into_iter().map(|row| (row.label.as_str(), Some(row))).collect(),
            RowOrder::Shared => {
                let row = |label| rows.iter().copied().find(|row| row.label == label);
                shared.iter().map(|&label| (label, row(label))).collect()
            }
        });
    }
    ranked
}

fn sorted(panel: &FinalPanel, better: Better) -> Vec<&FinalRow> {
    let mut rows: Vec<_> = panel.rows.iter().collect();
    rows.sort_by(|a, b| compare(a, b, better));
    rows
}

/// Finite values first, the good ones before the bad; then infinite ones, then missing ones. Equal
/// ones by their label.
fn compare(a: &FinalRow, b: &FinalRow, better: Better) -> Ordering {
    let class = |row: &FinalRow| (row.value.is_nan(), row.value.is_infinite());
    let values = match better {
        Better::Lower => a.value.total_cmp(&b.value),
        Better::Higher => b.value.total_cmp(&a.value),
    };
    class(a).cmp(&class(b)).then(values).then_with(|| a.label.cmp(&b.label))
}

/// All labels by the mean of their ranks, each rank a share of the panel's rows.
fn by_mean_rank<'a>(panels: &[Vec<&'a FinalRow>]) -> Vec<&'a str> {
    let mut ranks: Vec<(&str, f64, f64)> = Vec::new();
    for rows in panels {
        for (i, row) in rows.iter().enumerate() {
            let rank = (i + 1) as f64 / rows.len() as f64;
            match ranks.iter_mut().find(|(label, ..)| *label == row.label) {
                Some((_, sum, count)) => (*sum, *count) = (*sum + rank, *count + 1.0),
                None => ranks.push((&row.label, rank, 1.0)),
            }
        }
    }
    let mean = |&(_, sum, count): &(&str, f64, f64)| sum / count;
    ranks.sort_by(|a, b| mean(a).total_cmp(&mean(b)).then_with(|| a.0.cmp(b.0)));
    ranks.into_iter().map(|(label, ..)| label).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn panel(rows: &[(&str, f64)]) -> FinalPanel {
        let row = |(label, value): &(&str, f64)| FinalRow {
            label: (*label).into(),
            value: *value,
            ..FinalRow::default()
        };
        FinalPanel { title: String::new(), rows: rows.iter().map(row).collect() }
    }

    fn labels<'a>(slots: &[Slot<'a>]) -> Vec<&'a str> {
        slots.iter().map(|(label, _)| *label).collect()
    }

    #[test]
    fn the_best_is_first_and_what_is_not_finite_is_last() {
        let values = [("nan", f64::NAN), ("b", 2.0), ("inf", f64::INFINITY), ("a", 1.0)];
        let panels = [panel(&values)];
        let lower = ranked(&panels, RowOrder::Own, Better::Lower);
        assert_eq!(labels(&lower[0]), ["a", "b", "inf", "nan"]);
        let higher = ranked(&panels, RowOrder::Own, Better::Higher);
        assert_eq!(labels(&higher[0]), ["b", "a", "inf", "nan"]);
        let minus = [panel(&[("x", f64::NEG_INFINITY), ("y", 5.0)])];
        assert_eq!(labels(&ranked(&minus, RowOrder::Shared, Better::Lower)[0]), ["y", "x"]);
    }

    #[test]
    fn a_shared_order_is_that_of_the_mean_rank_and_leaves_gaps() {
        let first = panel(&[("a", 1.0), ("b", 2.0), ("c", 3.0)]);
        let panels = [first, panel(&[("b", 1.0), ("a", 9.0), ("d", 10.0)])];
        let shared = ranked(&panels, RowOrder::Shared, Better::Lower);
        assert_eq!(labels(&shared[0]), ["a", "b", "c", "d"]);
        assert_eq!(labels(&shared[0]), labels(&shared[1]));
        assert!(shared[0][3].1.is_none() && shared[1][2].1.is_none());
    }
}
