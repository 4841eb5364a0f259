//! A linear layer on packed rows, forward and backward.

use crate::product::{Finish, Matrix, Start, Sums, inner_product, product, sum_rows};
use crate::{Packed, Real};

/// The shape of a linear layer: y = x·Wᵀ + b, x of [B, inputs], W of [outputs, inputs].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dense {
    /// Numbers in.
    pub inputs: usize,
    /// Numbers out.
    pub outputs: usize,
}

/// What a layer does with its sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// y
    Identity,
    /// max(0, y)
    Relu,
}

impl Dense {
    /// Numbers in the weight, outputs × inputs.
    pub fn weights(self) -> usize {
        self.inputs * self.outputs
    }

    /// `activation(x·Wᵀ + b)`, [B, outputs].
    ///
    /// # Panics
    /// If the shapes do not fit together.
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

    /// What a gradient g for the sums ([B, outputs]) means for the input: g·W, [B, inputs]. It is 0
    /// where `gate` is: an input that came out of a rectifier is its own gate.
    ///
    /// # Panics
    /// If the shapes do not fit together.
    pub fn input_gradient<E: Real>(
        self,
        g: &Packed<E>,
        weight: &[E],
        gate: Option<&Packed<E>>,
    ) -> Packed<E> {
        let weight = Matrix::new(weight, self.outputs, self.inputs);
        product(g, weight, Start::Zero, gate.map_or(Finish::Keep, Finish::Gate))
    }

    /// What it means for the weight, gᵀ·x of the input's transpose ([inputs, B]).
    ///
    /// # Panics
    /// If the shapes do not fit together.
    pub fn weight_gradient<E: Real>(
        self,
        x_transposed: &Packed<E>,
        g: &Packed<E>,
        sums: Sums<'_, E>,
    ) {
        inner_product(x_transposed, g, sums);
    }

    /// What it means for the bias, Σ_b g_b.
    ///
    /// # Panics
    /// If the shapes do not fit together.
    pub fn bias_gradient<E: Real>(self, g: &Packed<E>, sums: Sums<'_, E>) {
        sum_rows(g, sums);
    }
}
