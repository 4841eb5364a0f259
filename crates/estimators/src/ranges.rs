//! Ranges of parameters that several estimators have, for [`Kind::check`](crate::Kind::check).

use crate::Schedule;
use registry::Fault;

/// A temperature: neither it nor its inverse overflows or underflows in single precision.
pub(crate) const TEMPERATURES: std::ops::RangeInclusive<f64> = 1e-30..=1e30;

/// Rejects values that are not a temperature.
///
/// # Errors
/// Unless it is a number from 1e-30 to 1e30.
pub fn temperature(key: &str, value: f64) -> Result<(), Fault> {
    // `Debug` writes a tiny number with an exponent.
    let found = format!("{value:?}");
    Fault::require(TEMPERATURES.contains(&value), key, found, "a number from 1e-30 to 1e30")
}

/// Rejects values that are neither a temperature nor infinite, and invalid schedules. Nothing multiplies
/// an infinite temperature.
///
/// # Errors
/// Unless the value is a number from 1e-30 to 1e30, or infinite without a schedule.
pub fn temperature_or_infinity(
    key: &str,
    value: f64,
    schedule_of_it: Option<Schedule>,
) -> Result<(), Fault> {
    if value == f64::INFINITY {
        let expected = format!("none, because {key} is infinite");
        return Fault::require(schedule_of_it.is_none(), "schedule", "one", expected);
    }
    let expected = "a number from 1e-30 to 1e30, or inf";
    Fault::require(TEMPERATURES.contains(&value), key, format!("{value:?}"), expected)?;
    schedule(schedule_of_it)
}

/// Rejects invalid step sizes, standard deviations and the like: their range is that of a temperature.
pub use temperature as positive;

/// Rejects invalid values of the parameter `schedule`.
///
/// # Errors
/// If the schedule is invalid.
pub fn schedule(schedule: Option<Schedule>) -> Result<(), Fault> {
    schedule.map_or(Ok(()), |schedule| schedule.check("schedule"))
}

/// Rejects infinite numbers and NaN.
///
/// # Errors
/// If the number is infinite or NaN.
pub fn finite(key: &str, value: f64) -> Result<(), Fault> {
    Fault::require(value.is_finite(), key, value, "a number")
}

/// Rejects fewer than `least` samples, and more than 100000.
///
/// # Errors
/// If there are fewer or more.
pub fn samples(value: usize, least: usize) -> Result<(), Fault> {
    let expected = format!("a whole number from {least} to 100000");
    Fault::require((least..=100_000).contains(&value), "samples", value, expected)
}

/// Rejects invalid widths of a hidden layer.
pub(crate) fn hidden(width: usize) -> Result<(), Fault> {
    let expected = "a whole number from 1 to 4096";
    Fault::require((1..=4096).contains(&width), "hidden", width, expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_temperature_has_an_inverse() {
        for refused in [0.0, -1.0, 1e-40, 1e40, f64::INFINITY, f64::NAN] {
            assert!(temperature("temperature", refused).is_err(), "{refused}");
        }
        for allowed in [1e-30, 1.0, 1e30] {
            assert!(temperature("temperature", allowed).is_ok(), "{allowed}");
            assert!((1.0 / allowed as f32).is_normal());
        }
    }

    #[test]
    fn an_infinite_temperature_has_no_schedule() {
        let schedule = Some(Schedule::Constant { warm_up: 2, start: 0.0, every: 1 });
        let check = |value, schedule| temperature_or_infinity("temperature", value, schedule);
        assert!(check(f64::INFINITY, None).is_ok() && check(2.0, schedule).is_ok());
        let message = check(f64::INFINITY, schedule).expect_err("a rejection").to_string();
        assert!(message.contains("schedule") && message.contains("infinite"), "{message}");
        for refused in [0.0, -1.0, 1e40, f64::NEG_INFINITY, f64::NAN] {
            assert!(check(refused, None).is_err(), "{refused}");
        }
    }
}
