mod deployment;
mod gates;
mod outputs;
mod training;

use super::judge::{Predicted, judge, loads};
use super::references::{declared, equal_cost};
use super::seeded::Seeded;
use super::{ExpertData, Loaded, MixtureOfExperts, mnist_1d};
use crate::data::Folders;
use crate::probe::{AtParameters, Probe};
use crate::task::{Budget, Instance, Streams, Task};
use crate::training::{Learner, Training};
use crate::{Batch, TaskKind};
use estimators::{
    Choice, Deployment, Dims, Domain, Estimator, Kind, Noise, Objective, Registry, kinds,
};
use kernels::tape::{Node, Recording, Weights, weigh};
use kernels::{Packed, Parameters, rows};
use std::collections::BTreeSet;
use std::path::Path;
use std::rc::Rc;

fn small(data: ExpertData) -> MixtureOfExperts {
    let (rows, validation_rows, test_rows) = (60, 20, 30);
    let sizes = MixtureOfExperts { rows, validation_rows, test_rows, ..Default::default() };
    MixtureOfExperts { data, experts: 3, expert_hidden: vec![4], clusters: 3, ..sizes }
}

fn seeded(task: &MixtureOfExperts) -> (Seeded, Parameters<f64>) {
    loaded(task).instance(&Streams::new("mixture-of-experts", 0))
}

fn loaded(task: &MixtureOfExperts) -> Loaded {
    task.clone().load(&Folders::default()).unwrap()
}

fn batch(seeded: &Seeded, rows: usize) -> Batch<f64> {
    seeded.batch(rows, &mut Noise::named(&["tests", "batch"])).cast()
}

/// Losses, and the gradients for all parameters and for what the choice carries.
fn outcome(
    task: &MixtureOfExperts,
    rows: usize,
    choose: impl FnOnce(Dims, &mut Recording<f64>) -> (Choice<f64>, Option<Node<f64>>),
) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
    let (seeded, parameters) = seeded(task);
    let objective = seeded.network.mixture(&parameters, &batch(&seeded, rows));
    let (choice, node) = choose(loaded(task).dims(rows), &mut Recording::default());
    let samples = choice.samples();
    let losses = objective.loss(choice).unwrap();
    let numbers = losses.numbers().unpack();
    let (f, tape) = losses.into_node();
    let weights: Vec<f64> = (0..rows * samples).map(|i| 0.5 + (i % 5) as f64).collect();
    let scalar = weigh(tape, f, Weights::Each(Packed::pack(&weights, samples))).unwrap();
    dfdx::prelude::Backward::backward(scalar);
    let slopes = node.and_then(|node| node.take()).map_or(vec![], |slopes| slopes.unpack());
    (numbers, parameters.gradient(), slopes)
}

#[track_caller]
fn assert_close(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!((found - expected).abs() < 1e-11, "{i}: {found} for {expected}");
    }
}
