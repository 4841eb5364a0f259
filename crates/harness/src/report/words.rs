//! Numbers as people read them.

use statistics::Estimate;

/// A value with its interval.
pub(super) fn interval(estimate: Estimate) -> String {
    let Estimate { value, low, high } = estimate;
    format!("{} [{}, {}]", short(value), short(low), short(high))
}

/// A difference with its interval, each with its sign.
pub(super) fn signed_interval(estimate: Estimate) -> String {
    let signed = |x: f64| if x > 0.0 { format!("+{}", short(x)) } else { short(x) };
    let Estimate { value, low, high } = estimate;
    format!("{} [{}, {}]", signed(value), signed(low), signed(high))
}

/// Three significant digits; what a failed run counts as is ∞.
pub(super) fn short(x: f64) -> String {
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

/// A p-value.
pub(super) fn p_value(p: f64) -> String {
    if p < 0.001 { "<0.001".to_owned() } else { format!("{p:.3}") }
}

/// A share as a signed percentage.
pub(super) fn percent(share: f64) -> String {
    format!("{:+.2} %", 100.0 * share).replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;

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
            (f64::INFINITY, "∞"),
        ] {
            assert_eq!(short(x), text);
        }
        assert_eq!(p_value(0.0004), "<0.001");
        assert_eq!(percent(-0.0123), "−1.23 %");
    }
}
