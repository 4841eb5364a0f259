//! Schedules of temperatures, learning rates and the like.

use kernels::Real;
use registry::{Fault, plain};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A factor that changes during training. It multiplies a number such as a temperature or a learning
/// rate, so that the number itself can still be swept.
///
/// With w = `warm-up`, the factor of step s is (s + 1)/w while s < w; if `start` is given, it is
/// start + (1 − start) s/w. From step w on it is a function of t = s − w, which is 1 at t = 0:
///
/// | kind | factor |
/// |---|---|
/// | `constant` | 1 |
/// | `linear` | 1 + (end − 1) u, with u = min(1, t/(steps − w)) |
/// | `cosine` | end + (1 − end) (1 + cos πu)/2 (Loshchilov & Hutter 2017, arXiv:1608.03983, Eq. 5) |
/// | `step` | factor^⌊t/every⌋ |
/// | `exponential` | max(end, exp(−rate·t)) |
/// | `geometric` | end^u |
///
/// With `every` = m above 1 the factor is held for m steps, such as those of an epoch: in all of this, s is
/// then the first step of its m, and s + 1 in the warm-up is s + m. (`step` holds its factor anyway; there
/// `every` is the time between two changes.)
///
/// ```
/// use estimators::Schedule;
/// let cosine = Schedule::Cosine { warm_up: 2, start: 0.0, every: 1, steps: Some(12), end: 0.1 };
/// assert_eq!(cosine.factor(0), 0.5);
/// assert_eq!(cosine.factor(2), 1.0);
/// assert!((cosine.factor(7) - 0.55).abs() < 1e-15);
/// assert_eq!(cosine.factor(100), 0.1);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(
    tag = "kind",
    deny_unknown_fields,
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case"
)]
pub enum Schedule {
    /// Only a warm-up.
    Constant {
        /// Steps of the warm-up: from 2 up.
        warm_up: u64,
        /// The factor of the first step of the warm-up, if given: above 0.
        #[serde(default, skip_serializing_if = "is_zero")]
        start: f64,
        /// Steps for which a factor is held: from 1 up, 1 unless given.
        #[serde(default = "one", skip_serializing_if = "is_one")]
        every: u64,
    },
    /// Linear change to the end.
    Linear {
        /// Steps of the warm-up.
        #[serde(default)]
        warm_up: u64,
        /// The factor of the first step of the warm-up, if given: above 0.
        #[serde(default, skip_serializing_if = "is_zero")]
        start: f64,
        /// Steps for which a factor is held: from 1 up, 1 unless given.
        #[serde(default = "one", skip_serializing_if = "is_one")]
        every: u64,
        /// Steps until the end is reached, including the warm-up; in an experiment, the default is the
        /// number of steps of a run.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        steps: Option<u64>,
        /// The factor at the end: from 0 up.
        #[serde(default)]
        end: f64,
    },
    /// Half a period of a cosine to the end.
    Cosine {
        /// Steps of the warm-up.
        #[serde(default)]
        warm_up: u64,
        /// The factor of the first step of the warm-up, if given: above 0.
        #[serde(default, skip_serializing_if = "is_zero")]
        start: f64,
        /// Steps for which a factor is held: from 1 up, 1 unless given.
        #[serde(default = "one", skip_serializing_if = "is_one")]
        every: u64,
        /// Steps until the end is reached, including the warm-up; in an experiment, the default is the
        /// number of steps of a run.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        steps: Option<u64>,
        /// The factor at the end: from 0 up.
        #[serde(default)]
        end: f64,
    },
    /// Multiplication by a factor at regular intervals.
    Step {
        /// Steps of the warm-up.
        #[serde(default)]
        warm_up: u64,
        /// The factor of the first step of the warm-up, if given: above 0.
        #[serde(default, skip_serializing_if = "is_zero")]
        start: f64,
        /// Steps between two changes: from 1 up.
        every: u64,
        /// The factor of each change: above 0.
        factor: f64,
    },
    /// Exponential decay.
    Exponential {
        /// Steps of the warm-up.
        #[serde(default)]
        warm_up: u64,
        /// The factor of the first step of the warm-up, if given: above 0.
        #[serde(default, skip_serializing_if = "is_zero")]
        start: f64,
        /// Steps for which a factor is held: from 1 up, 1 unless given.
        #[serde(default = "one", skip_serializing_if = "is_one")]
        every: u64,
        /// Decrease of the logarithm per step: above 0.
        rate: f64,
        /// Lower bound of the factor: from 0 up.
        #[serde(default)]
        end: f64,
    },
    /// Multiplication by the same number in each step, to the end.
    Geometric {
        /// Steps of the warm-up.
        #[serde(default)]
        warm_up: u64,
        /// The factor of the first step of the warm-up, if given: above 0.
        #[serde(default, skip_serializing_if = "is_zero")]
        start: f64,
        /// Steps for which a factor is held: from 1 up, 1 unless given.
        #[serde(default = "one", skip_serializing_if = "is_one")]
        every: u64,
        /// Steps until the end is reached, including the warm-up; in an experiment, the default is the
        /// number of steps of a run.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        steps: Option<u64>,
        /// The factor at the end: above 0. It may be above 1.
        end: f64,
    },
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &f64) -> bool {
    *number == 0.0
}

fn one() -> u64 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_one(every: &u64) -> bool {
    *every == 1
}

