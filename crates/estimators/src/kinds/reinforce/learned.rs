//! A baseline that learns to predict each row's loss.

use super::baseline::{BaselineRule, BaselineValues};
use crate::mechanisms::categorical::Categorical;
use crate::{Objective, Result};
use dfdx::prelude::Backward;
use kernels::tape::{Node, Recording, Weights, record, weigh};
use kernels::{
    Adam, AdamConstants, Data, Initial, Input, Noise, Packed, Parameters, Perceptron, Real, rowwise,
};

/// A perceptron of one hidden layer, fitted to the losses by least squares.
pub(super) struct Learned<E: Real> {
    hidden: usize,
    learning_rate: f64,
    /// None before the first step. Its first weights come from the noise of that step: estimates that
    /// are made before, with other noise, do not matter.
    network: Option<Network<E>>,
    last: Option<Last<E>>,
}

/// The last estimate.
struct Last<E: Real> {
    /// The network that it was made with, if there was no step before.
    network: Option<Network<E>>,
    /// Inputs, [B, _].
    rows: Packed<E>,
    /// What the network predicted, [B, 1].
    predicted: Packed<E>,
    /// The losses, [B, 1].
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
        Self { hidden, learning_rate, network: None, last: None }
    }

    /// A network with the weights that a step with this noise gives it. They come from another stream
    /// than the samples of the steps, so that these do not depend on the network.
    fn first_network(&self, inputs: usize, noise: &Noise) -> Network<E> {
        Network::new(inputs, self.hidden, self.learning_rate, &mut noise.at(u64::MAX))
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
    fn fit(&mut self, rows: Packed<E>, losses: Node<E>) -> Result<()> {
        let (rows, mut tape) = (Data::from_rows(rows), Recording::default());
        let predicted = self.perceptron.forward(&self.parameters, Input::Data(rows), &mut tape);
        let errors = squared_errors(&mut tape, predicted, losses);
        weigh(tape, errors, Weights::Mean)?.try_backward()?;
        let Self { parameters, adam, learning_rate, .. } = self;
        parameters.update(|values, gradient| adam.step(*learning_rate, values, gradient));
        Ok(())
    }
}

rowwise! {
    /// (ŷ − y)² of predictions and targets, [B, 1].
    fn square(predicted, target => squared) {
        let error = predicted[0] - target[0];
        squared[0] = error * error;
    }
}

/// The rows that the network can learn from, unless it is all: those of a finite squared error.
fn usable<E: Real>(predicted: &Packed<E>, losses: &Packed<E>) -> Option<Vec<u32>> {
    let mut squared = Packed::scratch(losses.rows(), 1);
    square(predicted, losses, &mut squared);
    let is_usable = |row: &u32| squared.get(*row as usize, 0).widen().is_finite();
    let all_finite = squared.total().is_finite();
    (!all_finite).then(|| (0..losses.rows() as u32).filter(is_usable).collect())
}

/// (ŷ − y)² on the tape.
fn squared_errors<E: Real>(
    tape: &mut Recording<E>,
    predicted: Node<E>,
    targets: Node<E>,
) -> Node<E> {
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
        let mut first = None;
        let network = match &self.network {
            Some(network) => network,
            None => first.insert(self.first_network(rows.columns(), noise)),
        };
        let predicted = network.perceptron.evaluate(&network.parameters, &rows);
        self.last = Some(Last { network: first, rows, predicted: predicted.clone(), losses: None });
        Ok(BaselineValues::rows(predicted))
    }

    fn observe(&mut self, losses: &Node<E>) {
        if let Some(last) = &mut self.last {
            last.losses = Some(losses.clone());
        }
    }

    fn advance(&mut self) -> Result<()> {
        let Some(Last { network, rows, predicted, losses: Some(losses) }) = self.last.take() else {
            return Ok(());
        };
        self.network = self.network.take().or(network);
        let Some(network) = &mut self.network else { return Ok(()) };
        match usable(&predicted, &losses) {
            None => network.fit(rows, losses),
            Some(some) if some.is_empty() => Ok(()),
            Some(some) => {
                network.fit(rows.select_rows(&some), Node::constant(losses.select_rows(&some)))
            }
        }
    }
}
