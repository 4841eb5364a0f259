use crate::Result;
use dfdx::prelude::{Cpu, ReshapeTo, Tensor};
use kernels::tape::Recording;
use kernels::{Initial, Input, Noise, Parameters, Perceptron, Real};
use std::sync::Arc;

/// The network of the seed question: a classifier picks a category, and the output is a linear
/// head's value for it.
///
/// The classifier is linear → ReLU → linear, I to K logits; the head is linear, I to K values.
#[derive(Clone, Debug)]
pub struct CombinedNetwork {
    classifier: Perceptron,
    head: Perceptron,
}

/// Logits [B, 1, K].
pub type Classified<E> = Tensor<(usize, usize, usize), E, Cpu>;

/// Values [B, K].
pub type Valued<E> = Tensor<(usize, usize), E, Cpu>;

impl CombinedNetwork {
    /// A network and its first parameters.
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

    /// Logits [B, 1, K] and values [B, K] of rows [B, I]. What flows back to either reaches the
    /// parameters by `tape`.
    ///
    /// # Errors
    /// If the device is out of memory.
    pub fn forward<E: Real>(
        &self,
        parameters: &Parameters<E>,
        rows: Arc<Vec<E>>,
        tape: &mut Recording<E>,
    ) -> Result<(Classified<E>, Valued<E>)> {
        let values = self.head.forward(parameters, Input::Data(Arc::clone(&rows)), tape)?;
        let logits = self.classifier.forward(parameters, Input::Data(rows), tape)?;
        let categories = self.classifier.outputs();
        let batch = kernels::tape::elements(&logits) / categories;
        Ok((logits.try_reshape_like(&(batch, 1, categories))?, values))
    }

    /// Logits and values of rows [B, I] as plain numbers, [B, K] each.
    pub fn evaluate<E: Real>(
        &self,
        parameters: &Parameters<E>,
        rows: &Arc<Vec<E>>,
    ) -> (Vec<E>, Vec<E>) {
        let logits = self.classifier.evaluate(parameters, Arc::clone(rows));
        (logits, self.head.evaluate(parameters, Arc::clone(rows)))
    }
}
