use super::{contiguous, values, with_gradient_of};
use crate::Real;
use crate::dense::{Activation, Dense, DenseGradients, InputSum, through_relu};
use dfdx::prelude::{
    Cpu, CpuError, HasShape, PutTape, ReshapeTo, SplitTape, Tape, Tensor, TensorFromVec,
};

/// Whether a gradient is wanted for a layer's input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputGradient {
    /// The input was computed from something that learns.
    Wanted,
    /// The input is data: a third of the backward work is not done.
    Unwanted,
}

/// A linear layer, y = activation(x·W + b).
///
/// * `x` — [B, I]
/// * `weight` — [I, O]
/// * `bias` — \[O\]
/// * result — [B, O]
///
/// # Errors
/// If the device is out of memory.
///
/// # Panics
/// If the shapes do not fit together, or there are no inputs or no outputs.
pub fn linear<E: Real, T: Tape<E, Cpu>>(
    x: Tensor<(usize, usize), E, Cpu, T>,
    weight: &Tensor<(usize, usize), E, Cpu>,
    bias: &Tensor<(usize,), E, Cpu>,
    activation: Activation,
    input_gradient: InputGradient,
) -> Result<Tensor<(usize, usize), E, Cpu, T>, CpuError> {
    let &(batch, inputs) = x.shape();
    let &(rows, outputs) = weight.shape();
    assert_eq!(inputs, rows, "a weight of [{inputs}, outputs]");
    assert_eq!(bias.shape().0, outputs, "one bias an output");
    assert!(inputs > 0 && outputs > 0, "a layer has inputs and outputs");
    let dense = Dense { inputs, outputs };
    let (x, tape) = x.try_contiguous()?.split_tape();
    let (weight, tape) = contiguous(weight.clone(), tape)?;
    let (bias, mut tape) = contiguous(bias.clone(), tape)?;
    let (x_values, w_values) = (values(&x), values(&weight));
    let y = dense.forward(&x_values, &w_values, &values(&bias), activation);
    let kept = if activation == Activation::Relu { y.to_vec() } else { vec![] };
    let output = x.device().try_tensor_from_vec(y.into_vec(), (batch, outputs))?;
    let result = output.clone();
    tape.add_backward_op(move |gradients| {
        with_gradient_of(&output, gradients, |gradient, gradients| {
            let mut gradient = gradient.to_vec();
            if activation == Activation::Relu {
                through_relu(&mut gradient, &kept);
            }
            let mut weight_sum = std::mem::take(&mut **gradients.get_or_alloc_mut(&weight)?);
            let mut bias_sum = std::mem::take(&mut **gradients.get_or_alloc_mut(&bias)?);
            let input = match input_gradient {
                InputGradient::Wanted => Some(&mut **gradients.get_or_alloc_mut(&x)?),
                InputGradient::Unwanted => None,
            };
            let sums = DenseGradients {
                weight: &mut weight_sum,
                bias: &mut bias_sum,
                input: input.map(|sum| InputSum::Add(sum)),
            };
            dense.backward(&x_values, &w_values, &gradient, sums);
            **gradients.get_or_alloc_mut(&weight)? = weight_sum;
            **gradients.get_or_alloc_mut(&bias)? = bias_sum;
            Ok(())
        })
    });
    Ok(result.put_tape(tape))
}
