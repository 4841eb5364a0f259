//! Ranges of parameters.

use ::registry::Fault;

/// Rejects a number that is not above 0.
pub(super) fn positive(key: &str, x: f64) -> Result<(), Fault> {
    Fault::require(x > 0.0 && x.is_finite(), key, x, "a number above 0")
}

/// Rejects a number that is negative.
pub(super) fn not_negative(key: &str, x: f64) -> Result<(), Fault> {
    Fault::require(x >= 0.0 && x.is_finite(), key, x, "a number from 0 up")
}

/// Rejects a decay that is not from 0 up to 1, exclusive.
pub(super) fn decay_rate(key: &str, x: f64) -> Result<(), Fault> {
    Fault::require((0.0..1.0).contains(&x), key, x, "a number from 0 up, below 1")
}

/// Whether a parameter is left out of a table: 0 is the same as not given.
pub(super) fn is_zero(x: &f64) -> bool {
    *x == 0.0
}
