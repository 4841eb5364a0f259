use kernels::tape::{Node, Recording};
use kernels::{Data, Initial, Input, Layer, Noise, Parameters, Perceptron, Real};
use std::rc::Rc;

/// The network of the seed question: a classifier picks a category, and the output is a linear
/// head's value for it.
///
/// The classifier is linear → ReLU → linear, I to K logits; the head is linear, I to K values, or to C
/// class logits for each of the K categories.
#[derive(Clone, Debug)]
pub struct CombinedNetwork {
    classifier: Perceptron,
    head: Perceptron,
    /// Numbers of the head for each category.
    outputs: usize,
}

impl CombinedNetwork {
    /// A network and its first parameters: weights and biases uniform between ±1/√inputs of their
    /// layer. The head has `outputs` numbers for each category.
    pub fn new<E: Real>(
        inputs: usize,
        hidden: usize,
        (categories, outputs): (usize, usize),
        noise: &mut Noise,
    ) -> (Self, Parameters<E>) {
        let mut initial = Initial::new();
        let classifier = Perceptron::new(&mut initial, &[inputs, hidden, categories], noise);
        let head = Perceptron::new(&mut initial, &[inputs, categories * outputs], noise);
        (Self { classifier, head, outputs }, initial.build())
    }

    /// I, the classifier's hidden width and K.
    pub fn widths(&self) -> (usize, usize, usize) {
        let first = &self.classifier.layers()[0].dense;
        (first.inputs, first.outputs, self.classifier.outputs())
    }

    /// The classifier's two layers, and the head.
    pub(super) fn layers(&self) -> [&Layer; 3] {
        let [classifier, head] = [&self.classifier, &self.head].map(Perceptron::layers);
        [&classifier[0], &classifier[1], &head[0]]
    }

    /// Numbers of the head for each category: 1, or C classes.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// Logits ([B, K]) and values ([B, K·C]) of rows [B, I], and the tape by which gradients for either reach
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
