//! The size of a bias relative to the exact gradient.

use crate::{Estimate, Interval};

/// The relative bias ‖E g − e‖ / ‖e‖, from an estimate of its square.
///
/// An estimate of the squared bias has the sampling floor subtracted
/// ([`GradientSummary::squared_bias`](crate::GradientSummary::squared_bias)), so it may be negative.
/// A negative value counts as 0, and so does a root below 10⁻⁵, which is single-precision round-off.
///
/// - `squared`: ‖E g − e‖² / ‖e‖² with its interval.
///
/// ```
/// use statistics::{Estimate, Interval, relative_bias};
///
/// let interval = Some(Interval { low: -0.01, high: 0.09 });
/// let bias = relative_bias(Estimate { value: 0.04, interval });
/// assert_eq!(bias, Estimate { value: 0.2, interval: Some(Interval { low: 0.0, high: 0.3 }) });
/// ```
pub fn relative_bias(squared: Estimate) -> Estimate {
    const ROUND_OFF: f64 = 1e-5;
    let root = |x: f64| {
        let root = x.max(0.0).sqrt();
        if root < ROUND_OFF { 0.0 } else { root }
    };
    let interval = squared.interval.map(|x| Interval { low: root(x.low), high: root(x.high) });
    Estimate { value: root(squared.value), interval }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_off_counts_as_zero() {
        let interval = Some(Interval { low: -1.0, high: 1.1e-10 });
        let bias = relative_bias(Estimate { value: 0.9e-10, interval });
        let interval = Some(Interval { low: 0.0, high: 1.1e-10_f64.sqrt() });
        assert_eq!(bias, Estimate { value: 0.0, interval });
    }

    #[test]
    fn an_infinite_bias_stays_infinite() {
        let interval = Some(Interval { low: 1.0, high: f64::INFINITY });
        let failed = Estimate { value: f64::INFINITY, interval };
        assert_eq!(relative_bias(failed), failed);
    }
}
