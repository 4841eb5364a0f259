//! Empty and mismatched shapes: valid ones work, and invalid ones panic with a message.

use crate::reference::*;
use dfdx::prelude::Backward;
use kernels::tape::{self, Node, Recording, Weights};
use kernels::{Data, Initial, Input, Noise, Packed, Parameters, Perceptron};

fn matrix(rows: usize, columns: usize) -> Packed<f64> {
    Packed::pack(&normals("matrix", rows * columns), columns)
}

fn network() -> (Perceptron, Parameters<f64>) {
    let mut initial = Initial::new();
    let network = Perceptron::new(&mut initial, &[3, 4, 2], &mut Noise::named(&["tests"]));
    (network, initial.build())
}

/// An empty batch passes forward and backward.
#[test]
fn an_empty_batch_has_no_gradient() {
    let (network, parameters) = network();
    assert_eq!(network.evaluate(&parameters, &matrix(0, 3)).rows(), 0);
    let mut tape = Recording::default();
    let input = Node::new(matrix(0, 3));
    let y = network.forward(&parameters, Input::Learned(input.clone()), &mut tape);
    y.add(matrix(0, 2));
    let losses = Node::new(matrix(1, 1));
    tape::weigh(tape, losses, Weights::Mean).unwrap().backward();
    assert_eq!(parameters.gradient(), vec![0.0; 26]);
    assert!(input.take().is_none());
}

/// Each invalid shape, with a part of the panic message.
#[test]
fn invalid_shapes_panic() {
    fn weigh(losses: Packed<f64>, weights: Weights<f64>) {
        drop(tape::weigh(Recording::default(), Node::new(losses), weights));
    }
    type Invalid = (&'static str, fn());
    let all: [Invalid; 8] = [
        ("a sum of no losses", || weigh(matrix(0, 2), Weights::Mean)),
        ("one weight per loss", || weigh(matrix(1, 2), Weights::Each(matrix(1, 1)))),
        ("has inputs and outputs", || {
            Perceptron::new(&mut Initial::<f64>::new(), &[2, 0], &mut Noise::named(&[]));
        }),
        ("has inputs and outputs", || {
            Perceptron::new(&mut Initial::<f64>::new(), &[0, 2], &mut Noise::named(&[]));
        }),
        ("a perceptron has inputs and outputs", || {
            Perceptron::new(&mut Initial::<f64>::new(), &[2], &mut Noise::named(&[]));
        }),
        ("inner dimensions", || {
            let (network, parameters) = network();
            network.evaluate(&parameters, &matrix(2, 4));
        }),
        ("inner dimensions", || {
            let (network, parameters) = network();
            let input = Input::Data(Data::from_rows(matrix(2, 4)));
            network.forward(&parameters, input, &mut Recording::default());
        }),
        ("a gradient of another shape", || {
            let (losses, logits) = (Node::new(matrix(1, 2)), Node::new(matrix(2, 2)));
            let (tape, vector) = (Recording::default(), Packed::zeros(2, 3));
            let scalar = tape::inject(tape, losses, Weights::Mean, logits, vector);
            scalar.unwrap().backward();
        }),
    ];
    for (words, invalid) in all {
        let panic = std::panic::catch_unwind(invalid).expect_err(words);
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        assert!(text.as_ref().is_some_and(|text| text.contains(words)), "{words}: {text:?}");
    }
}

#[test]
fn the_numbers_of_a_tensor_are_read_in_order() {
    let x = tensor(&normals("matrix", 6), (3, 2));
    assert_eq!(tape::elements(&x), 6);
    assert_eq!(tape::values(&x), normals("matrix", 6));
}
