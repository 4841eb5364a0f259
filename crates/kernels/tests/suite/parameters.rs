//! Parameters before, between and after steps.

use crate::reference::*;
use dfdx::prelude::Backward;
use kernels::tape::{self, Node, Recording, Weights};
use kernels::{Data, Dense, Initial, Initialization, Input, Noise, Packed, Parameters, Perceptron};

const ROWS: usize = 2;

fn network() -> (Perceptron, Parameters<f64>) {
    let mut initial = Initial::new();
    let network = Perceptron::new(&mut initial, &[3, 4, 2], &mut Noise::named(&["tests"]));
    (network, initial.build())
}

/// Runs the network on a tape and adds a gradient to its outputs.
fn forward(network: &Perceptron, parameters: &Parameters<f64>, tape: &mut Recording<f64>) {
    let rows = Data::from_rows(Packed::pack(&normals("x", 3 * ROWS), 3));
    let y = network.forward(parameters, Input::Data(rows), tape);
    y.add(Packed::pack(&normals("g", 2 * ROWS), 2));
}

fn run(tape: Recording<f64>) {
    let losses = Node::new(Packed::filled(1, 1, 0.0));
    tape::weigh(tape, losses, Weights::Mean).unwrap().backward();
}

/// Layers are contiguous, and their parameters are uniform between −1/√inputs and 1/√inputs.
#[test]
fn initial_parameters_are_uniform() {
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

/// Biases take no random numbers.
#[test]
fn initial_parameters_of_glorot_are_uniform_with_biases_of_zero() {
    let mut initial = Initial::<f64>::of(Initialization::Glorot);
    let noise = &mut Noise::named(&["initial"]);
    let layers = [initial.linear(4, 20, noise), initial.linear(20, 34, noise)];
    let parameters = initial.build();
    let mut noise = Noise::named(&["initial"]);
    for (layer, bound) in layers.into_iter().zip([0.5, 1.0 / 3.0]) {
        for &x in &parameters.values()[layer.weight] {
            assert!((x - bound * (2.0 * noise.uniform() - 1.0)).abs() < 1e-15);
        }
        assert!(parameters.values()[layer.bias].iter().all(|&x| x == 0.0));
    }
}

/// A tape keeps the parameters of its forward pass, even if they change later.
#[test]
fn a_step_does_not_change_the_parameters_of_a_tape() {
    let gradient = |(network, mut parameters): (Perceptron, Parameters<f64>), change: bool| {
        let mut tape = Recording::default();
        forward(&network, &parameters, &mut tape);
        if change {
            parameters.values_mut().fill(9.0);
        }
        run(tape);
        parameters.gradient()
    };
    let before = gradient(network(), false);
    assert_eq!(before, gradient(network(), true));
    let (network, mut parameters) = network();
    parameters.values_mut().fill(9.0);
    assert_ne!(before, gradient((network, parameters), false));
}

/// The gradients of several passes add up until a step is taken.
#[test]
fn gradients_add_up_between_steps() {
    let (network, mut parameters) = network();
    assert_eq!(parameters.gradient(), vec![0.0; 26]);
    let pass = |parameters: &Parameters<f64>, times: usize| {
        let mut tape = Recording::default();
        (0..times).for_each(|_| forward(&network, parameters, &mut tape));
        run(tape);
        parameters.gradient()
    };
    let once = pass(&parameters, 1);
    assert!(once.iter().any(|&g| g != 0.0));
    let threefold: Vec<f64> = once.iter().map(|g| 3.0 * g).collect();
    assert_close(&pass(&parameters, 2), &threefold, 1e-14, "three passes");
    let moved: Vec<f64> =
        parameters.values().iter().zip(parameters.gradient()).map(|(p, g)| p - 0.5 * g).collect();
    parameters.update(|values, gradient| {
        values.iter_mut().zip(gradient).for_each(|(value, g)| *value -= 0.5 * *g);
    });
    assert_eq!(parameters.values(), moved);
    assert_eq!(parameters.gradient(), vec![0.0; 26]);
    // The next gradient starts from 0 again.
    let next = pass(&parameters, 1);
    assert_eq!(parameters.gradient(), next);
}

/// A layer that no backward pass reaches has a gradient of 0, not that of the step before.
#[test]
fn a_layer_that_is_not_reached_has_no_gradient() {
    let mut initial = Initial::<f64>::new();
    let mut part = || Perceptron::new(&mut initial, &[3, 2], &mut Noise::named(&["tests"]));
    let (first, second) = (part(), part());
    let mut parameters = initial.build();
    let mut tape = Recording::default();
    forward(&first, &parameters, &mut tape);
    forward(&second, &parameters, &mut tape);
    run(tape);
    parameters.update(|_, gradient| assert!(gradient[..8].iter().any(|&g| g != 0.0)));
    let mut tape = Recording::default();
    forward(&second, &parameters, &mut tape);
    run(tape);
    let gradient = parameters.gradient();
    assert_eq!(gradient[..8], [0.0; 8]);
    assert!(gradient[8..].iter().any(|&g| g != 0.0));
}

#[test]
fn an_isolated_pass_adds_no_gradient() {
    let (network, parameters) = network();
    tape::isolated(|| {
        let mut tape = Recording::default();
        forward(&network, &parameters, &mut tape);
        run(tape);
    });
    assert_eq!(parameters.gradient(), vec![0.0; 26]);
}

/// Parameters outside of any layer have their own range, and their gradients add up.
#[test]
fn a_vector_is_trained_beside_the_layers() {
    let mut initial = Initial::<f64>::new();
    let first = initial.vector(&[1.0, 2.0]);
    let network = Perceptron::new(&mut initial, &[3, 2], &mut Noise::named(&["tests"]));
    let last = initial.vector(&[3.0]);
    let mut parameters = initial.build();
    assert_eq!(
        (parameters.vector(&first), parameters.vector(&last)),
        (&[1.0, 2.0][..], &[3.0][..])
    );
    parameters.add_to_vector(&last, &[0.5]);
    parameters.add_to_vector(&last, &[0.25]);
    tape::isolated(|| parameters.add_to_vector(&first, &[7.0, 7.0]));
    let mut tape = Recording::default();
    forward(&network, &parameters, &mut tape);
    run(tape);
    let gradient = parameters.gradient();
    assert_eq!((&gradient[..2], gradient[10]), (&[0.0, 0.0][..], 0.75));
    assert!(gradient[2..10].iter().any(|&g| g != 0.0));
    parameters.update(|values, gradient| values[10] -= gradient[10]);
    assert_eq!(parameters.vector(&last), [2.25]);
    parameters.add_to_vector(&last, &[1.0]);
    assert_eq!(parameters.gradient()[10], 1.0);
}
