//! A multilayer perceptron as one operation on the tape.

use crate::dense::{DenseGradients, InputSum};
use crate::tape::{Recording, contiguous, device, read, with_gradient_of};
use crate::{Activation, Buffer, Initial, Layer, Noise, Parameters, Real};
use dfdx::prelude::{Cpu, CpuError, Gradients, Tape, Tensor, TensorFromVec};
use std::sync::Arc;

/// Linear layers with ReLU between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Perceptron {
    layers: Arc<[Layer]>,
}

/// What a perceptron reads.
#[derive(Debug)]
pub enum Input<E: Real> {
    /// Rows of data, [B, inputs]: no gradient is wanted for them.
    Data(Arc<Vec<E>>),
    /// Numbers that were computed from something that learns, [B, inputs].
    Learned(Tensor<(usize, usize), E, Cpu>),
}

impl Perceptron {
    /// Layers from each width to the next, added to `initial`.
    ///
    /// # Panics
    /// If there are fewer than two widths, or one is 0.
    pub fn new<E: Real>(initial: &mut Initial<E>, widths: &[usize], noise: &mut Noise) -> Self {
        assert!(widths.len() >= 2, "a perceptron has inputs and outputs");
        let mut layer = |pair: &[usize]| initial.linear(pair[0], pair[1], noise);
        Self { layers: widths.windows(2).map(&mut layer).collect() }
    }

    /// The layers, first to last.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// Numbers out.
    pub fn outputs(&self) -> usize {
        self.layers[self.layers.len() - 1].dense.outputs
    }

    /// The outputs, [B, outputs]; their gradient for parameters and a learned input is recorded.
    ///
    /// # Errors
    /// If the device is out of memory.
    ///
    /// # Panics
    /// If the input is not made of whole rows.
    pub fn forward<E: Real>(
        &self,
        parameters: &Parameters<E>,
        input: Input<E>,
        tape: &mut Recording<E>,
    ) -> Result<Tensor<(usize, usize), E, Cpu>, CpuError> {
        let (x, learned) = match input {
            Input::Data(x) => (Rows::Data(x), None),
            Input::Learned(x) => {
                let (x, longer) = contiguous(x, std::mem::take(tape))?;
                *tape = longer;
                (Rows::Computed(read(&x)), Some(x))
            }
        };
        let parameters = parameters.on_tape();
        let mut inputs = vec![x];
        let y = self.activations(parameters.values(), &mut inputs);
        let shape = (y.len() / self.outputs(), self.outputs());
        let output = device().try_tensor_from_vec(y.into_vec(), shape)?;
        let (layers, result) = (Arc::clone(&self.layers), output.clone());
        tape.add_backward_op(move |gradients| {
            with_gradient_of(&output, gradients, |gradient, gradients| {
                let wanted = learned.is_some();
                let input = parameters.lend(gradients, |sums| {
                    backward(&layers, parameters.values(), &inputs, gradient, sums, wanted)
                })?;
                add_input_gradient(learned, input, gradients)
            })
        });
        Ok(result)
    }

    /// The outputs alone, [B, outputs].
    ///
    /// # Panics
    /// If the input is not made of whole rows.
    pub fn evaluate<E: Real>(&self, parameters: &Parameters<E>, x: Arc<Vec<E>>) -> Vec<E> {
        self.activations(parameters.values(), &mut vec![Rows::Data(x)]).into_vec()
    }

    /// The last layer's output; the input of each later layer is added to `inputs`, which holds
    /// that of the first.
    fn activations<E: Real>(&self, parameters: &[E], inputs: &mut Vec<Rows<E>>) -> Buffer<E> {
        let width = self.layers[0].dense.inputs;
        assert_eq!(inputs[0].len() % width, 0, "rows of {width} numbers");
        let forward = |layer: &Layer, x: &[E], activation| {
            let (weight, bias) =
                (&parameters[layer.weight.clone()], &parameters[layer.bias.clone()]);
            layer.dense.forward(x, weight, bias, activation)
        };
        let (last, hidden) =
            self.layers.split_last().unwrap_or_else(|| unreachable!("it has layers"));
        for (depth, layer) in hidden.iter().enumerate() {
            let y = forward(layer, &inputs[depth], Activation::Relu);
            inputs.push(Rows::Computed(y));
        }
        forward(last, &inputs[hidden.len()], Activation::Identity)
    }
}

/// A layer's input, [B, inputs].
enum Rows<E: Real> {
    Data(Arc<Vec<E>>),
    Computed(Buffer<E>),
}

impl<E: Real> std::ops::Deref for Rows<E> {
    type Target = [E];
    fn deref(&self) -> &[E] {
        match self {
            Self::Data(rows) => rows,
            Self::Computed(rows) => rows,
        }
    }
}

/// Adds the parameters' gradients to `sums` and returns the input's, if it is wanted.
fn backward<E: Real>(
    layers: &[Layer],
    parameters: &[E],
    inputs: &[Rows<E>],
    gradient: &[E],
    sums: &mut [E],
    input_wanted: bool,
) -> Option<Buffer<E>> {
    let mut of_outputs: Option<Buffer<E>> = None;
    for (depth, (layer, x)) in layers.iter().zip(inputs).enumerate().rev() {
        let mut of_inputs = (depth > 0 || input_wanted).then(|| Buffer::any(x.len()));
        // A layer's bias lies right behind its weight.
        let (weight, bias) =
            sums[layer.weight.start..layer.bias.end].split_at_mut(layer.weight.len());
        let rectified = if depth > 0 { InputSum::WriteRectified } else { InputSum::Write };
        let input = of_inputs.as_deref_mut().map(rectified);
        let place = DenseGradients { weight, bias, input };
        let g = of_outputs.as_deref().unwrap_or(gradient);
        layer.dense.backward(x, &parameters[layer.weight.clone()], g, place);
        of_outputs = of_inputs;
    }
    of_outputs
}

fn add_input_gradient<E: Real>(
    learned: Option<Tensor<(usize, usize), E, Cpu>>,
    input: Option<Buffer<E>>,
    gradients: &mut Gradients<E, Cpu>,
) -> Result<(), CpuError> {
    if let (Some(x), Some(input)) = (learned, input) {
        let sums = gradients.get_or_alloc_mut(&x)?;
        sums.iter_mut().zip(input.iter()).for_each(|(sum, &g)| *sum += g);
    }
    Ok(())
}
