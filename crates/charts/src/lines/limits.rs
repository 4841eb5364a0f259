//! The range of the vertical axis of lines.

use crate::axis::limits::{limits, range};
use crate::lines::segments::Segments;

/// The range of the vertical axis for lines.
///
/// Series that do not diverge determine it; those that diverge may only widen it. On a log axis,
/// intervals may only widen it too.
pub(crate) fn vertical(traces: &[Segments], log: bool) -> Option<(f64, f64)> {
    let every = range(traces.iter().flat_map(Segments::points).map(|point| point.y))?;
    let settled = || {
        let settled = traces.iter().filter(|segments| segments.diverged().is_none());
        settled.flat_map(Segments::points)
    };
    let bounds = settled().flat_map(|point| [point.y, point.low, point.high]);
    let core = range(settled().map(|point| point.y)).unwrap_or(every);
    let bounds = range(bounds.filter(|bound| !log || *bound > 0.0)).unwrap_or(core);
    let reach = (every.0.min(bounds.0), every.1.max(bounds.1));
    let (least, most) = limits(if log { core } else { bounds }, log);
    Some((reach.0.max(least), reach.1.min(most)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::Point;

    fn traced(values: &[f64], log: bool) -> Segments {
        let point = |(i, &y): (usize, &f64)| Point { x: i as f64, y, low: 0.9 * y, high: 1.1 * y };
        Segments::new(&values.iter().enumerate().map(point).collect::<Vec<_>>(), false, log)
    }

    #[test]
    fn a_diverging_series_does_not_determine_the_axis() {
        let diverging = [1.0, 1e9, f64::INFINITY];
        let linear = [traced(&[1.0, 2.0], false), traced(&diverging, false)];
        let (low, high) = vertical(&linear, false).unwrap();
        assert!(low == 0.9 && high < 4.0);
        let log = [traced(&[1.0, 200.0], true), traced(&diverging, true)];
        assert_eq!(vertical(&log, true), Some((0.9, 2000.0)));
    }

    #[test]
    fn a_series_that_does_not_diverge_is_shown_completely() {
        let wide = [traced(&[1e-6, 1e6], true)];
        let (low, high) = vertical(&wide, true).unwrap();
        assert!(low < 1e-6 && high > 1e6);
    }

    #[test]
    fn an_interval_that_touches_zero_does_not_stretch_a_log_axis() {
        let point = |x| Point { x, y: 1.0, low: 1e-200, high: f64::INFINITY };
        let traces = [Segments::new(&[point(0.0), point(1.0)], false, true)];
        assert_eq!(vertical(&traces, true), Some((0.1, 1.0)));
    }
}
