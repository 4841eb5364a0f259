use super::decay::add_l2;
use super::{Optimizer, OptimizerKind, Options, Rule};
use crate::ranges::{decay_rate, is_zero, not_negative, positive};
use kernels::AdamConstants;
use registry::Fault;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Adaptive moments.
///
/// **Formula** m ← β₁ m + (1 − β₁) g, v ← β₂ v + (1 − β₂) g²;
/// θ ← θ − η m̂ / (√v̂ + ε) with m̂ = m/(1 − β₁ᵗ) and v̂ = v/(1 − β₂ᵗ). With weight decay λ, g is
/// the gradient plus λ θ.
///
/// **Reference** Kingma & Ba 2015, arXiv:1412.6980, Algorithm 1.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Adam {
    /// η: above 0.
    pub learning_rate: f64,
    /// β₁, the decay of the mean of gradients: from 0 up, below 1.
    pub beta1: f64,
    /// β₂, the decay of the mean of squared gradients: from 0 up, below 1.
    pub beta2: f64,
    /// ε: above 0.
    pub epsilon: f64,
    /// λ: from 0 up.
    #[serde(skip_serializing_if = "is_zero")]
    pub weight_decay: f64,
}

impl Default for Adam {
    fn default() -> Self {
        let AdamConstants { beta1, beta2, epsilon } = AdamConstants::default();
        Self { learning_rate: 0.001, beta1, beta2, epsilon, weight_decay: 0.0 }
    }
}

impl OptimizerKind for Adam {
    const NAME: &'static str = "adam";
    const SUMMARY: &'static str = "adaptive moments";
    const SOURCE: &'static str = "Kingma & Ba 2015, arXiv:1412.6980";

    fn check(&self) -> Result<(), Fault> {
        positive("learning-rate", self.learning_rate)?;
        decay_rate("beta1", self.beta1)?;
        decay_rate("beta2", self.beta2)?;
        positive("epsilon", self.epsilon)?;
        not_negative("weight-decay", self.weight_decay)
    }

    fn learning_rate(&self) -> f64 {
        self.learning_rate
    }

    fn rule(&self, parameters: usize) -> Box<dyn Rule> {
        let Self { beta1, beta2, epsilon, weight_decay, .. } = *self;
        let constants = AdamConstants { beta1, beta2, epsilon };
        Box::new(WithL2 { adam: kernels::Adam::new(parameters, constants), weight_decay })
    }
}

impl Optimizer {
    /// Adam with the constants of its paper, and no options.
    pub fn adam(learning_rate: f64) -> Self {
        Self::new(Adam { learning_rate, ..Adam::default() }, Options::default())
    }
}

struct WithL2 {
    adam: kernels::Adam<f32>,
    weight_decay: f64,
}

impl Rule for WithL2 {
    fn step(&mut self, rate: f64, values: &mut [f32], gradient: &mut [f32]) {
        add_l2(self.weight_decay, values, gradient);
        self.adam.step(rate, values, gradient);
    }
}
