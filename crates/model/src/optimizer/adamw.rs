use super::decay::shrink;
use super::{OptimizerKind, Rule};
use crate::ranges::{decay_rate, not_negative, positive};
use kernels::AdamConstants;
use registry::Fault;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Adam with decoupled weight decay.
///
/// **Formula** θ ← (1 − ηλ) θ, then a step of Adam.
///
/// **Reference** Loshchilov & Hutter 2019, arXiv:1711.05101, Algorithm 2.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct AdamW {
    /// η: above 0.
    pub learning_rate: f64,
    /// β₁, the decay of the mean of gradients: from 0 up, below 1.
    pub beta1: f64,
    /// β₂, the decay of the mean of squared gradients: from 0 up, below 1.
    pub beta2: f64,
    /// ε: above 0.
    pub epsilon: f64,
    /// λ: from 0 up.
    pub weight_decay: f64,
}

impl Default for AdamW {
    fn default() -> Self {
        let AdamConstants { beta1, beta2, epsilon } = AdamConstants::default();
        Self { learning_rate: 0.001, beta1, beta2, epsilon, weight_decay: 0.01 }
    }
}

impl OptimizerKind for AdamW {
    const NAME: &'static str = "adamw";
    const SUMMARY: &'static str = "Adam with decoupled weight decay";
    const SOURCE: &'static str = "Loshchilov & Hutter 2019, arXiv:1711.05101";

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
        Box::new(Decoupled { adam: kernels::Adam::new(parameters, constants), weight_decay })
    }
}

struct Decoupled {
    adam: kernels::Adam<f32>,
    weight_decay: f64,
}

impl Rule for Decoupled {
    fn step(&mut self, rate: f64, values: &mut [f32], gradient: &mut [f32]) {
        shrink(rate, self.weight_decay, values);
        self.adam.step(rate, values, gradient);
    }
}
