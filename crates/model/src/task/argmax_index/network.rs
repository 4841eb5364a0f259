use kernels::tape::{Node, Recording};
use kernels::{Data, Initial, Input, Noise, Parameters, Perceptron, Real};
use std::rc::Rc;

/// The network of the seed question: a classifier picks a category, and the output is a linear
/// head's value for it.
///
/// The classifier is linear → ReLU → linear, I to K logits; the head is linear, I to K values.
#[derive(Clone, Debug)]
pub struct CombinedNetwork {
    classifier: Perceptron,
    head: Perceptron,
}

impl CombinedNetwork {
    /// A network and its first parameters: weights and biases uniform between ±1/√inputs of their layer.
    pub fn new<E: Real>(
        inputs: usize,
        hidden: usize,
        categories: usize,
        noise: &mut Noise,
    ) -> (Self, Parameters<E>) {
        let mut initial = Initial::new();
        let classifier = Perceptron::new(&mut initial, &[inputs, hidden, categories], noise);
        let head = Perceptron::new(&mut initial, &[inputs, categories], noise);
        (Self { classifier, head }, initial.build())
    }

    /// I, the classifier's hidden width and K.
    pub fn widths(&self) -> (usize, usize, usize) {
        let first = &self.classifier.layers()[0].dense;
        (first.inputs, first.outputs, self.classifier.outputs())
    }

    /// Logits and values of rows [B, I], [B, K] each, and the tape by which gradients for either reach
    /// the parameters.
    ///
    /// # Panics
    /// If the rows have another width than the network's inputs.
    pub fn forward<E: Real>(
        &self,
        parameters: &Parameters<E>,
        rows: &Rc<Data<E>>,
    ) -> (Node<E>, Node<E>, Recording<E>) {
        let mut tape = Recording::default();
        let values = self.head.forward(parameters, Input::Data(Rc::clone(rows)), &mut tape);
        let logits = self.classifier.forward(parameters, Input::Data(Rc::clone(rows)), &mut tape);
        (logits, values, tape)
    }
}
