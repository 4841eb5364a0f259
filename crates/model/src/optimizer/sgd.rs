use super::decay::add_l2;
use super::{OptimizerKind, Rule};
use crate::ranges::{decay_rate, is_zero, not_negative, positive};
use kernels::simd::{Dispatch, Machine, MachineKernel};
use registry::Fault;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Stochastic gradient descent with heavy-ball momentum.
///
/// **Formula** u ← μ u + g, θ ← θ − η u. With weight decay λ, g is the gradient plus λ θ.
///
/// **Reference** Robbins & Monro 1951; Polyak 1964 (momentum).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Sgd {
    /// η: above 0.
    pub learning_rate: f64,
    /// μ: from 0 up, below 1.
    pub momentum: f64,
    /// λ: from 0 up.
    #[serde(skip_serializing_if = "is_zero")]
    pub weight_decay: f64,
}

impl Default for Sgd {
    fn default() -> Self {
        Self { learning_rate: 0.01, momentum: 0.0, weight_decay: 0.0 }
    }
}

impl OptimizerKind for Sgd {
    const NAME: &'static str = "sgd";
    const SUMMARY: &'static str = "stochastic gradient descent with momentum";
    const SOURCE: &'static str = "Robbins & Monro 1951; Polyak 1964";

    fn check(&self) -> Result<(), Fault> {
        positive("learning-rate", self.learning_rate)?;
        decay_rate("momentum", self.momentum)?;
        not_negative("weight-decay", self.weight_decay)
    }

    fn learning_rate(&self) -> f64 {
        self.learning_rate
    }

    fn rule(&self, parameters: usize) -> Box<dyn Rule> {
        let Self { momentum, weight_decay, .. } = *self;
        Box::new(Momentum { velocity: vec![0.0; parameters], momentum, weight_decay })
    }
}

struct Momentum {
    /// u
    velocity: Vec<f32>,
    momentum: f64,
    weight_decay: f64,
}

impl Rule for Momentum {
    fn step(&mut self, rate: f64, values: &mut [f32], gradient: &mut [f32]) {
        add_l2(self.weight_decay, values, gradient);
        let (momentum, rate) = (self.momentum as f32, rate as f32);
        f32::on_machine(Step { values, gradient, velocity: &mut self.velocity, momentum, rate });
    }
}

struct Step<'a> {
    values: &'a mut [f32],
    gradient: &'a [f32],
    velocity: &'a mut [f32],
    momentum: f32,
    rate: f32,
}

impl MachineKernel<f32> for Step<'_> {
    type Output = ();
    #[inline(always)]
    fn run<M: Machine<f32>>(self) {
        let state = self.gradient.iter().zip(self.velocity);
        for (value, (&g, velocity)) in self.values.iter_mut().zip(state) {
            *velocity = self.momentum.mul_add(*velocity, g);
            *value -= self.rate * *velocity;
        }
    }
}
