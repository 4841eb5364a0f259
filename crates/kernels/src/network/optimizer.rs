//! Optimisers: one pass over all parameters a step.

use crate::Real;
use crate::simd::{Machine, MachineKernel};

/// A rule that turns a gradient into a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Optimizer {
    /// Adam (Kingma & Ba 2015, arXiv:1412.6980, Algorithm 1), with bias correction.
    Adam {
        /// Step size.
        learning_rate: f64,
        /// Decay of the mean of gradients.
        beta1: f64,
        /// Decay of the mean of squared gradients.
        beta2: f64,
        /// Added to the root.
        epsilon: f64,
    },
    /// Stochastic gradient descent, with heavy-ball momentum.
    Sgd {
        /// Step size.
        learning_rate: f64,
        /// Share of the last step that is taken again; 0 for none.
        momentum: f64,
    },
}

impl Optimizer {
    /// Adam with the paper's constants.
    pub fn adam(learning_rate: f64) -> Self {
        Self::Adam { learning_rate, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }
    }
}

/// What an optimiser remembers of `n` parameters.
#[derive(Clone, Debug)]
pub struct OptimizerState<E> {
    optimizer: Optimizer,
    first: Vec<E>,
    second: Vec<E>,
    /// β₁ᵗ and β₂ᵗ.
    powers: (f64, f64),
}

impl<E: Real> OptimizerState<E> {
    /// Before the first step.
    pub fn new(optimizer: Optimizer, parameters: usize) -> Self {
        let second = match optimizer {
            Optimizer::Adam { .. } => parameters,
            Optimizer::Sgd { .. } => 0,
        };
        Self {
            optimizer,
            first: vec![E::ZERO; parameters],
            second: vec![E::ZERO; second],
            powers: (1.0, 1.0),
        }
    }

    /// Takes a step against the gradient.
    ///
    /// # Panics
    /// If there are not as many parameters as the state was made for, or gradients as parameters.
    pub fn step(&mut self, parameters: &mut [E], gradient: &[E]) {
        assert_eq!(parameters.len(), self.first.len(), "parameters of the optimiser");
        assert_eq!(parameters.len(), gradient.len(), "one gradient a parameter");
        match self.optimizer {
            Optimizer::Adam { learning_rate, beta1, beta2, epsilon } => {
                self.powers = (self.powers.0 * beta1, self.powers.1 * beta2);
                E::on_machine(AdamStep {
                    parameters,
                    gradient,
                    first: &mut self.first,
                    second: &mut self.second,
                    decay: (E::of(beta1), E::of(beta2)),
                    gain: (E::of(1.0 - beta1), E::of(1.0 - beta2)),
                    rate: E::of(learning_rate / (1.0 - self.powers.0)),
                    correction: E::of(1.0 / (1.0 - self.powers.1)),
                    epsilon: E::of(epsilon),
                });
            }
            Optimizer::Sgd { learning_rate, momentum } => E::on_machine(SgdStep {
                parameters,
                gradient,
                velocity: &mut self.first,
                momentum: E::of(momentum),
                rate: E::of(learning_rate),
            }),
        }
    }
}

struct AdamStep<'a, E> {
    parameters: &'a mut [E],
    gradient: &'a [E],
    first: &'a mut [E],
    second: &'a mut [E],
    decay: (E, E),
    gain: (E, E),
    rate: E,
    correction: E,
    epsilon: E,
}

impl<E: Real> MachineKernel<E> for AdamStep<'_, E> {
    type Output = ();
    #[inline(always)]
    fn run<M: Machine<E>>(self) {
        let moments = self.first.iter_mut().zip(self.second);
        for ((p, &g), (m, v)) in self.parameters.iter_mut().zip(self.gradient).zip(moments) {
            *m = self.decay.0.mul_add(*m, self.gain.0 * g);
            *v = self.decay.1.mul_add(*v, self.gain.1 * g * g);
            *p -= self.rate * *m / ((*v * self.correction).sqrt() + self.epsilon);
        }
    }
}

struct SgdStep<'a, E> {
    parameters: &'a mut [E],
    gradient: &'a [E],
    velocity: &'a mut [E],
    momentum: E,
    rate: E,
}

impl<E: Real> MachineKernel<E> for SgdStep<'_, E> {
    type Output = ();
    #[inline(always)]
    fn run<M: Machine<E>>(self) {
        let state = self.gradient.iter().zip(self.velocity);
        for (p, (&g, velocity)) in self.parameters.iter_mut().zip(state) {
            *velocity = self.momentum.mul_add(*velocity, g);
            *p -= self.rate * *velocity;
        }
    }
}
