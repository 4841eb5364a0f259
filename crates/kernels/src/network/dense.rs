//! A linear layer on packed rows, forward and backward.

use crate::product::{Finish, Matrix, Start, Sums, inner_product, product, sum_rows};
use crate::{Packed, Real};

/// The shape of a linear layer: y = x·Wᵀ + b, with x [B, inputs] and W [outputs, inputs].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dense {
    /// Input features.
    pub inputs: usize,
    /// Output features.
    pub outputs: usize,
}

/// What a layer applies to its sums.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Activation {
    /// y
    Identity,
    /// max(0, y)
    Relu,
    /// y, or y times this slope (above 0) where y is negative.
    LeakyRelu(f64),
}

impl Activation {
    /// What a product applies at the end of a forward pass.
    fn finish<E: Real>(self) -> Finish<'static, E> {
        match self {
            Self::Identity => Finish::Keep,
            Self::Relu => Finish::Relu,
            Self::LeakyRelu(slope) => Finish::LeakyRelu(E::of(slope)),
        }
    }

    /// What a product applies at the end of a backward pass, given the outputs of this activation.
    pub(super) fn gate<E: Real>(self, outputs: &Packed<E>) -> Finish<'_, E> {
        match self {
            Self::Identity => Finish::Keep,
            Self::Relu => Finish::Gate(outputs),
            Self::LeakyRelu(slope) => Finish::LeakyGate(outputs, E::of(slope)),
        }
    }
}

impl Dense {
    /// The number of weights, outputs × inputs.
    pub fn weights(self) -> usize {
        self.inputs * self.outputs
    }

    /// `activation(x·Wᵀ + b)`, [B, outputs].
    ///
    /// # Panics
    /// If the shapes do not match.
    pub fn forward<E: Real>(
        self,
        x: &Packed<E>,
        weight: &[E],
        bias: &[E],
        activation: Activation,
    ) -> Packed<E> {
        let weight = Matrix::new(weight, self.outputs, self.inputs);
        product(x, weight.transposed(), Start::Bias(bias), activation.finish())
    }

    /// The gradient with respect to the input, g·W, [B, inputs], from the gradient g with respect
    /// to the sums ([B, outputs]). An input that is the output of an activation, given with it, gets the
    /// gradient for what that activation was applied to.
    ///
    /// # Panics
    /// If the shapes do not match.
    pub fn input_gradient<E: Real>(
        self,
        g: &Packed<E>,
        weight: &[E],
        input: Option<(&Packed<E>, Activation)>,
    ) -> Packed<E> {
        let weight = Matrix::new(weight, self.outputs, self.inputs);
        let finish = input.map_or(Finish::Keep, |(outputs, activation)| activation.gate(outputs));
        product(g, weight, Start::Zero, finish)
    }

    /// The gradient with respect to the weight, gᵀ·x, from the input's transpose ([inputs, B]).
    ///
    /// # Panics
    /// If the shapes do not match.
    pub fn weight_gradient<E: Real>(
        self,
        x_transposed: &Packed<E>,
        g: &Packed<E>,
        sums: Sums<'_, E>,
    ) {
        inner_product(x_transposed, g, sums);
    }

    /// The gradient with respect to the bias, Σ_b g_b.
    ///
    /// # Panics
    /// If the shapes do not match.
    pub fn bias_gradient<E: Real>(self, g: &Packed<E>, sums: Sums<'_, E>) {
        sum_rows(g, sums);
    }
}
