//! Tail of the normal distribution.

use std::f64::consts::TAU;

/// Upper tail Q(z) = P(Z > z) = ½ erfc(z / √2) of the standard normal distribution.
///
/// - `z`: any number.
///
/// The relative error is below 10⁻¹² wherever Q is a normal number (z < 37.5); in the far tail it
/// comes from rounding z² in the exponential. All terms of both expansions are positive, so there is
/// no cancellation except in ½ − φ(z) S(z), which is used only where Q is above 0.02.
///
/// Reference: Abramowitz and Stegun (1964), *Handbook of Mathematical Functions*, 26.2.11 (series)
/// and 26.2.14 (continued fraction).
///
/// ```
/// use statistics::upper_tail;
///
/// assert_eq!(upper_tail(0.0), 0.5);
/// assert!((upper_tail(1.959963984540054) - 0.025).abs() < 1e-15);
/// ```
pub fn upper_tail(z: f64) -> f64 {
    if z < 0.0 {
        return 1.0 - upper_tail(-z);
    }
    let density = (-0.5 * z * z).exp() / TAU.sqrt();
    if z < 2.0 { 0.5 - density * central_series(z) } else { density * mills_ratio(z) }
}

/// (½ − Q(z)) / φ(z) = z + z³/3 + z⁵/(3·5) + z⁷/(3·5·7) + …
fn central_series(z: f64) -> f64 {
    let mut term = z;
    let mut sum = 0.0;
    let mut odd = 1.0;
    while sum + term != sum {
        sum += term;
        odd += 2.0;
        term *= z * z / odd;
    }
    sum
}

/// Q(z) / φ(z) = 1/(z + 1/(z + 2/(z + 3/(z + …)))), for z ≥ 2.
fn mills_ratio(z: f64) -> f64 {
    const LEVELS: u8 = 120; // converges in double precision at z = 2, and with fewer for larger z
    let denominator = (1..=LEVELS).rev().fold(z, |below, level| z + f64::from(level) / below);
    1.0 / denominator
}

#[cfg(test)]
mod tests {
    use super::super::reference;
    use super::*;

    #[test]
    fn tails_match_scipy() {
        for case in reference::cases("normal_tail") {
            reference::assert_close(upper_tail(case.sample()[0]), case.expected, 1e-12);
        }
    }

    #[test]
    fn the_expansions_agree_where_they_meet() {
        let density = (-2.0_f64).exp() / TAU.sqrt();
        let series = 0.5 - density * central_series(2.0);
        reference::assert_close(series, density * mills_ratio(2.0), 1e-14);
    }

    #[test]
    fn tails_are_complementary() {
        for z in [0.3, 1.0, 1.9, 2.5, 6.0] {
            assert_eq!(upper_tail(-z), 1.0 - upper_tail(z));
        }
        assert_eq!(upper_tail(f64::INFINITY), 0.0);
        assert_eq!(upper_tail(-f64::INFINITY), 1.0);
        assert!(upper_tail(f64::NAN).is_nan());
    }
}
