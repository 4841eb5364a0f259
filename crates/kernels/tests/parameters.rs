//! Parameters before, between and after their steps.

// A test that cannot be set up has failed.
#![allow(clippy::unwrap_used)]

mod reference;

use dfdx::prelude::*;
use kernels::{Dense, Initial, Input, Noise, Parameters, Perceptron};
use reference::*;
use std::sync::Arc;

fn network() -> (Perceptron, Parameters<f64>) {
    let mut initial = Initial::new();
    let network = Perceptron::new(&mut initial, &[3, 4, 2], &mut Noise::named(&["tests"]));
    (network, initial.build())
}

/// Layers lie one behind the other, and their numbers are uniform between ±1/√inputs.
#[test]
fn initial_parameters() {
    let mut initial = Initial::<f64>::new();
    let first = initial.linear(4, 500, &mut Noise::named(&["initial"]));
    let second = initial.linear(500, 2, &mut Noise::named(&["initial", "second"]));
    assert_eq!((first.dense, second.dense.weights()), (Dense { inputs: 4, outputs: 500 }, 1000));
    assert_eq!((first.weight.clone(), first.bias.clone()), (0..2000, 2000..2500));
    assert_eq!((second.weight.clone(), second.bias.clone()), (2500..3500, 3500..3502));
    let parameters = initial.build();
    assert_eq!(parameters.values().len(), 3502);
    let mut noise = Noise::named(&["initial"]);
    for &x in &parameters.values()[..2500] {
        assert_eq!(x, noise.uniform() - 0.5);
    }
    let bound = 1.0 / 500f64.sqrt();
    assert!(parameters.values()[2500..].iter().all(|x| x.abs() < bound));
}

/// A tape holds the parameters of its forward pass, whatever becomes of them later.
#[test]
fn a_step_does_not_change_what_a_tape_remembers() {
    let (network, mut parameters) = network();
    let gradient = |parameters: &mut Parameters<f64>, change: bool| {
        let mut recording = parameters.tape(vec![]).unwrap();
        let data = Input::Data(Arc::new(normals("x", 6)));
        let y = network.forward(parameters, data, &mut recording).unwrap();
        if change {
            parameters.values_mut().fill(9.0);
        }
        let mut gradients = y.put_tape(recording).square().sum::<(), _>().backward();
        parameters.gradient(&mut gradients).unwrap()
    };
    let before = gradient(&mut parameters, false);
    assert_eq!(before, gradient(&mut parameters, true));
    assert_ne!(before, gradient(&mut parameters, false));
}

/// Before any backward pass, a gradient of zeros, of the parameters' length.
#[test]
fn a_gradient_that_nothing_was_added_to() {
    let (_, parameters) = network();
    assert_eq!(parameters.gradient(&mut Gradients::leaky()).unwrap(), vec![0.0; 26]);
    let kept = tensor(&[1.0], ()).put_tape(parameters.tape(vec![2.5; 26]).unwrap());
    assert_eq!(parameters.gradient(&mut kept.backward()).unwrap(), vec![2.5; 26]);
}
