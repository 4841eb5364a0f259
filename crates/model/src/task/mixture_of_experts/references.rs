//! What networks without a router reach on the same rows, and experts with one that knows.

use super::data::Split;
use super::grouped;
use super::judge::{Predicted, judge, predicted};
use super::network::Network;
use super::parameters::{ExpertData, MixtureOfExperts};
use crate::batch::Rows;
use crate::task::trained::{Schedule, Supervised, test_loss};
use crate::task::{Budget, GoOn, Streams};
use crate::{Batch, Error, Reference, Result, Role};
use dfdx::prelude::Backward;
use estimators::objectives::CrossEntropyPick;
use estimators::{Choice, Dims, Objective, SquaredPick};
use kernels::tape::{Node, Recording, Weights, weigh};
use kernels::{Initial, Input, Noise, Packed, Parameters, Perceptron};
use std::rc::Rc;

/// The references of a task.
pub(super) fn declared(task: &MixtureOfExperts) -> Vec<Reference> {
    let metric = match predicted(task.data) {
        Predicted::Number => "test-loss",
        Predicted::Class(_) => "test-accuracy",
    };
    let of = |name, label, role| Reference { name, label, metric, role };
    let mut declared = vec![];
    if task.data == ExpertData::Clusters {
        declared.push(of("noise", "the true law", Role::Floor));
        if task.experts >= task.clusters {
            let label = "experts with the true clusters";
            declared.push(of("oracle-router", label, Role::Informed));
        }
    }
    declared.push(of("dense-network", "one network of equal cost", Role::Rival));
    if let Predicted::Class(_) = predicted(task.data) {
        declared.push(of("linear", "logistic regression", Role::Rival));
    }
    declared
}

/// Their values; nothing if the computation was stopped.
pub(super) fn values(
    task: &MixtureOfExperts,
    split: &Split,
    streams: &Streams,
    budget: &Budget,
    go_on: GoOn<'_>,
) -> Result<Option<Vec<f64>>> {
    let schedule = Schedule { budget: *budget, batches: streams.named("batch"), go_on };
    let mut values = vec![];
    for reference in declared(task) {
        let init = streams.named(reference.name);
        let widths = match reference.name {
            "noise" => {
                values.push(split.noise);
                continue;
            }
            "oracle-router" => None,
            "dense-network" => Some(equal_cost(task)),
            _ => Some(vec![task.width(), predicted(task.data).outputs()]),
        };
        let network = Plain::new(task, split, widths, init);
        let Some(lost) = test_loss(&network, &schedule)? else { return Ok(None) };
        values.push(match predicted(task.data) {
            Predicted::Number => lost,
            Predicted::Class(_) => 1.0 - lost,
        });
    }
    Ok(Some(values))
}

/// Multiplications of a row.
fn products(widths: &[usize]) -> usize {
    widths.windows(2).map(|pair| pair[0] * pair[1]).sum()
}

/// The widths of the narrowest network with the depth of an expert, but at least one hidden layer, that takes
/// for a row as many multiplications as the router and the experts that it picks, or more.
pub(super) fn equal_cost(task: &MixtureOfExperts) -> Vec<usize> {
    let outputs = predicted(task.data).outputs();
    let layers = |hidden: &[usize], outputs: usize| [&[task.width()], hidden, &[outputs]].concat();
    let router = products(&layers(&task.router_hidden, task.picks * task.experts));
    let budget = router + task.picks * products(&layers(&task.expert_hidden, outputs));
    let hidden = if task.expert_hidden.is_empty() { vec![1] } else { task.expert_hidden.clone() };
    let wider = |by: usize| {
        let hidden: Vec<usize> = hidden.iter().map(|width| width + by).collect();
        layers(&hidden, outputs)
    };
    let mut by = 0;
    while products(&wider(by)) < budget {
        by += 1;
    }
    wider(by)
}

/// A network whose loss is differentiable.
struct Plain<'a> {
    predicted: Predicted,
    split: &'a Split,
    network: Learned,
    /// Training rows, with the true clusters as second targets where they are needed.
    train: Rows,
    first: Initial<f32>,
}

