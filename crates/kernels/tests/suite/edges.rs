//! Shapes with nothing in them: what is allowed works, what is not says so.

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

/// An empty batch passes forward and backward, and teaches nothing.
#[test]
fn nothing_is_learned_from_no_rows() {
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

/// Each refusal, and words that it says.
#[test]
fn shapes_that_are_refused() {
    fn weigh(losses: Packed<f64>, weights: Weights<f64>) {
        drop(tape::weigh(Recording::default(), Node::new(losses), weights));
    }
    type Refused = (&'static str, fn());
    let all: [Refused; 8] = [
        ("a sum of losses has losses", || weigh(matrix(0, 2), Weights::Mean)),
        ("one weight a loss", || weigh(matrix(1, 2), Weights::Each(matrix(1, 1)))),
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
    for (words, refused) in all {
        let panic = std::panic::catch_unwind(refused).expect_err(words);
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        assert!(text.as_ref().is_some_and(|text| text.contains(words)), "{words}: {text:?}");
    }
}

/// What a tensor's numbers are read into.
#[test]
fn the_numbers_of_a_tensor() {
    let x = tensor(&normals("matrix", 6), (3, 2));
    assert_eq!(tape::elements(&x), 6);
    assert_eq!(tape::values(&x), normals("matrix", 6));
}
