//! The outline of a band, cut at the ends of the vertical axis.

use crate::axis::Axis;
use crate::figure::Point;

/// The interval at `x`, on scales where equal differences have equal lengths.
#[derive(Clone, Copy)]
struct Section {
    x: f64,
    low: f64,
    high: f64,
}

/// The outlines of a band in the coordinates of the axes, one per stretch of points that have an
/// interval. Infinite bounds, and on a log axis bounds that are not positive, are at the end of the
/// axis.
pub(crate) fn bands(piece: &[Point], x: &Axis, y: &Axis) -> Vec<Vec<(f64, f64)>> {
    let sections: Vec<_> = piece.iter().map(|point| section(point, x, y)).collect();
    let stretches = sections.chunk_by(|a, b| a.is_some() == b.is_some());
    stretches
        .map(|stretch| stretch.iter().flatten().copied().collect::<Vec<_>>())
        .filter(|stretch| stretch.len() > 1)
        .map(|stretch| outline(&stretch, x, y))
        .collect()
}

fn section(point: &Point, x: &Axis, y: &Axis) -> Option<Section> {
    let even = |value: f64| match value {
        value if value == f64::INFINITY => y.even(y.high),
        value if value == f64::NEG_INFINITY || (y.log && value <= 0.0) => y.even(y.low),
        value => y.even(value),
    };
    point.has_interval().then(|| Section {
        x: x.even(point.x),
        low: even(point.low),
        high: even(point.high),
    })
}

/// The outline: forward along the upper side, backward along the lower side.
fn outline(stretch: &[Section], x: &Axis, y: &Axis) -> Vec<(f64, f64)> {
    let ends = [y.even(y.low), y.even(y.high)];
    let mut sections = vec![stretch[0]];
    for pair in stretch.windows(2) {
        sections.extend(crossings(pair[0], pair[1], ends));
        sections.push(pair[1]);
    }
    let place = |across: f64, up: f64| (x.uneven(across), y.uneven(up.clamp(ends[0], ends[1])));
    let upper = sections.iter().map(|section| place(section.x, section.high));
    let lower = sections.iter().rev().map(|section| place(section.x, section.low));
    upper.chain(lower).collect()
}

/// The sections between `a` and `b` where either side of the band crosses an end of the axis.
fn crossings(a: Section, b: Section, ends: [f64; 2]) -> Vec<Section> {
    let sides = [(a.low, b.low), (a.high, b.high)];
    let share = |(from, to): (f64, f64), end: f64| {
        let crossed = (from < end && end < to) || (to < end && end < from);
        crossed.then(|| (end - from) / (to - from))
    };
    let pairs = sides.into_iter().flat_map(|side| ends.map(|end| share(side, end)));
    let mut shares: Vec<f64> = pairs.flatten().collect();
    shares.sort_by(f64::total_cmp);
    let between = |from: f64, to: f64, share: f64| from + share * (to - from);
    let section = |share: f64| Section {
        x: between(a.x, b.x, share),
        low: between(a.low, b.low, share),
        high: between(a.high, b.high, share),
    };
    shares.into_iter().map(section).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(x: f64, low: f64, high: f64) -> Point {
        Point { x, y: low, low, high }
    }

    fn axes() -> (Axis, Axis) {
        (Axis::new((0.0, 4.0), false, 0.0), Axis::new((0.0, 10.0), false, 0.0))
    }

    #[test]
    fn a_band_is_clipped_where_it_leaves_the_axis() {
        let (x, y) = axes();
        let outlines = bands(&[point(0.0, 0.0, 5.0), point(2.0, 0.0, 15.0)], &x, &y);
        let wanted = [(0.0, 5.0), (1.0, 10.0), (2.0, 10.0), (2.0, 0.0), (1.0, 0.0), (0.0, 0.0)];
        assert_eq!(outlines, [wanted]);
    }

    #[test]
    fn a_missing_interval_is_a_gap_and_an_infinite_one_extends_to_the_edge() {
        let (x, y) = axes();
        let known = |at| point(at, 1.0, 2.0);
        let gap = [known(0.0), known(1.0), point(2.0, f64::NAN, 2.0), known(3.0), known(4.0)];
        assert_eq!(bands(&gap, &x, &y).len(), 2);
        let open = [known(0.0), point(1.0, f64::NEG_INFINITY, f64::INFINITY)];
        assert_eq!(bands(&open, &x, &y)[0][1..3], [(1.0, 10.0), (1.0, 0.0)]);
    }
}
