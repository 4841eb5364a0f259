//! Adam, in one pass over all parameters.

use crate::Real;
use crate::simd::{Machine, MachineKernel};

/// Adam (Kingma & Ba 2015, arXiv:1412.6980, Algorithm 1) with bias correction.
///
/// m ← β₁ m + (1 − β₁) g, v ← β₂ v + (1 − β₂) g²,
/// θ ← θ − η (m / (1 − β₁ᵗ)) / (√(v / (1 − β₂ᵗ)) + ε).
#[derive(Clone, Debug)]
pub struct Adam<E> {
    constants: AdamConstants,
    /// m
    first: Vec<E>,
    /// v
    second: Vec<E>,
    /// β₁ᵗ and β₂ᵗ
    powers: (f64, f64),
}

/// The constants of Adam.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamConstants {
    /// β₁, the decay of the mean of gradients.
    pub beta1: f64,
    /// β₂, the decay of the mean of squared gradients.
    pub beta2: f64,
    /// ε, added to the square root.
    pub epsilon: f64,
}

impl Default for AdamConstants {
    /// The defaults of the paper.
    fn default() -> Self {
        Self { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }
    }
}

impl<E: Real> Adam<E> {
    /// The state before the first step, for this many parameters.
    pub fn new(parameters: usize, constants: AdamConstants) -> Self {
        let (first, second) = (vec![E::ZERO; parameters], vec![E::ZERO; parameters]);
        Self { constants, first, second, powers: (1.0, 1.0) }
    }

    /// Takes a step of size η = `rate` against the gradient.
    ///
    /// # Panics
    /// If the number of parameters differs from that of the state or of the gradient.
    pub fn step(&mut self, rate: f64, parameters: &mut [E], gradient: &[E]) {
        assert_eq!(parameters.len(), self.first.len(), "parameters of the optimizer");
        assert_eq!(parameters.len(), gradient.len(), "one gradient per parameter");
        let AdamConstants { beta1, beta2, epsilon } = self.constants;
        self.powers = (self.powers.0 * beta1, self.powers.1 * beta2);
        E::on_machine(Step {
            parameters,
            gradient,
            first: &mut self.first,
            second: &mut self.second,
            decay: (E::of(beta1), E::of(beta2)),
            gain: (E::of(1.0 - beta1), E::of(1.0 - beta2)),
            rate: E::of(rate / (1.0 - self.powers.0)),
            correction: E::of(1.0 / (1.0 - self.powers.1)),
            epsilon: E::of(epsilon),
        });
    }
}

struct Step<'a, E> {
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

impl<E: Real> MachineKernel<E> for Step<'_, E> {
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
