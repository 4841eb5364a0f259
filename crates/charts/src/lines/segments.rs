//! The segments of a series that can be drawn, and what to report if there are none.

use crate::axis::Axis;
use crate::axis::limits::is_number;
use crate::figure::Point;

/// Whether, and why not, a series can be drawn on an axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Fate {
    /// It is drawn.
    Drawn,
    /// It is drawn, but has no finite values from `at` on.
    Diverged {
        /// The first `x` without a finite value.
        at: f64,
    },
    /// Every finite value is zero and the axis is logarithmic.
    Zero,
    /// No finite value is positive and the axis is logarithmic.
    NotPositive,
    /// No value is finite.
    NoFiniteValue,
}

/// The drawable pieces of a series.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Segments {
    pub fate: Fate,
    /// Stretches of consecutive points that can be drawn.
    pub pieces: Vec<Vec<Point>>,
    /// The number of finite values that are not drawn, because they are not positive on a log axis.
    pub hidden: usize,
}

impl Segments {
    /// Splits `points` wherever a value cannot be drawn. A logarithmic axis cannot show zero and
    /// negative values.
    pub fn new(points: &[Point], log_x: bool, log_y: bool) -> Segments {
        let placed_x = |point: &&Point| is_number(point.x) && (!log_x || point.x > 0.0);
        let points: Vec<Point> = points.iter().filter(placed_x).copied().collect();
        let has_place = |point: &Point| is_number(point.y) && (!log_y || point.y > 0.0);
        let pieces = points
            .chunk_by(|left, right| has_place(left) == has_place(right))
            .filter(|piece| piece.first().is_some_and(has_place))
            .map(<[Point]>::to_vec)
            .collect();
        let finite = points.iter().filter(|point| is_number(point.y));
        Segments {
            fate: fate(&points, has_place),
            pieces,
            hidden: finite.filter(|point| !has_place(point)).count(),
        }
    }

    /// The points that can be drawn.
    pub fn points(&self) -> impl Iterator<Item = &Point> {
        self.pieces.iter().flatten()
    }

    pub fn is_drawn(&self) -> bool {
        matches!(self.fate, Fate::Drawn | Fate::Diverged { .. })
    }

    pub fn diverged(&self) -> Option<f64> {
        match self.fate {
            Fate::Diverged { at } => Some(at),
            _ => None,
        }
    }
}

fn fate(points: &[Point], has_place: impl Fn(&Point) -> bool) -> Fate {
    let finite = || points.iter().filter(|point| is_number(point.y));
    let Some(last) = points.iter().rposition(|point| is_number(point.y)) else {
        return Fate::NoFiniteValue;
    };
    if !points.iter().any(has_place) {
        let zero = finite().all(|point| point.y == 0.0);
        return if zero { Fate::Zero } else { Fate::NotPositive };
    }
    points.get(last + 1).map_or(Fate::Drawn, |next| Fate::Diverged { at: next.x })
}

/// The parts of a polyline between the ends of the vertical axis, clipped exactly where it crosses
/// them.
pub(crate) fn clip(piece: &[Point], x: &Axis, y: &Axis) -> Vec<Vec<(f64, f64)>> {
    let even: Vec<_> = piece.iter().map(|point| (x.even(point.x), y.even(point.y))).collect();
    let (bottom, top) = (y.even(y.low), y.even(y.high));
    let mut parts: Vec<Vec<(f64, f64)>> = Vec::new();
    if let [(_, only)] = even[..]
        && (bottom..=top).contains(&only)
    {
        parts.push(even.clone());
    }
    for pair in even.windows(2) {
        let Some((from, to)) = segment(pair[0], pair[1], bottom, top) else {
            continue;
        };
        match parts.last_mut().filter(|part| part.last() == Some(&from)) {
            Some(part) => part.push(to),
            None => parts.push(vec![from, to]),
        }
    }
    let uneven = |part: Vec<(f64, f64)>| {
        part.into_iter().map(|(across, up)| (x.uneven(across), y.uneven(up))).collect()
    };
    parts.into_iter().map(uneven).collect()
}

type Place = (f64, f64);

/// The part of the segment from `a` to `b` with heights in `bottom..=top`.
fn segment(a: Place, b: Place, bottom: f64, top: f64) -> Option<(Place, Place)> {
    let at = |limit: f64| {
        let share = (limit - a.1) / (b.1 - a.1);
        (a.0 + share * (b.0 - a.0), limit)
    };
    let end = |end: Place| match end.1 {
        up if up > top => at(top),
        up if up < bottom => at(bottom),
        _ => end,
    };
    let outside = (a.1 > top && b.1 > top) || (a.1 < bottom && b.1 < bottom);
    (!outside).then(|| (end(a), end(b)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(values: &[f64]) -> Vec<Point> {
        let point = |(i, &y): (usize, &f64)| Point { x: i as f64, y, low: y, high: y };
        values.iter().enumerate().map(point).collect()
    }

    fn segments(values: &[f64], log: bool) -> Segments {
        Segments::new(&points(values), false, log)
    }

    fn shape(segments: &Segments) -> Vec<Vec<f64>> {
        segments.pieces.iter().map(|piece| piece.iter().map(|point| point.y).collect()).collect()
    }

    #[test]
    fn a_log_axis_splits_lines_at_zero_and_negative_values() {
        let values = [4.0, 2.0, 0.0, 1.0, -1.0, 3.0];
        let log = segments(&values, true);
        assert_eq!(shape(&log), [vec![4.0, 2.0], vec![1.0], vec![3.0]]);
        assert_eq!((log.fate, log.hidden), (Fate::Drawn, 2));
        assert_eq!(shape(&segments(&values, false)), [values.to_vec()]);
    }

    #[test]
    fn a_gap_is_not_a_divergence_but_a_missing_end_is() {
        let nan = f64::NAN;
        assert_eq!(segments(&[1.0, nan, 2.0], false).fate, Fate::Drawn);
        let diverged = segments(&[1.0, 2.0, f64::INFINITY, nan], false);
        assert_eq!(diverged.fate, Fate::Diverged { at: 2.0 });
        assert_eq!(shape(&diverged), [[1.0, 2.0]]);
    }

    #[test]
    fn series_that_cannot_be_drawn_are_classified() {
        assert_eq!(segments(&[], false).fate, Fate::NoFiniteValue);
        assert_eq!(segments(&[f64::NAN, f64::INFINITY], true).fate, Fate::NoFiniteValue);
        assert_eq!(segments(&[0.0, 0.0, f64::NAN], true).fate, Fate::Zero);
        assert_eq!(segments(&[0.0, -1.0], true).fate, Fate::NotPositive);
        assert_eq!(segments(&[0.0, 0.0], false).fate, Fate::Drawn);
    }

    #[test]
    fn lines_are_clipped_where_they_leave_the_axis() {
        let x = Axis::new((0.0, 4.0), false, 0.0);
        let y = Axis::new((0.0, 10.0), false, 0.0);
        let parts = clip(&points(&[5.0, 15.0, 15.0, 5.0, -5.0]), &x, &y);
        let wanted = [vec![(0.0, 5.0), (0.5, 10.0)], vec![(2.5, 10.0), (3.0, 5.0), (3.5, 0.0)]];
        assert_eq!(parts, wanted);
        assert!(clip(&points(&[11.0]), &x, &y).is_empty());
        assert_eq!(clip(&points(&[3.0]), &x, &y), [[(0.0, 3.0)]]);
    }
}
