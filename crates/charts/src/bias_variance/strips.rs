//! The steps of a path of variance and bias, and the strips for zero.

use crate::axis::limits::is_number;
use crate::figure::{Point, Series};
use crate::page::small_multiples::Part;

/// The most steps that are shown. Of a longer path, these are the first, the middle and the last.
const STEPS: usize = 3;
/// The width of a track in pixels, and the most tracks in each strip.
const TRACK: f64 = 13.0;
const MOST_LEFT: usize = 6;
const MOST_BELOW: usize = 6;

pub(crate) fn has_place(point: &Point) -> bool {
    is_number(point.x) && is_number(point.y)
}

/// Whether the interval of the bias contains zero, so that the point is in the strip.
pub(crate) fn contains_zero(point: &Point) -> bool {
    point.y <= 0.0 || point.low <= 0.0
}

/// The points that are shown.
pub(crate) fn steps(series: &Series) -> Vec<Point> {
    let points = series.points.iter().filter(|point| has_place(point));
    let points: Vec<_> = points.copied().collect();
    let last = points.len().saturating_sub(1);
    if points.len() <= STEPS { points } else { [0, last / 2, last].map(|i| points[i]).into() }
}

/// The tracks of the left and bottom strips: one per series in the strip, so that equal marks do not
/// hide each other.
#[derive(Clone, Copy, Default)]
pub(crate) struct Tracks {
    left: usize,
    below: usize,
}

impl Tracks {
    /// As many tracks as the fullest part needs.
    pub fn of<'a>(parts: impl Iterator<Item = &'a Part<'a>> + Clone) -> Tracks {
        let count = |part: &Part, in_strip: fn(&Point) -> bool| {
            part.series.iter().filter(|series| steps(series).iter().any(in_strip)).count()
        };
        let most = |in_strip| parts.clone().map(|part| count(part, in_strip)).max().unwrap_or(0);
        Tracks {
            left: most(|point| point.x <= 0.0).min(MOST_LEFT),
            below: most(contains_zero).min(MOST_BELOW),
        }
    }

    /// The width of the left strip and the height of the bottom strip, in pixels.
    pub fn size(&self) -> (f64, f64) {
        let size = |tracks: usize| {
            if tracks == 0 { 0.0 } else { (tracks + 1) as f64 * TRACK }
        };
        (size(self.left), size(self.below))
    }

    /// Takes tracks for a series: returns its distances from the middles of the strips in pixels,
    /// and adds its tracks to those already `taken`.
    pub fn take(&self, taken: &mut Tracks, series: &Series) -> (f64, f64) {
        let steps = steps(series);
        let aside = |track: usize, tracks: usize| match tracks {
            0 => 0.0,
            tracks => ((track % tracks) as f64 - (tracks as f64 - 1.0) / 2.0) * TRACK,
        };
        let offsets = (aside(taken.left, self.left), aside(taken.below, self.below));
        taken.left += usize::from(steps.iter().any(|point| point.x <= 0.0));
        taken.below += usize::from(steps.iter().any(contains_zero));
        offsets
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(points: &[(f64, f64)]) -> Series {
        let point = |&(x, y): &(f64, f64)| Point { x, y, low: y, high: y };
        Series { points: points.iter().map(point).collect(), ..Series::default() }
    }

    #[test]
    fn of_a_long_path_the_first_middle_and_last_steps_are_shown() {
        let path: Vec<_> = (0..9).map(|i| (f64::from(i), 1.0)).collect();
        let shown: Vec<_> = steps(&series(&path)).iter().map(|point| point.x).collect();
        assert_eq!(shown, [0.0, 4.0, 8.0]);
        assert_eq!(steps(&series(&[(1.0, f64::NAN), (2.0, 1.0)])).len(), 1);
    }

    #[test]
    fn series_in_a_strip_have_separate_tracks() {
        let [a, b, c] = [[(0.0, 0.0)], [(1.0, 0.0)], [(1.0, 1.0)]].map(|points| series(&points));
        let series = vec![&a, &b, &c];
        let part = Part { title: String::new(), panel: 0, series, references: &[] };
        let tracks = Tracks::of(std::iter::once(&part));
        assert_eq!((tracks.left, tracks.below), (1, 2));
        let mut taken = Tracks::default();
        assert_eq!(tracks.take(&mut taken, &a), (0.0, -TRACK / 2.0));
        assert_eq!(tracks.take(&mut taken, &b), (0.0, TRACK / 2.0));
    }
}
