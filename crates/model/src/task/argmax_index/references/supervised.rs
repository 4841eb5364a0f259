use super::super::CombinedNetwork;
use super::super::data::Split;
use crate::batch::{Batch, Rows};
use crate::classifier::cross_entropy;
use crate::task::trained::Supervised;
use crate::{Error, Forward, Result};
use dfdx::prelude::Backward;
use estimators::{Choice, Dims, Objective, SquaredPick};
use kernels::tape::{Node, Recording, Weights, record, weigh};
use kernels::{Initial, Input, Noise, Packed, Parameters, Perceptron};
use std::rc::Rc;

/// The network of the task, whose classifier learns the true regime by its cross-entropy, and whose
/// head learns from the squared error of the value at the true regime. It is deployed as the others
/// are, with the hard argmax.
pub(super) struct TrueRegimes<'a> {
    network: &'a CombinedNetwork,
    data: &'a Split,
    /// Training rows with their regimes as second targets.
    train: Rows,
    init: Noise,
}

impl<'a> TrueRegimes<'a> {
    pub(super) fn new(
        network: &'a CombinedNetwork,
        data: &'a Split,
        regimes: &[u32],
        init: Noise,
    ) -> Self {
        let regimes: Vec<f32> = regimes.iter().map(|&regime| regime as f32).collect();
        Self { network, data, train: data.train.with_second_target(&regimes), init }
    }

    fn loss(&self, parameters: &Parameters<f32>, rows: &Batch<f32>) -> Result<f64> {
        let (logits, values, tape) = self.network.forward(parameters, rows.inputs());
        let objective = SquaredPick::with_targets(values, Rc::clone(rows.targets()));
        let forward = Forward::new(logits, 1, objective, tape);
        forward.mean_loss(forward.argmax())
    }
}

impl Supervised for TrueRegimes<'_> {
    fn first(&self) -> Parameters<f32> {
        let (inputs, hidden, categories) = self.network.widths();
        CombinedNetwork::new(inputs, hidden, (categories, 1), &mut self.init.clone()).1
    }

    fn batch(&self, rows: usize, noise: &mut Noise) -> Batch<f32> {
        self.train.draw(rows, noise)
    }

    fn learn(&self, parameters: &Parameters<f32>, batch: &Batch<f32>) -> Result<()> {
        let [targets, regimes] = [0, 1].map(|column| Rc::new(batch.targets().column(column)));
        let (logits, values, tape) = self.network.forward(parameters, batch.inputs());
        let dims = Dims { batch: batch.rows(), latents: 1, categories: self.network.widths().2 };
        let choice = Choice::vertices(Rc::clone(&regimes), dims, tape);
        let of_head = SquaredPick::with_targets(values, targets).loss(choice)?;
        let (of_head, mut tape) = of_head.into_node();
        let of_classifier = cross_entropy(&mut tape, &logits, regimes);
        let both = sum(&mut tape, of_head, of_classifier);
        backward(both, tape)
    }

    fn validation_loss(&self, parameters: &Parameters<f32>) -> Result<f64> {
        self.loss(parameters, &self.data.validation)
    }

    fn test_loss(&self, parameters: &Parameters<f32>) -> Result<f64> {
        self.loss(parameters, &self.data.test)
    }
}

/// A network that chooses nothing: it learns from the squared error of its output, or from the
/// cross-entropy of its class logits.
pub(super) struct PlainNetwork<'a> {
    data: &'a Split,
    network: Perceptron,
    /// Of its layers, from inputs to outputs.
    widths: Vec<usize>,
    init: Noise,
}

impl<'a> PlainNetwork<'a> {
    pub(super) fn new(widths: Vec<usize>, data: &'a Split, init: Noise) -> Self {
        let (network, _) = perceptron(&widths, &init);
        Self { data, network, widths, init }
    }

    /// The loss of each row, [B, 1].
    fn losses(
        &self,
        parameters: &Parameters<f32>,
        rows: &Batch<f32>,
    ) -> Result<(Node<f32>, Recording<f32>)> {
        let mut tape = Recording::default();
        let input = Input::Data(Rc::clone(rows.inputs()));
        let output = self.network.forward(parameters, input, &mut tape);
        if self.data.encoder.classes().is_some() {
            let losses = cross_entropy(&mut tape, &output, Rc::clone(rows.targets()));
            return Ok((losses, tape));
        }
        // The only category has the output as its value.
        let dims = Dims { batch: rows.rows(), latents: 1, categories: 1 };
        let objective = SquaredPick::with_targets(output, Rc::clone(rows.targets()));
        Ok(objective.loss(Choice::every(dims, tape))?.into_node())
    }

    fn loss(&self, parameters: &Parameters<f32>, rows: &Batch<f32>) -> Result<f64> {
        Ok(mean(self.losses(parameters, rows)?.0.numbers()))
    }
}

fn perceptron(widths: &[usize], init: &Noise) -> (Perceptron, Parameters<f32>) {
    let mut initial = Initial::new();
    let network = Perceptron::new(&mut initial, widths, &mut init.clone());
    (network, initial.build())
}

impl Supervised for PlainNetwork<'_> {
    fn first(&self) -> Parameters<f32> {
        perceptron(&self.widths, &self.init).1
    }

    fn batch(&self, rows: usize, noise: &mut Noise) -> Batch<f32> {
        self.data.train.draw(rows, noise)
    }

    fn learn(&self, parameters: &Parameters<f32>, batch: &Batch<f32>) -> Result<()> {
        let (losses, tape) = self.losses(parameters, batch)?;
        backward(losses, tape)
    }

    fn validation_loss(&self, parameters: &Parameters<f32>) -> Result<f64> {
        self.loss(parameters, &self.data.validation)
    }

    fn test_loss(&self, parameters: &Parameters<f32>) -> Result<f64> {
        self.loss(parameters, &self.data.test)
    }
}

/// The backward pass of the mean of losses.
fn backward(losses: Node<f32>, tape: Recording<f32>) -> Result<()> {
    weigh(tape, losses, Weights::Mean)?.try_backward().map_err(Error::from)?;
    Ok(())
}

/// a + b
fn sum(tape: &mut Recording<f32>, a: Node<f32>, b: Node<f32>) -> Node<f32> {
    let mut total = a.numbers().clone();
    total.add(b.numbers());
    record(tape, total, move |gradient| {
        a.add(gradient.clone());
        b.add(gradient);
    })
}

fn mean(losses: &Packed<f32>) -> f64 {
    losses.total() / losses.rows() as f64
}
