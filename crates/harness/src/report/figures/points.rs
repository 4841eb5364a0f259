//! Points and scales of figures.

use crate::experiment::Measure;
use crate::results::CellSummary;
use charts::{Panel, Point, Scale};
use model::Better;
use statistics::Estimate;

pub(super) fn point(x: f64, estimate: Estimate) -> Point {
    let [low, high] = bounds(estimate);
    Point { x, y: estimate.value, low, high }
}

/// The bounds of an interval, as `charts` takes them: NaN without one.
pub(super) fn bounds(estimate: Estimate) -> [f64; 2] {
    estimate.interval.map_or([f64::NAN; 2], |interval| [interval.low, interval.high])
}

/// A metric over the steps. Round-off residue is zero.
pub(super) fn curve(cell: &CellSummary<'_>, measure: &Measure) -> Vec<Point> {
    let curve = cell.rounded_curve(measure).into_iter();
    curve.map(|(step, estimate)| point(step as f64, estimate)).collect()
}

/// Which values of a metric are better, as `charts` takes it.
pub(super) fn better(measure: &Measure) -> charts::Better {
    match measure.better {
        Better::Higher => charts::Better::Higher,
        Better::Lower | Better::Neither => charts::Better::Lower,
    }
}

/// The scale of a metric: a zero among squares that differ by powers of ten must not make it linear.
pub(super) fn scale(measure: &Measure) -> Scale {
    if measure.is_ratio { Scale::Log } else { Scale::Auto }
}

/// The scale of a metric that ranks: logarithmic for losses, if all are above 0.
pub(super) fn scale_of_losses(measure: &Measure, panels: &[Panel]) -> Scale {
    let mut points =
        panels.iter().flat_map(|panel| &panel.series).flat_map(|series| &series.points);
    let is_ratio = measure.better == Better::Lower && points.all(|point| point.y > 0.0);
    if is_ratio { Scale::Log } else { Scale::Auto }
}
