//! The range of an axis: which values determine it, and which may only widen it.
//!
//! One diverging run, or an interval that nearly touches zero on a log axis, would squeeze everything
//! else into one end. Such values widen an axis by at most half its range at each end, or by a decade
//! on a log axis. Values beyond are cut off, and the figure says so.

/// The largest value on an axis, small enough that the length of the axis is finite.
pub(crate) const LARGEST: f64 = 1e300;

/// Whether some axis can show the value. Values beyond [`LARGEST`] count as infinite.
pub(crate) fn is_number(value: f64) -> bool {
    value.abs() <= LARGEST
}

/// The smallest and the largest finite value.
pub(crate) fn range(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    let wider = |known: Option<(f64, f64)>, value: f64| {
        Some(known.map_or((value, value), |(low, high)| (low.min(value), high.max(value))))
    };
    values.filter(|value| is_number(*value)).fold(None, wider)
}

/// The widest range to which an axis for values from `low` to `high` may grow.
pub(crate) fn limits((low, high): (f64, f64), log: bool) -> (f64, f64) {
    match log {
        true => (low / 10.0, high * 10.0),
        false if low < high => (1.5 * low - 0.5 * high, 1.5 * high - 0.5 * low),
        false => (f64::NEG_INFINITY, f64::INFINITY),
    }
}
