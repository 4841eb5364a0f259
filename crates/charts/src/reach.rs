//! How far an axis reaches: what rules it, and what may only widen it.
//!
//! One diverging run, or an interval that nearly touches zero on a log axis, would press everything
//! else onto one end. Such values widen an axis by half its range at each end, or a decade, at most;
//! what lies beyond is cut off, and the figure says so.

use super::axis::{is_number, range};
use super::steps::holds_zero;
use super::trace::Trace;
use super::{FinalRow, Point};

/// An interval of so many times the usual width does not rule an axis.
const FAR: f64 = 10.0;

/// The range of the vertical axis for lines.
///
/// Series that end well decide it, those that diverge may widen it. On a log axis intervals may
/// only widen it too.
pub(super) fn vertical(traces: &[Trace], log: bool) -> Option<(f64, f64)> {
    let every = range(traces.iter().flat_map(Trace::points).map(|point| point.y))?;
    let settled = || {
        let settled = traces.iter().filter(|trace| trace.diverged().is_none());
        settled.flat_map(Trace::points)
    };
    let bounds = settled().flat_map(|point| [point.y, point.low, point.high]);
    let core = range(settled().map(|point| point.y)).unwrap_or(every);
    let bounds = range(bounds.filter(|bound| !log || *bound > 0.0)).unwrap_or(core);
    let reach = (every.0.min(bounds.0), every.1.max(bounds.1));
    let (least, most) = limits(if log { core } else { bounds }, log);
    Some((reach.0.max(least), reach.1.min(most)))
}

/// The range of the horizontal axis for rows.
///
/// The values decide it, with their intervals unless those are far wider than the usual one. Wide
/// intervals, seeds, and what is known of diverged rows may widen it.
pub(super) fn horizontal(rows: &[&FinalRow], log: bool) -> Option<(f64, f64)> {
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

/// The range of the axis for biases, those apart from zero first. Intervals may widen it.
pub(super) fn biases(points: &[Point]) -> (f64, f64) {
    let positive = |values: &mut dyn Iterator<Item = f64>| range(values.filter(|v| *v > 0.0));
    let apart = points.iter().filter(|point| !holds_zero(point));
    let upper = || points.iter().map(|point| point.high);
    let core = positive(&mut apart.clone().map(|point| point.y));
    let core = core.or_else(|| positive(&mut upper())).unwrap_or((1.0, 1.0));
    let bounds = apart.flat_map(|point| [point.y, point.low]).chain(upper());
    let (low, high) = positive(&mut bounds.chain([core.0, core.1])).unwrap_or(core);
    let (least, most) = limits(core, true);
    (low.max(least), high.min(most))
}

/// How far an axis for values from `low` to `high` may be widened.
fn limits((low, high): (f64, f64), log: bool) -> (f64, f64) {
    match log {
        true => (low / 10.0, high * 10.0),
        false if low < high => (1.5 * low - 0.5 * high, 1.5 * high - 0.5 * low),
        false => (f64::NEG_INFINITY, f64::INFINITY),
    }
}

/// How wide the interval of a row looks.
fn extent(row: &FinalRow, log: bool) -> f64 {
    if log { (row.high / row.low).ln() } else { row.high - row.low }
}

/// The median of the finite values; infinite if there are none.
fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.filter(|value| is_number(*value)).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::INFINITY)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn traced(values: &[f64], log: bool) -> Trace {
        let point = |(i, &y): (usize, &f64)| Point { x: i as f64, y, low: 0.9 * y, high: 1.1 * y };
        Trace::new(&values.iter().enumerate().map(point).collect::<Vec<_>>(), false, log)
    }

    #[test]
    fn a_diverging_series_does_not_rule_the_axis() {
        let diverging = [1.0, 1e9, f64::INFINITY];
        let linear = [traced(&[1.0, 2.0], false), traced(&diverging, false)];
        let (low, high) = vertical(&linear, false).unwrap();
        assert!(low == 0.9 && high < 4.0);
        let log = [traced(&[1.0, 200.0], true), traced(&diverging, true)];
        assert_eq!(vertical(&log, true), Some((0.9, 2000.0)));
    }

    #[test]
    fn a_series_that_ends_well_is_shown_whole() {
        let wide = [traced(&[1e-6, 1e6], true)];
        let (low, high) = vertical(&wide, true).unwrap();
        assert!(low < 1e-6 && high > 1e6);
    }

    #[test]
    fn an_interval_that_touches_zero_does_not_stretch_a_log_axis() {
        let point = |x| Point { x, y: 1.0, low: 1e-200, high: f64::INFINITY };
        let traces = [Trace::new(&[point(0.0), point(1.0)], false, true)];
        assert_eq!(vertical(&traces, true), Some((0.1, 1.0)));
    }

    fn measured(value: f64, samples: &[f64]) -> FinalRow {
        let (low, high) = (value - 1.0, value + 1.0);
        FinalRow { value, low, high, samples: samples.to_vec(), ..FinalRow::default() }
    }

    #[test]
    fn a_far_seed_does_not_stretch_the_axis() {
        let row = measured(5.0, &[3.5, 100.0, f64::INFINITY]);
        assert_eq!(horizontal(&[&row], false), Some((3.5, 6.0)));
        assert_eq!(horizontal(&[&measured(f64::NAN, &[f64::INFINITY])], false), None);
    }

    #[test]
    fn a_diverged_row_does_not_stretch_the_axis() {
        let lost = FinalRow { low: 1e9, ..measured(f64::INFINITY, &[]) };
        let wide = FinalRow { high: 1e12, ..measured(5.0, &[]) };
        let rows = [&measured(5.0, &[]), &measured(7.0, &[]), &lost, &wide];
        assert_eq!(horizontal(&rows, false), Some((4.0, 8.0)));
    }
}
