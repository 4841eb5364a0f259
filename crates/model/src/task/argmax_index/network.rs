use super::Value;
use estimators::objectives::SquaredIndex;
use kernels::tape::{Node, Recording, record};
use kernels::{Data, Initial, Input, Layer, Noise, Packed, Parameters, Perceptron, Real, rowwise};
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
    logit_scale: f64,
    value: Value,
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
        let value = Value::Head;
        (Self { classifier, head, outputs, logit_scale: 1.0, value }, initial.build())
    }

    /// The same network, whose logits are multiplied by a factor.
    pub fn with_logit_scale(self, logit_scale: f64) -> Self {
        Self { logit_scale, ..self }
    }

    /// The same network, in which categories stand for something else.
    pub fn with_value(self, value: Value) -> Self {
        Self { value, ..self }
    }

    /// What a category stands for.
    pub fn value(&self) -> Value {
        self.value
    }

    /// Multiplies weights and biases of the layer that ends in the logits by a factor.
    pub(super) fn scale_logit_layer<E: Real>(&self, parameters: &mut Parameters<E>, factor: f64) {
        let Some(layer) = self.classifier.layers().last() else { return };
        let range = layer.weight.start..layer.bias.end;
        parameters.values_mut()[range].iter_mut().for_each(|x| *x *= E::of(factor));
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

    /// Logits ([B, K]) and values ([B, K·C], or the numbers of the categories) of rows [B, I], and the tape by which gradients for either reach
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
        let values = match self.value {
            Value::Head => self.head.forward(parameters, Input::Data(Rc::clone(rows)), &mut tape),
            Value::Index => SquaredIndex::numbers(rows.rows().rows(), self.classifier.outputs()),
        };
        let mut logits =
            self.classifier.forward(parameters, Input::Data(Rc::clone(rows)), &mut tape);
        if self.logit_scale != 1.0 {
            let factor = E::of(self.logit_scale);
            let unscaled = logits.clone();
            logits = record(&mut tape, scaled(logits.numbers(), factor), move |gradient| {
                unscaled.add(scaled(&gradient, factor));
            });
        }
        (logits, values, tape)
    }
}

/// The numbers multiplied by a factor.
fn scaled<E: Real>(numbers: &Packed<E>, factor: E) -> Packed<E> {
    rowwise! {
        fn scale(numbers; factor => product) {
            for k in 0..numbers.len() {
                product[k] = numbers[k] * factor;
            }
        }
    }
    let mut product = Packed::scratch(numbers.rows(), numbers.columns());
    scale(numbers, factor, &mut product);
    product
}

#[cfg(test)]
mod tests {
    use super::*;
    use dfdx::prelude::Backward;
    use kernels::tape::{Weights, weigh};

    /// Logits, and the gradient of the mean of the first one, at a scale.
    fn logits(scale: f64) -> (Vec<f64>, Vec<f64>) {
        let noise = &mut Noise::named(&["tests", "network"]);
        let (network, parameters) = CombinedNetwork::new::<f64>(2, 3, (2, 1), noise);
        let rows = Data::from_rows(Packed::pack(&[0.5, -1.0, 2.0, 0.25], 2));
        let network = network.with_logit_scale(scale);
        let (logits, _, mut tape) = network.forward(&parameters, &rows);
        let inner = logits.clone();
        let loss = record(&mut tape, Packed::pack(&[0.0, 0.0], 1), move |gradient| {
            let first = gradient.unpack().into_iter().flat_map(|g| [g, 0.0]);
            inner.add(Packed::pack(&first.collect::<Vec<f64>>(), 2));
        });
        weigh(tape, loss, Weights::Mean).unwrap().backward();
        (logits.numbers().unpack(), parameters.gradient())
    }

    #[test]
    fn a_scale_multiplies_logits_and_their_gradient() {
        let (ours, gradient) = logits(1.0);
        let (scaled, scaled_gradient) = logits(0.25);
        assert!(gradient.iter().any(|g| *g != 0.0));
        let times = |numbers: Vec<f64>| numbers.into_iter().map(|x| 0.25 * x).collect::<Vec<f64>>();
        assert_eq!((scaled, scaled_gradient), (times(ours), times(gradient)));
    }

    #[test]
    fn the_logit_layer_alone_is_scaled() {
        let noise = &mut Noise::named(&["tests", "network"]);
        let (network, mut parameters) = CombinedNetwork::new::<f64>(2, 3, (2, 1), noise);
        let before = parameters.values().to_vec();
        network.scale_logit_layer(&mut parameters, 0.5);
        // 2·3 + 3 numbers of the hidden layer come first; then 3·2 + 2, and the head.
        for (index, (&after, before)) in parameters.values().iter().zip(before).enumerate() {
            let factor = if (9..17).contains(&index) { 0.5 } else { 1.0 };
            assert_eq!(after, factor * before, "{index}");
        }
    }
}
