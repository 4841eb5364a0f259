//! How far an axis reaches: what rules it, and what may only widen it.
//!
//! One diverging run, or an interval that nearly touches zero on a log axis, would press everything
//! else onto one end. Such values widen an axis by half its range at each end, or a decade, at most;
//! what lies beyond is cut off, and the figure says so.

/// Far enough from the largest float that the length of an axis is finite.
pub(crate) const LARGEST: f64 = 1e300;

/// Whether a value can have a place on some axis. What is as large as the largest floats counts as
/// infinite.
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

/// How far an axis for values from `low` to `high` may be widened.
pub(crate) fn limits((low, high): (f64, f64), log: bool) -> (f64, f64) {
    match log {
        true => (low / 10.0, high * 10.0),
        false if low < high => (1.5 * low - 0.5 * high, 1.5 * high - 0.5 * low),
        false => (f64::NEG_INFINITY, f64::INFINITY),
    }
}
