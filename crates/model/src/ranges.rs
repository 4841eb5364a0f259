//! Ranges of parameters.

use ::registry::Fault;

/// Rejects a number of things that is below `least`, or more than a table can be of.
pub(crate) fn count(key: &str, count: usize, least: usize) -> Result<(), Fault> {
    let expected = format!("a whole number from {least} to {MOST}");
    Fault::require((least..=MOST).contains(&count), key, count, expected)
}

/// Rejects widths of layers that are no numbers of things.
pub(crate) fn widths(key: &str, widths: &[usize]) -> Result<(), Fault> {
    widths.iter().try_for_each(|&width| count(key, width, 1))
}

/// The most of anything that is counted.
const MOST: usize = 1_000_000;

/// Rejects a number that is not above 0.
pub(crate) fn positive(key: &str, x: f64) -> Result<(), Fault> {
    Fault::require(x > 0.0 && x.is_finite(), key, x, "a number above 0")
}

/// Rejects a number that is negative.
pub(crate) fn not_negative(key: &str, x: f64) -> Result<(), Fault> {
    Fault::require(x >= 0.0 && x.is_finite(), key, x, "a number from 0 up")
}

/// Rejects a decay that is not from 0 up to 1, exclusive.
pub(crate) fn decay_rate(key: &str, x: f64) -> Result<(), Fault> {
    Fault::require((0.0..1.0).contains(&x), key, x, "a number from 0 up, below 1")
}

/// Whether a parameter is left out of a table: 0 is the same as not given.
pub(crate) fn is_zero(x: &f64) -> bool {
    *x == 0.0
}
