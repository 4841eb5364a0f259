//! A multilayer perceptron as one operation on the tape.

use crate::tape::{Node, Recording};
use crate::{Activation, Initial, Layer, Noise, Packed, Parameters, Real};
use dfdx::prelude::Tape;
use std::cell::OnceCell;
use std::rc::Rc;

/// Linear layers with an activation between them.
#[derive(Clone, Debug, PartialEq)]
pub struct Perceptron {
    layers: Rc<[Layer]>,
    activation: Activation,
}

/// The input of a perceptron.
#[derive(Clone, Debug)]
pub enum Input<E: Real> {
    /// Rows of data, which need no gradient.
    Data(Rc<Data<E>>),
    /// Numbers that depend on trainable parameters, [B, inputs].
    Learned(Node<E>),
}

/// Rows of data and their transpose, which a layer reads in the forward and in the backward pass.
#[derive(Debug)]
pub struct Data<E: Real> {
    rows: Packed<E>,
    transposed: OnceCell<Packed<E>>,
}

impl<E: Real> Data<E> {
    /// Data from its rows, [B, inputs].
    pub fn from_rows(rows: Packed<E>) -> Rc<Self> {
        Rc::new(Self { rows, transposed: OnceCell::new() })
    }

    /// Data from its transpose, [inputs, B].
    ///
    /// # Panics
    /// If there are no rows.
    pub fn from_transposed(transposed: Packed<E>) -> Rc<Self> {
        Rc::new(Self { rows: transposed.transposed(), transposed: transposed.into() })
    }

    /// The rows, [B, inputs].
    pub fn rows(&self) -> &Packed<E> {
        &self.rows
    }

    fn transposed(&self) -> &Packed<E> {
        self.transposed.get_or_init(|| self.rows.transposed())
    }
}

impl<E: Real> Input<E> {
    fn rows(&self) -> &Packed<E> {
        match self {
            Self::Data(data) => data.rows(),
            Self::Learned(node) => node.numbers(),
        }
    }
}

impl Perceptron {
    /// Adds layers from each width to the next to `initial`, with ReLU between them.
    ///
    /// # Panics
    /// If there are fewer than two widths, or one is 0.
    pub fn new<E: Real>(initial: &mut Initial<E>, widths: &[usize], noise: &mut Noise) -> Self {
        assert!(widths.len() >= 2, "a perceptron has inputs and outputs");
        let mut layer = |pair: &[usize]| initial.linear(pair[0], pair[1], noise);
        Self { layers: widths.windows(2).map(&mut layer).collect(), activation: Activation::Relu }
    }

    /// The same layers with another activation between them.
    pub fn with_activation(self, activation: Activation) -> Self {
        Self { activation, ..self }
    }

    /// The layers, first to last.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// Output features.
    pub fn outputs(&self) -> usize {
        self.layers[self.layers.len() - 1].dense.outputs
    }

    /// The outputs, [B, outputs]. The backward pass adds to the gradients of the parameters and of
    /// a learned input.
    ///
    /// # Panics
    /// If the input has another width than the first layer.
    pub fn forward<E: Real>(
        &self,
        parameters: &Parameters<E>,
        input: Input<E>,
        tape: &mut Recording<E>,
    ) -> Node<E> {
        let (hidden, output) = self.activations(parameters, input.rows());
        let output = Node::new(output);
        let (network, parameters) = (self.clone(), parameters.shared());
        let result = output.clone();
        tape.add_backward_op(move |_| {
            if let Some(gradient) = output.take() {
                network.backward(&parameters, &input, &hidden, gradient);
            }
            Ok(())
        });
        result
    }

    /// The outputs without a tape, [B, outputs].
    ///
    /// # Panics
    /// If the input has another width than the first layer.
    pub fn evaluate<E: Real>(&self, parameters: &Parameters<E>, rows: &Packed<E>) -> Packed<E> {
        self.activations(parameters, rows).1
    }

    /// The outputs of the hidden layers, and those of the last.
    fn activations<E: Real>(
        &self,
        parameters: &Parameters<E>,
        rows: &Packed<E>,
    ) -> (Vec<Packed<E>>, Packed<E>) {
        let values = parameters.values();
        let forward = |layer: &Layer, x: &Packed<E>, activation| {
            let (weight, bias) = (&values[layer.weight.clone()], &values[layer.bias.clone()]);
            layer.dense.forward(x, weight, bias, activation)
        };
        let (last, before) =
            self.layers.split_last().unwrap_or_else(|| unreachable!("it has layers"));
        let mut hidden: Vec<Packed<E>> = Vec::with_capacity(before.len());
        for layer in before {
            let y = forward(layer, hidden.last().unwrap_or(rows), self.activation);
            hidden.push(y);
        }
        let output = forward(last, hidden.last().unwrap_or(rows), Activation::Identity);
        (hidden, output)
    }

    /// Adds to the gradients of the parameters and of a learned input, given the gradient of the
    /// outputs.
    fn backward<E: Real>(
        &self,
        parameters: &Parameters<E>,
        input: &Input<E>,
        hidden: &[Packed<E>],
        mut gradient: Packed<E>,
    ) {
        if gradient.rows() == 0 {
            // An empty batch has no gradient.
            return;
        }
        let values = parameters.values();
        for (depth, layer) in self.layers.iter().enumerate().rev() {
            let learn = |x_transposed: &Packed<E>, gradient: &Packed<E>| {
                parameters.add_to_layer(layer, |weight, bias| {
                    layer.dense.weight_gradient(x_transposed, gradient, weight);
                    layer.dense.bias_gradient(gradient, bias);
                });
            };
            let weight = &values[layer.weight.clone()];
            if let Some(x) = depth.checked_sub(1).map(|before| &hidden[before]) {
                learn(&x.transposed(), &gradient);
                gradient =
                    layer.dense.input_gradient(&gradient, weight, Some((x, self.activation)));
                continue;
            }
            match input {
                Input::Data(data) => learn(data.transposed(), &gradient),
                Input::Learned(node) => {
                    learn(&node.numbers().transposed(), &gradient);
                    if node.wants_gradient() {
                        node.add(layer.dense.input_gradient(&gradient, weight, None));
                    }
                }
            }
        }
    }
}
