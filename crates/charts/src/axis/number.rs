//! Numbers formatted for readers: `1,000`, `0.05`, `10⁻³`, `2.5×10⁶`.

const SUPERSCRIPTS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];

/// A power of ten: `0.1`, `1`, `10`, and all others as `10ⁿ`.
pub(crate) fn power_of_ten(exponent: i32) -> String {
    match exponent {
        -1 => "0.1".into(),
        0 => "1".into(),
        1 => "10".into(),
        _ => format!("10{}", superscript(exponent)),
    }
}

/// The label of a tick, with as many decimals as the distance `step` between ticks needs.
pub(crate) fn tick(value: f64, step: f64) -> String {
    if value == 0.0 {
        return "0".into();
    }
    let step_exponent = exponent_of(step);
    if value.abs() >= 1e6 || step_exponent < -4 {
        return scientific(value, (exponent_of(value) - step_exponent).clamp(0, 12) as usize);
    }
    grouped(value, (-step_exponent).max(0) as usize)
}

/// A number in running text, rounded to `digits` significant digits.
pub(crate) fn plain(value: f64, digits: usize) -> String {
    if value == 0.0 {
        return "0".into();
    }
    let exponent = exponent_of(value);
    let text = if (-4..6).contains(&exponent) {
        grouped(value, (digits as i32 - 1 - exponent).max(0) as usize)
    } else {
        scientific(value, digits - 1)
    };
    without_trailing_zeros(&text)
}

/// Like [`plain`], for any value: `∞`, `−∞`, and `?` for NaN.
pub(crate) fn any(value: f64, digits: usize) -> String {
    match value {
        value if value.is_finite() => plain(value, digits),
        f64::INFINITY => "∞".into(),
        f64::NEG_INFINITY => "−∞".into(),
        _ => "?".into(),
    }
}

/// `floor(log10 |value|)`, read from the shortest decimal form, which is exact.
fn exponent_of(value: f64) -> i32 {
    let text = format!("{value:e}");
    text.split_once('e').and_then(|(_, exponent)| exponent.parse().ok()).unwrap_or(0)
}

fn superscript(exponent: i32) -> String {
    let sign = if exponent < 0 { "⁻" } else { "" };
    let digits = exponent.unsigned_abs().to_string();
    let raised = digits.bytes().map(|digit| SUPERSCRIPTS[usize::from(digit - b'0')]);
    sign.chars().chain(raised).collect()
}

fn scientific(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let mantissa = without_trailing_zeros(&mantissa.replace('-', "−"));
    let power = format!("10{}", superscript(exponent.parse().unwrap_or(0)));
    match mantissa.as_str() {
        "1" => power,
        "−1" => format!("−{power}"),
        _ => format!("{mantissa}×{power}"),
    }
}

/// With commas between thousands, and a true minus sign.
fn grouped(value: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", value.abs());
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let negative = value < 0.0 && text.bytes().any(|byte| (b'1'..=b'9').contains(&byte));
    let mut written = String::from(if negative { "−" } else { "" });
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            written.push(',');
        }
        written.push(digit);
    }
    if !fraction.is_empty() {
        written.push('.');
        written.push_str(fraction);
    }
    written
}

fn without_trailing_zeros(text: &str) -> String {
    match text.split_once('×') {
        Some((mantissa, power)) => format!("{}×{power}", without_trailing_zeros(mantissa)),
        None if text.contains('.') => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_have_as_many_decimals_as_their_step() {
        assert_eq!(tick(0.0, 0.5), "0");
        assert_eq!(tick(1000.0, 500.0), "1,000");
        assert_eq!(tick(-2.5, 0.5), "−2.5");
        assert_eq!(tick(0.05, 0.05), "0.05");
        assert_eq!(tick(2_500_000.0, 500_000.0), "2.5×10⁶");
        assert_eq!(tick(0.000_02, 0.000_01), "2×10⁻⁵");
        assert_eq!(tick(3.0, 1.0), "3");
    }

    #[test]
    fn powers_of_ten_have_superscripts() {
        let written: Vec<_> = [-12, -2, -1, 0, 1, 2, 10].map(power_of_ten).into();
        assert_eq!(written, ["10⁻¹²", "10⁻²", "0.1", "1", "10", "10²", "10¹⁰"]);
    }

    #[test]
    fn running_text_has_at_most_the_given_digits() {
        assert_eq!(plain(300.0, 3), "300");
        assert_eq!(plain(1250.0, 4), "1,250");
        assert_eq!(plain(0.012_345, 3), "0.0123");
        assert_eq!(plain(1e-9, 3), "10⁻⁹");
        assert_eq!(plain(2.5e30, 3), "2.5×10³⁰");
        assert_eq!(plain(0.0, 3), "0");
        let odd = [1.5, f64::INFINITY, f64::NEG_INFINITY, f64::NAN].map(|value| any(value, 3));
        assert_eq!(odd, ["1.5", "∞", "−∞", "?"]);
    }
}
