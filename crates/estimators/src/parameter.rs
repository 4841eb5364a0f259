//! Parameters: what they may be, and a temperature that falls.

use crate::Fault;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Refuses `key` unless `holds`.
///
/// # Errors
/// Unless `holds`.
pub(crate) fn require(
    holds: bool,
    key: &str,
    value: impl ToString,
    allowed: &str,
) -> Result<(), Fault> {
    if holds { Ok(()) } else { Err(Fault::value(key, value, allowed)) }
}

/// A temperature is positive, and neither it nor its inverse leaves single precision.
pub(crate) fn temperature(key: &str, value: f64) -> Result<(), Fault> {
    // `Debug` gives a tiny number an exponent.
    let allowed = "a number from 1e-30 to 1e30";
    require((1e-30..=1e30).contains(&value), key, format!("{value:?}"), allowed)
}

/// At least `least` samples, and not absurdly many.
pub(crate) fn samples(key: &str, value: usize, least: usize) -> Result<(), Fault> {
    let allowed = match least {
        1 => "a whole number from 1 to 100000",
        _ => "a whole number from 2 to 100000",
    };
    require((least..=100_000).contains(&value), key, value, allowed)
}

/// A temperature that falls with the steps: max(floor, τ·exp(−rate·step)).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Anneal {
    /// It falls no lower than this.
    pub floor: f64,
    /// Fall of its logarithm a step.
    pub rate: f64,
}

impl Anneal {
    pub(crate) fn check(this: Option<Self>) -> Result<(), Fault> {
        let Some(Self { floor, rate }) = this else { return Ok(()) };
        temperature("anneal.floor", floor)?;
        require(rate >= 0.0 && rate.is_finite(), "anneal.rate", rate, "a number from 0 up")
    }
}

/// A temperature, with the step it has fallen to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Temperature {
    start: f64,
    anneal: Option<Anneal>,
    step: u64,
}

impl Temperature {
    pub(crate) fn new(start: f64, anneal: Option<Anneal>) -> Self {
        Self { start, anneal, step: 0 }
    }

    pub(crate) fn now<E: kernels::Real>(&self) -> E {
        E::of(match self.anneal {
            None => self.start,
            Some(Anneal { floor, rate }) => {
                floor.max(self.start * kernels::Real::exp(-rate * self.step as f64))
            }
        })
    }

    pub(crate) fn advance(&mut self) {
        self.step += 1;
    }
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
    fn a_temperature_falls_to_its_floor() {
        let mut temperature = Temperature::new(1.0, Some(Anneal { floor: 0.5, rate: 0.1 }));
        assert_eq!(temperature.now::<f64>(), 1.0);
        temperature.advance();
        assert!((temperature.now::<f64>() - (-0.1f64).exp()).abs() < 1e-15);
        (0..20).for_each(|_| temperature.advance());
        assert_eq!(temperature.now::<f64>(), 0.5);
    }
}
