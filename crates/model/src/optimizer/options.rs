use super::clip::{clip_norm, clip_value};
use crate::ranges::{count, not_negative, positive};
use estimators::Schedule;
use registry::Fault;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What every optimizer can do beside its update rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case")]
pub struct Options {
    /// A schedule that multiplies the learning rate, if any.
    pub schedule: Option<Schedule>,
    /// Each component of the gradient is clipped to this magnitude, if given: above 0.
    pub clip_value: Option<f64>,
    /// The gradient of all network parameters is scaled down to this Euclidean norm where it is
    /// longer, if given (Pascanu, Mikolov & Bengio 2013, arXiv:1211.5063): above 0. It comes after
    /// `clip-value`.
    pub clip_norm: Option<f64>,
    /// β: the loss of each row is lowered by β Σ_l H(softmax θ_l), the entropy of the classifier in
    /// nats (Williams & Peng 1991): from 0 up, not at all unless given.
    pub entropy_bonus: Option<f64>,
    /// A schedule that multiplies the entropy bonus, if any.
    pub entropy_schedule: Option<Schedule>,
    /// How many steps the rule takes with each gradient: from 1 up, one unless given. More than one
    /// is for reproducing programs that step their optimizer again before the next backward pass.
    pub steps_per_gradient: Option<usize>,
}

impl Options {
    /// Rejects invalid values.
    ///
    /// # Errors
    /// If a value is invalid.
    pub fn check(&self) -> Result<(), Fault> {
        if let Some(schedule) = &self.schedule {
            schedule.check("schedule")?;
        }
        if let Some(most) = self.clip_value {
            positive("clip-value", most)?;
        }
        if let Some(most) = self.clip_norm {
            positive("clip-norm", most)?;
        }
        if let Some(bonus) = self.entropy_bonus {
            not_negative("entropy-bonus", bonus)?;
        }
        if let Some(steps) = self.steps_per_gradient {
            count("steps-per-gradient", steps, 1)?;
        }
        let Some(schedule) = &self.entropy_schedule else { return Ok(()) };
        schedule.check("entropy-schedule")?;
        let has_bonus = self.entropy_bonus.is_some_and(|bonus| bonus > 0.0);
        let expected = "an entropy-bonus above 0 for it to multiply";
        Fault::require(has_bonus, "entropy-schedule", "a schedule", expected)
    }

    /// The learning rate at a step.
    pub(super) fn rate(&self, learning_rate: f64, step: u64) -> f64 {
        self.schedule.map_or(learning_rate, |schedule| learning_rate * schedule.factor(step))
    }

    /// β at a step; 0 where there is no bonus.
    pub(super) fn entropy_bonus_at(&self, step: u64) -> f64 {
        let bonus = self.entropy_bonus.unwrap_or(0.0);
        self.entropy_schedule.map_or(bonus, |schedule| bonus * schedule.factor(step))
    }

    pub(super) fn clip(&self, gradient: &mut [f32]) {
        if let Some(most) = self.clip_value {
            clip_value(gradient, most);
        }
        if let Some(most) = self.clip_norm {
            clip_norm(gradient, most);
        }
    }
}