impl Schedule {
    /// The factor at a step, counted from 0.
    pub fn factor(&self, step: u64) -> f64 {
        let Ramp { warm_up, start, every } = self.ramp();
        // The first of the steps that have the same factor.
        let step = step - step % every;
        if step < warm_up {
            let share = |steps: u64| steps as f64 / warm_up as f64;
            return match start {
                0.0 => share(step + every),
                start => start + (1.0 - start) * share(step),
            };
        }
        let since = step - warm_up;
        // The completed share of a schedule with this many steps.
        let progress = |steps: Option<u64>| {
            let length = steps.unwrap_or(u64::MAX).saturating_sub(warm_up);
            if since >= length { 1.0 } else { since as f64 / length as f64 }
        };
        match *self {
            Self::Constant { .. } => 1.0,
            Self::Linear { steps, end, .. } => 1.0 + (end - 1.0) * progress(steps),
            Self::Cosine { steps, end, .. } => match progress(steps) {
                1.0 => end,
                u => end + (1.0 - end) * 0.5 * (1.0 + libm::cos(std::f64::consts::PI * u)),
            },
            Self::Step { every, factor, .. } => libm::pow(factor, (since / every) as f64),
            Self::Exponential { rate, end, .. } => end.max(Real::exp(-rate * since as f64)),
            Self::Geometric { steps, end, .. } => libm::pow(end, progress(steps)),
        }
    }

    /// Whether the factor differs from 1 at any step of a run of `steps` steps.
    pub fn changes_within(&self, steps: u64) -> bool {
        // After the warm-up it is monotonic.
        steps > 0 && (self.factor(0) != 1.0 || self.factor(steps - 1) != 1.0)
    }

    /// The same schedule, which ends after `run` steps if it needs an end and has none.
    pub fn ending_after(mut self, run: u64) -> Self {
        if let Self::Linear { steps, .. }
        | Self::Cosine { steps, .. }
        | Self::Geometric { steps, .. } = &mut self
        {
            *steps = steps.or(Some(run));
        }
        self
    }

    /// Rejects invalid values, and schedules that change nothing; `key` is the schedule's own key.
    ///
    /// # Errors
    /// If a value is invalid.
    pub fn check(&self, key: &str) -> Result<(), Fault> {
        let within = |field: &str| format!("{key}.{field}");
        let ramp = self.ramp();
        ramp.check(within)?;
        let warm_up = ramp.warm_up;
        let require_steps = |steps: Option<u64>| {
            let Some(steps) = steps else {
                let expected = "the number of steps until the end is reached";
                return Err(Fault::value(&within("steps"), "absent", expected));
            };
            let expected = format!("a whole number above the warm-up's {warm_up}");
            Fault::require(steps > warm_up, &within("steps"), steps, expected)
        };
        match *self {
            Self::Constant { .. } => {}
            Self::Linear { steps, end, .. } | Self::Cosine { steps, end, .. } => {
                require_steps(steps)?;
                require_factor(&within("end"), end)?;
            }
            Self::Geometric { steps, end, .. } => {
                require_steps(steps)?;
                let holds = end > 0.0 && end.is_finite();
                Fault::require(holds, &within("end"), end, "a number above 0")?;
            }
            Self::Step { every, factor, .. } => {
                Fault::require(every > 0, &within("every"), every, "a whole number from 1 up")?;
                let holds = factor > 0.0 && factor <= MOST;
                Fault::require(holds, &within("factor"), factor, "a number above 0, up to 1000")?;
            }
            Self::Exponential { rate, end, .. } => {
                let holds = rate > 0.0 && rate.is_finite();
                Fault::require(holds, &within("rate"), rate, "a number above 0")?;
                let holds = (0.0..1.0).contains(&end);
                Fault::require(holds, &within("end"), end, "a number from 0 up, below 1")?;
            }
        }
        let changes = ramp.changes() || self.factor(u64::MAX) != 1.0;
        let expected = "a schedule that changes something; this one is always 1";
        Fault::require(changes, key, self.as_text(), expected)
    }

    /// The table of the schedule as one line.
    fn as_text(&self) -> String {
        toml::Value::try_from(self).map_or_else(|error| error.to_string(), |table| plain(&table))
    }

    fn ramp(&self) -> Ramp {
        match *self {
            Self::Step { warm_up, start, .. } => Ramp { warm_up, start, every: 1 },
            Self::Constant { warm_up, start, every }
            | Self::Linear { warm_up, start, every, .. }
            | Self::Cosine { warm_up, start, every, .. }
            | Self::Exponential { warm_up, start, every, .. }
            | Self::Geometric { warm_up, start, every, .. } => Ramp { warm_up, start, every },
        }
    }
}

/// What all schedules have.
struct Ramp {
    warm_up: u64,
    start: f64,
    every: u64,
}

impl Ramp {
    fn check(&self, within: impl Fn(&str) -> String) -> Result<(), Fault> {
        let Self { warm_up, start, every } = *self;
        Fault::require(every > 0, &within("every"), every, "a whole number from 1 up")?;
        let expected = format!("a multiple of every = {every}");
        Fault::require(warm_up % every == 0, &within("warm-up"), warm_up, expected)?;
        require_factor(&within("start"), start)
    }

    /// Whether the warm-up has a factor other than 1.
    fn changes(&self) -> bool {
        match self.start {
            0.0 => self.warm_up > self.every,
            start => self.warm_up > 0 && start != 1.0,
        }
    }
}

/// The largest factor that is accepted.
const MOST: f64 = 1000.0;

fn require_factor(key: &str, value: f64) -> Result<(), Fault> {
    Fault::require((0.0..=MOST).contains(&value), key, value, "a number from 0 to 1000")
}

#[cfg(test)]
mod tests;
