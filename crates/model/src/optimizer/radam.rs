use super::decay::add_l2;
use super::{OptimizerKind, Rule};
use crate::ranges::{decay_rate, is_zero, not_negative, positive};
use kernels::AdamConstants;
use kernels::simd::{Dispatch, Machine, MachineKernel};
use registry::Fault;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Adam whose adaptive step is rectified while the mean of squared gradients is uncertain.
///
/// **Formula** m and v as in Adam; ρ∞ = 2/(1 − β₂) − 1, ρ_t = ρ∞ − 2 t β₂ᵗ/(1 − β₂ᵗ). Where ρ_t > 5,
/// θ ← θ − η m̂ r √(1 − β₂ᵗ) / (√v + ε) with r² = (ρ_t − 4)(ρ_t − 2) ρ∞ / ((ρ∞ − 4)(ρ∞ − 2) ρ_t);
/// else θ ← θ − η m̂. With weight decay λ, g is the gradient plus λ θ.
///
/// **Reference** Liu et al. 2020, arXiv:1908.03265, Algorithm 2; the bound of 5 (the paper has 4) and
/// the place of ε are those of PyTorch.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct RAdam {
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

impl Default for RAdam {
    fn default() -> Self {
        let AdamConstants { beta1, beta2, epsilon } = AdamConstants::default();
        Self { learning_rate: 0.001, beta1, beta2, epsilon, weight_decay: 0.0 }
    }
}

impl OptimizerKind for RAdam {
    const NAME: &'static str = "radam";
    const SUMMARY: &'static str = "Adam with a rectified adaptive step";
    const SOURCE: &'static str = "Liu et al. 2020, arXiv:1908.03265";

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
        let (first, second) = (vec![0.0; parameters], vec![0.0; parameters]);
        Box::new(State { settings: self.clone(), first, second, powers: (1.0, 1.0), steps: 0 })
    }
}

struct State {
    settings: RAdam,
    /// m
    first: Vec<f32>,
    /// v
    second: Vec<f32>,
    /// β₁ᵗ and β₂ᵗ
    powers: (f64, f64),
    /// t
    steps: u64,
}

impl State {
    /// r √(1 − β₂ᵗ), or nothing where ρ_t is too small.
    fn rectification(&self) -> Option<f64> {
        let most = 2.0 / (1.0 - self.settings.beta2) - 1.0;
        let power = self.powers.1;
        let length = most - 2.0 * self.steps as f64 * power / (1.0 - power);
        let squared =
            (length - 4.0) * (length - 2.0) * most / ((most - 4.0) * (most - 2.0) * length);
        (length > 5.0).then(|| (squared * (1.0 - power)).sqrt())
    }
}

impl Rule for State {
    fn step(&mut self, rate: f64, values: &mut [f32], gradient: &mut [f32]) {
        let RAdam { beta1, beta2, epsilon, weight_decay, .. } = self.settings;
        add_l2(weight_decay, values, gradient);
        self.steps += 1;
        self.powers = (self.powers.0 * beta1, self.powers.1 * beta2);
        let rate = rate / (1.0 - self.powers.0);
        let rectification = self.rectification();
        f32::on_machine(Step {
            values,
            gradient,
            first: &mut self.first,
            second: &mut self.second,
            decay: (beta1 as f32, beta2 as f32),
            gain: ((1.0 - beta1) as f32, (1.0 - beta2) as f32),
            rate: (rate * rectification.unwrap_or(1.0)) as f32,
            epsilon: rectification.map(|_| epsilon as f32),
        });
    }
}

struct Step<'a> {
    values: &'a mut [f32],
    gradient: &'a [f32],
    first: &'a mut [f32],
    second: &'a mut [f32],
    decay: (f32, f32),
    gain: (f32, f32),
    rate: f32,
    /// Absent where the step is not adaptive.
    epsilon: Option<f32>,
}

impl MachineKernel<f32> for Step<'_> {
    type Output = ();
    #[inline(always)]
    fn run<M: Machine<f32>>(self) {
        let moments = self.first.iter_mut().zip(self.second.iter_mut()).zip(self.gradient);
        for ((m, v), &g) in moments {
            *m = self.decay.0.mul_add(*m, self.gain.0 * g);
            *v = self.decay.1.mul_add(*v, self.gain.1 * g * g);
        }
        let moments = self.first.iter().zip(self.second.iter());
        match self.epsilon {
            Some(epsilon) => {
                for (value, (m, v)) in self.values.iter_mut().zip(moments) {
                    *value -= self.rate * m / (v.sqrt() + epsilon);
                }
            }
            None => {
                for (value, (m, _)) in self.values.iter_mut().zip(moments) {
                    *value -= self.rate * m;
                }
            }
        }
    }
}
