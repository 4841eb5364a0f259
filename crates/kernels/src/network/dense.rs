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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// y
    Identity,
    /// max(0, y)
    Relu,
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
        let finish = match activation {
            Activation::Identity => Finish::Keep,
            Activation::Relu => Finish::Relu,
        };
        product(x, weight.transposed(), Start::Bias(bias), finish)
    }

    /// The gradient with respect to the input, g·W, [B, inputs], from the gradient g with respect
    /// to the sums ([B, outputs]). It is 0 where `gate` is 0: an input that is the output of a ReLU
    /// is its own gate.
    ///
    /// # Panics
    /// If the shapes do not match.
    pub fn input_gradient<E: Real>(
        self,
        g: &Packed<E>,
        weight: &[E],
        gate: Option<&Packed<E>>,
    ) -> Packed<E> {
        let weight = Matrix::new(weight, self.outputs, self.inputs);
        product(g, weight, Start::Zero, gate.map_or(Finish::Keep, Finish::Gate))
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
