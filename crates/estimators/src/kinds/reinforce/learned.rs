//! A baseline that learns to predict each row's loss.

use super::{Predicted, Predictor};
use crate::draw::Opened;
use crate::{Objective, Result};
use dfdx::prelude::{Backward, PutTape, ReshapeTo};
use kernels::tape::{Weights, squared_error, weigh};
use kernels::{
    Initial, Input, Noise, Optimizer, OptimizerState, Packed, Parameters, Perceptron, Real,
};
use std::sync::Arc;

/// A perceptron of one hidden layer, fitted to the losses by least squares.
pub(super) struct Learned<E: Real> {
    hidden: usize,
    learning_rate: f64,
    network: Option<Network<E>>,
    /// What it looked at last, and the losses that came of it.
    rows: Arc<Vec<E>>,
    losses: Vec<E>,
}

struct Network<E: Real> {
    perceptron: Perceptron,
    parameters: Parameters<E>,
    optimizer: OptimizerState<E>,
    gradient: Vec<E>,
}

impl<E: Real> Learned<E> {
    pub(super) fn new(hidden: usize, learning_rate: f64) -> Self {
        Self { hidden, learning_rate, network: None, rows: Arc::default(), losses: vec![] }
    }
}

impl<E: Real> Network<E> {
    fn new(inputs: usize, hidden: usize, learning_rate: f64, noise: &mut Noise) -> Self {
        let mut initial = Initial::new();
        let perceptron = Perceptron::new(&mut initial, &[inputs, hidden, 1], noise);
        let parameters = initial.build();
        let optimizer =
            OptimizerState::new(Optimizer::adam(learning_rate), parameters.values().len());
        Self { perceptron, parameters, optimizer, gradient: vec![] }
    }

    /// One step on Σ_b (b_ψ(x_b) − f_b)² / B.
    fn fit(&mut self, rows: Arc<Vec<E>>, losses: &[E]) -> Result<()> {
        let mut tape = self.parameters.tape(std::mem::take(&mut self.gradient))?;
        let predicted = self.perceptron.forward(&self.parameters, Input::Data(rows), &mut tape)?;
        let predicted = predicted.try_reshape_like(&(1, losses.len()))?;
        let errors = squared_error(predicted.put_tape(tape), losses)?;
        let mut gradients = weigh(errors, Weights::Mean)?.try_backward()?;
        self.gradient = self.parameters.gradient(&mut gradients)?;
        self.optimizer.step(self.parameters.values_mut(), &mut self.gradient);
        Ok(())
    }
}

impl<E: Real> Predictor<E> for Learned<E> {
    fn predict(
        &mut self,
        opened: &Opened<E>,
        objective: &dyn Objective<E>,
        noise: &Noise,
    ) -> Result<Predicted<E>> {
        let dims = opened.dims;
        let (rows, width) = match objective.context() {
            Some(context) => (context.rows.to_vec(), context.width),
            None => (opened.visible(), dims.latents * dims.categories),
        };
        self.rows = Arc::new(rows);
        let network = self.network.get_or_insert_with(|| {
            // From a stream far from those of the steps, so that the pick is not disturbed.
            Network::new(width, self.hidden, self.learning_rate, &mut noise.at(u64::MAX))
        });
        let predicted = network.perceptron.evaluate(&network.parameters, Arc::clone(&self.rows));
        Ok(Predicted::Rows(Packed::from_columns(&predicted, dims.batch)))
    }

    fn looks_at_logits(&self) -> bool {
        true
    }

    fn observe(&mut self, losses: &[E]) {
        self.losses = losses.to_vec();
    }

    fn advance(&mut self) -> Result<()> {
        match &mut self.network {
            Some(network) => network.fit(std::mem::take(&mut self.rows), &self.losses),
            None => Ok(()),
        }
    }
}
