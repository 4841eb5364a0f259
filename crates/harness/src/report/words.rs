//! Numbers as people read them.

use statistics::{Estimate, Interval};

/// A value with its interval, if it has one. From 100 up, as in losses of many pixels, with the digits that tell the
/// bounds apart.
pub(crate) fn interval(estimate: Estimate) -> String {
    let width = estimate.interval.map(|Interval { low, high }| high - low);
    interval_within(estimate, width.filter(|_| estimate.value.abs() >= 100.0))
}

/// A value with the digits that a tolerance needs: three significant ones or, if that is more, one after
/// the first digit of the tolerance.
pub(crate) fn within(x: f64, tolerance: Option<f64>) -> String {
    let digits = |x: f64| (-x.abs().log10().floor()).clamp(-99.0, 99.0) as i32;
    match tolerance.filter(|&tolerance| x.is_finite() && x != 0.0 && tolerance > 0.0) {
        Some(tolerance) if digits(tolerance) > digits(x) + 1 && digits(tolerance) < 12 => {
            format!("{x:.*}", digits(tolerance) as usize + 1).replace('-', "−")
        }
        _ => short(x),
    }
}

/// A value with its interval, with the digits that a tolerance needs.
pub(crate) fn interval_within(estimate: Estimate, tolerance: Option<f64>) -> String {
    with_interval(estimate, |x| within(x, tolerance))
}

/// A difference with its sign.
pub(crate) fn signed(x: f64) -> String {
    if x > 0.0 { format!("+{}", short(x)) } else { short(x) }
}

/// A number of steps with its interval.
pub(crate) fn whole_interval(estimate: Estimate) -> String {
    with_interval(estimate, |x| if x.is_finite() { format!("{x:.0}") } else { short(x) })
}

/// A difference with its interval, each with its sign.
pub(crate) fn signed_interval(estimate: Estimate) -> String {
    with_interval(estimate, signed)
}

/// A probability with its interval, in percent.
pub(crate) fn chance(estimate: Estimate) -> String {
    let value = format!("{:.0} %", 100.0 * estimate.value);
    let bounds = |Interval { low, high }| format!(" [{:.0}, {:.0}]", 100.0 * low, 100.0 * high);
    value + &estimate.interval.map_or_else(String::new, bounds)
}

fn with_interval(estimate: Estimate, show: impl Fn(f64) -> String) -> String {
    let bounds = |Interval { low, high }| format!(" [{}, {}]", show(low), show(high));
    show(estimate.value) + &estimate.interval.map_or_else(String::new, bounds)
}

/// Three significant digits; what a failed run counts as is ∞.
pub(crate) fn short(x: f64) -> String {
    if x.is_infinite() {
        return if x > 0.0 { "∞".to_owned() } else { "−∞".to_owned() };
    }
    let magnitude = if x == 0.0 { 0 } else { x.abs().log10().floor() as i32 };
    let text = match magnitude {
        -3..=3 => format!("{x:.*}", (2 - magnitude).max(0) as usize),
        _ => format!("{x:.2e}"),
    };
    text.replace('-', "−")
}

/// A time in seconds, as a person would say it.
pub(crate) fn time(seconds: f64) -> String {
    match seconds {
        s if s < 1.0 => "less than a second".to_owned(),
        s if s < 90.0 => format!("{s:.0} s"),
        s if s < 5400.0 => format!("{:.0} min", s / 60.0),
        s if s < 48.0 * 3600.0 => format!("{:.1} h", s / 3600.0),
        s => format!("{:.1} days", s / 86400.0),
    }
}

/// So many of what a word names: `1 run`, `2 runs`.
pub(crate) fn counted(count: u64, word: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {word}{ending}")
}

/// A p-value.
pub(crate) fn p_value(p: f64) -> String {
    if p < 0.001 { "<0.001".to_owned() } else { format!("{p:.3}") }
}

/// A share as a signed percentage.
pub(crate) fn percent(share: f64) -> String {
    format!("{:+.2} %", 100.0 * share).replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_a_kind_is_not_plural() {
        assert_eq!([0, 1, 2].map(|n| counted(n, "run")), ["0 runs", "1 run", "2 runs"]);
    }

    #[test]
    fn bounds_are_told_apart() {
        let text =
            |value, low, high| interval(Estimate { value, interval: Some(Interval { low, high }) });
        assert_eq!(text(116.04, 115.43, 116.51), "116.0 [115.4, 116.5]");
        assert_eq!(text(116.04, 104.0, 131.0), "116 [104, 131]");
        assert_eq!(text(0.0101, 0.01009, 0.01011), "0.0101 [0.0101, 0.0101]");
    }

    #[test]
    fn numbers_are_short_and_honest() {
        for (x, text) in [
            (0.0, "0.00"),
            (0.123456, "0.123"),
            (-1.0 / 3.0, "−0.333"),
            (12.345, "12.3"),
            (1234.5, "1234"),
            (0.0012345, "0.00123"),
            (1.2345e-7, "1.23e−7"),
            (999.9, "1000"),
            (12345.0, "1.23e4"),
            (f64::INFINITY, "∞"),
            (f64::NEG_INFINITY, "−∞"),
        ] {
            assert_eq!(short(x), text);
        }
        for (x, tolerance, text) in [
            (0.250136, Some(1e-4), "0.25014"),
            (-0.250136, Some(2e-5), "−0.250136"),
            (0.25, Some(0.1), "0.250"),
            (12345.6, Some(1.0), "12345.6"),
            (1e-9, Some(1e-10), "1.00e−9"),
            (0.0, Some(1e-4), "0.00"),
            (0.5, Some(1e-13), "0.500"),
            (0.5, None, "0.500"),
            (f64::INFINITY, Some(1e-4), "∞"),
        ] {
            assert_eq!(within(x, tolerance), text);
        }
        let bounds = |low, high| Some(Interval { low, high });
        let estimate = Estimate { value: 0.5, interval: bounds(-0.25, f64::INFINITY) };
        assert_eq!(interval(estimate), "0.500 [−0.250, ∞]");
        assert_eq!(signed_interval(estimate), "+0.500 [−0.250, +∞]");
        assert_eq!(chance(Estimate { value: 0.5, interval: bounds(0.25, 1.0) }), "50 % [25, 100]");
        let alone = Estimate { value: 0.5, interval: None };
        assert_eq!(
            [interval(alone), signed_interval(alone), chance(alone)],
            ["0.500", "+0.500", "50 %"]
        );
        let none = Estimate { value: 0.0, interval: bounds(-1.0, 0.0) };
        assert_eq!(signed_interval(none), "0.00 [−1.00, 0.00]");
        assert_eq!(
            [0.0004, 0.001, 0.0346, 1.0].map(p_value),
            ["<0.001", "0.001", "0.035", "1.000"]
        );
        assert_eq!(percent(-0.0123), "−1.23 %");
    }
}