/// What computes outputs.
enum Learned {
    One(Perceptron),
    /// The experts, with the true clusters as picks.
    Experts(Rc<[Perceptron]>),
}

impl<'a> Plain<'a> {
    /// A perceptron of these widths, or the experts of the task.
    fn new(
        task: &MixtureOfExperts,
        split: &'a Split,
        widths: Option<Vec<usize>>,
        mut init: Noise,
    ) -> Self {
        let (network, first, train) = match widths {
            Some(widths) => {
                let mut initial = Initial::new();
                let network = Perceptron::new(&mut initial, &widths, &mut init);
                (Learned::One(network), initial, split.train.clone())
            }
            None => {
                let (network, first) = Network::initial(task, &mut init);
                let clusters: Vec<f32> = split.train_clusters.iter().map(|&c| c as f32).collect();
                let train = split.train.with_second_target(&clusters);
                (Learned::Experts(network.experts), first, train)
            }
        };
        Self { predicted: predicted(task.data), split, network, train, first }
    }

    /// The outputs of rows, [B, o]; experts are told their clusters ([B, 1]).
    fn outputs(
        &self,
        parameters: &Parameters<f32>,
        rows: &Batch<f32>,
        clusters: impl FnOnce() -> Packed<f32>,
        tape: &mut Recording<f32>,
    ) -> Node<f32> {
        let inputs = rows.inputs();
        match &self.network {
            Learned::One(network) => {
                network.forward(parameters, Input::Data(Rc::clone(inputs)), tape)
            }
            Learned::Experts(experts) => {
                grouped::outputs(experts, parameters, inputs.rows(), &clusters(), 1, None, tape)
            }
        }
    }

    /// The squared error, or the share of wrong classes.
    fn lost(&self, parameters: &Parameters<f32>, rows: &Batch<f32>, clusters: &[u32]) -> f64 {
        let clusters = || {
            let numbers: Vec<f32> = clusters.iter().map(|&cluster| cluster as f32).collect();
            Packed::from_columns(&numbers, numbers.len())
        };
        let outputs = self.outputs(parameters, rows, clusters, &mut Recording::default());
        let (loss, accuracy) = judge(&outputs, rows.targets(), self.predicted);
        if self.predicted == Predicted::Number { loss } else { 1.0 - accuracy }
    }
}

impl Supervised for Plain<'_> {
    fn first(&self) -> Parameters<f32> {
        self.first.clone().build()
    }

    fn batch(&self, rows: usize, noise: &mut Noise) -> Batch<f32> {
        self.train.draw(rows, noise)
    }

    fn learn(&self, parameters: &Parameters<f32>, batch: &Batch<f32>) -> Result<()> {
        let mut tape = Recording::default();
        let (targets, inputs) = (batch.targets(), batch.inputs());
        let target = Rc::new(targets.column(0));
        let rows = Batch::new(Rc::clone(inputs), Rc::clone(&target));
        let outputs = self.outputs(parameters, &rows, || targets.column(1), &mut tape);
        let choice = Choice::every(Dims { batch: batch.rows(), latents: 1, categories: 1 }, tape);
        let losses = match self.predicted {
            Predicted::Number => SquaredPick::with_targets(outputs, target).loss(choice),
            Predicted::Class(classes) => {
                CrossEntropyPick::with_truth(outputs, classes, target).loss(choice)
            }
        };
        let (losses, tape) = losses?.into_node();
        weigh(tape, losses, Weights::Mean)?.try_backward().map_err(Error::from)?;
        Ok(())
    }

    fn validation_loss(&self, parameters: &Parameters<f32>) -> Result<f64> {
        let held_out = &self.split.validation;
        Ok(self.lost(parameters, &held_out.batch, &held_out.clusters))
    }

    fn test_loss(&self, parameters: &Parameters<f32>) -> Result<f64> {
        let held_out = &self.split.test;
        Ok(self.lost(parameters, &held_out.batch, &held_out.clusters))
    }
}
