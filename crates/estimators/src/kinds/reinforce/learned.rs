//! A baseline that learns to predict each row's loss.

use super::{BaselineRule, BaselineValues};
use crate::mechanisms::categorical::Categorical;
use crate::{Objective, Result};
use dfdx::prelude::Backward;
use kernels::tape::{Node, Recording, Weights, record, weigh};
use kernels::{
    Adam, AdamConstants, Data, Initial, Input, Noise, Packed, Parameters, Perceptron, Real, rowwise,
};
use std::rc::Rc;

/// A perceptron of one hidden layer, fitted to the losses by least squares.
pub(super) struct Learned<E: Real> {
    hidden: usize,
    learning_rate: f64,
    network: Option<Network<E>>,
    /// The last inputs, [B, _].
    rows: Option<Rc<Data<E>>>,
    /// The losses of the same rows, [B, 1].
    losses: Option<Node<E>>,
}

struct Network<E: Real> {
    perceptron: Perceptron,
    parameters: Parameters<E>,
    adam: Adam<E>,
    learning_rate: f64,
}

impl<E: Real> Learned<E> {
    pub(super) fn new(hidden: usize, learning_rate: f64) -> Self {
        Self { hidden, learning_rate, network: None, rows: None, losses: None }
    }
}

impl<E: Real> Network<E> {
    fn new(inputs: usize, hidden: usize, learning_rate: f64, noise: &mut Noise) -> Self {
        let mut initial = Initial::new();
        let perceptron = Perceptron::new(&mut initial, &[inputs, hidden, 1], noise);
        let parameters = initial.build();
        let adam = Adam::new(parameters.values().len(), AdamConstants::default());
        Self { perceptron, parameters, adam, learning_rate }
    }

    /// One step on Σ_b (b_ψ(x_b) − f_b)² / B.
    fn fit(&mut self, rows: Rc<Data<E>>, losses: Node<E>) -> Result<()> {
        let mut tape = Recording::default();
        let predicted = self.perceptron.forward(&self.parameters, Input::Data(rows), &mut tape);
        let errors = squared_errors(&mut tape, predicted, losses);
        weigh(tape, errors, Weights::Mean)?.try_backward()?;
        let Self { parameters, adam, learning_rate, .. } = self;
        parameters.update(|values, gradient| adam.step(*learning_rate, values, gradient));
        Ok(())
    }
}

/// (ŷ − y)² of predictions and targets, [B, 1].
fn squared_errors<E: Real>(
    tape: &mut Recording<E>,
    predicted: Node<E>,
    targets: Node<E>,
) -> Node<E> {
    rowwise! {
        fn square(predicted, target => squared) {
            let error = predicted[0] - target[0];
            squared[0] = error * error;
        }
    }
    rowwise! {
        fn slope(predicted, target => g) {
            let error = predicted[0] - target[0];
            g[0] = g[0] * (error + error);
        }
    }
    let mut squared = Packed::scratch(targets.rows(), 1);
    square(predicted.numbers(), &targets, &mut squared);
    record(tape, squared, move |mut gradient| {
        slope(predicted.numbers(), &targets, &mut gradient);
        predicted.add(gradient);
    })
}

impl<E: Real> BaselineRule<E> for Learned<E> {
    fn values(
        &mut self,
        categorical: &Categorical<E>,
        objective: &dyn Objective<E>,
        noise: &Noise,
    ) -> Result<BaselineValues<E>> {
        let rows = match objective.context() {
            Some(context) => context.rows.clone(),
            None => categorical.features(),
        };
        let network = self.network.get_or_insert_with(|| {
            // Another stream than those of the steps, so that the samples do not depend on the network.
            let stream = &mut noise.at(u64::MAX);
            Network::new(rows.columns(), self.hidden, self.learning_rate, stream)
        });
        let predicted = network.perceptron.evaluate(&network.parameters, &rows);
        self.rows = Some(Data::of_rows(rows));
        Ok(BaselineValues::Rows(predicted))
    }

    fn observe(&mut self, losses: &Node<E>) {
        self.losses = Some(losses.clone());
    }

    fn advance(&mut self) -> Result<()> {
        match (&mut self.network, self.rows.take(), self.losses.take()) {
            (Some(network), Some(rows), Some(losses)) => network.fit(rows, losses),
            _ => Ok(()),
        }
    }
}
