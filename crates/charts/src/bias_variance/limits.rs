//! The range of the axis of biases.

use crate::axis::limits::{limits, range};
use crate::bias_variance::strips::contains_zero;
use crate::figure::Point;

/// The range of the axis for biases. Biases that differ from zero determine it if there are any, and
/// intervals may widen it.
pub(crate) fn biases(points: &[Point]) -> (f64, f64) {
    let positive = |values: &mut dyn Iterator<Item = f64>| range(values.filter(|v| *v > 0.0));
    let nonzero = points.iter().filter(|point| !contains_zero(point));
    let upper = || points.iter().map(|point| point.high);
    let core = positive(&mut nonzero.clone().map(|point| point.y));
    let core = core.or_else(|| positive(&mut upper())).unwrap_or((1.0, 1.0));
    let bounds = nonzero.flat_map(|point| [point.y, point.low]).chain(upper());
    let (low, high) = positive(&mut bounds.chain([core.0, core.1])).unwrap_or(core);
    let (least, most) = limits(core, true);
    (low.max(least), high.min(most))
}
