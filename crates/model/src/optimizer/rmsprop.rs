use super::decay::add_l2;
use super::{OptimizerKind, Rule};
use crate::ranges::{decay_rate, is_zero, not_negative, positive};
use kernels::simd::{Dispatch, Machine, MachineKernel};
use registry::Fault;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Steps relative to the root mean square of recent gradients.
///
/// **Formula** v ← α v + (1 − α) g², u ← μ u + g / (√v + ε), θ ← θ − η u. With weight decay λ, g is
/// the gradient plus λ θ.
///
/// **Reference** Tieleman & Hinton 2012, Coursera lecture 6.5; constants and order as in PyTorch.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct RmsProp {
    /// η: above 0.
    pub learning_rate: f64,
    /// α, the decay of the mean of squared gradients: from 0 up, below 1.
    pub alpha: f64,
    /// μ: from 0 up, below 1.
    pub momentum: f64,
    /// ε: above 0.
    pub epsilon: f64,
    /// λ: from 0 up.
    #[serde(skip_serializing_if = "is_zero")]
    pub weight_decay: f64,
}

impl Default for RmsProp {
    fn default() -> Self {
        Self { learning_rate: 0.01, alpha: 0.99, momentum: 0.0, epsilon: 1e-8, weight_decay: 0.0 }
    }
}

impl OptimizerKind for RmsProp {
    const NAME: &'static str = "rmsprop";
    const SUMMARY: &'static str = "steps relative to the root mean square of recent gradients";
    const SOURCE: &'static str = "Tieleman & Hinton 2012, Coursera lecture 6.5";

    fn check(&self) -> Result<(), Fault> {
        positive("learning-rate", self.learning_rate)?;
        decay_rate("alpha", self.alpha)?;
        decay_rate("momentum", self.momentum)?;
        positive("epsilon", self.epsilon)?;
        not_negative("weight-decay", self.weight_decay)
    }

    fn learning_rate(&self) -> f64 {
        self.learning_rate
    }

    fn rule(&self, parameters: usize) -> Box<dyn Rule> {
        let (squares, velocity) = (vec![0.0; parameters], vec![0.0; parameters]);
        Box::new(State { settings: self.clone(), squares, velocity })
    }
}

struct State {
    settings: RmsProp,
    /// v
    squares: Vec<f32>,
    /// u
    velocity: Vec<f32>,
}

impl Rule for State {
    fn step(&mut self, rate: f64, values: &mut [f32], gradient: &mut [f32]) {
        let RmsProp { alpha, momentum, epsilon, weight_decay, .. } = self.settings;
        add_l2(weight_decay, values, gradient);
        f32::on_machine(Step {
            values,
            gradient,
            squares: &mut self.squares,
            velocity: &mut self.velocity,
            alpha: alpha as f32,
            gain: (1.0 - alpha) as f32,
            momentum: momentum as f32,
            epsilon: epsilon as f32,
            rate: rate as f32,
        });
    }
}

struct Step<'a> {
    values: &'a mut [f32],
    gradient: &'a [f32],
    squares: &'a mut [f32],
    velocity: &'a mut [f32],
    alpha: f32,
    gain: f32,
    momentum: f32,
    epsilon: f32,
    rate: f32,
}

impl MachineKernel<f32> for Step<'_> {
    type Output = ();
    #[inline(always)]
    fn run<M: Machine<f32>>(self) {
        let state = self.squares.iter_mut().zip(self.velocity);
        for ((value, &g), (v, u)) in self.values.iter_mut().zip(self.gradient).zip(state) {
            *v = self.alpha.mul_add(*v, self.gain * g * g);
            *u = self.momentum.mul_add(*u, g / (v.sqrt() + self.epsilon));
            *value -= self.rate * *u;
        }
    }
}
