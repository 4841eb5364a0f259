//! Shapes with nothing in them: what is allowed works, what is not says so.

// A test that cannot be set up has failed.
#![allow(clippy::unwrap_used)]

mod reference;

use dfdx::prelude::*;
use kernels::tape::{self, InputGradient, Weights};
use kernels::{Activation, Initial, Noise, Packed, Parameters, Perceptron};
use reference::*;
use std::sync::Arc;

type Matrix = Tensor<(usize, usize), f64, Cpu>;

fn matrix(rows: usize, columns: usize) -> Matrix {
    tensor(&normals("matrix", rows * columns), (rows, columns))
}

fn linear(x: &Matrix, outputs: usize) -> Tensor<(usize, usize), f64, Cpu> {
    let (weight, bias) = (matrix(x.shape().1, outputs), tensor(&vec![0.0; outputs], (outputs,)));
    let wanted = InputGradient::Wanted;
    tape::linear(x.clone(), &weight, &bias, Activation::Relu, wanted).unwrap()
}

fn network() -> (Perceptron, Parameters<f64>) {
    let mut initial = Initial::new();
    let network = Perceptron::new(&mut initial, &[3, 4, 2], &mut Noise::named(&["tests"]));
    (network, initial.build())
}

#[test]
fn no_rows_give_no_rows() {
    assert_eq!(linear(&matrix(0, 3), 2).shape(), &(0, 2));
    assert_eq!(tape::softmax(matrix(0, 3), 1.0).unwrap().shape(), &(0, 3));
    assert_eq!(tape::log_softmax(matrix(0, 3)).unwrap().shape(), &(0, 3));
    let choice = tensor(&[], (2, 0, 3));
    assert_eq!(tape::row_dot(choice, matrix(0, 3)).unwrap().shape(), &(2, 0));
    let (network, parameters) = network();
    assert!(network.evaluate(&parameters, Arc::new(vec![])).is_empty());
}

#[test]
fn no_samples_give_no_samples() {
    assert_eq!(tape::gather(matrix(2, 3), &[]).unwrap().shape(), &(0, 2));
    assert_eq!(tape::squared_error(matrix(0, 2), &[1.0, 2.0]).unwrap().shape(), &(0, 2));
    let choice = tensor(&[], (0, 2, 3));
    assert_eq!(tape::row_dot(choice, matrix(2, 3)).unwrap().shape(), &(0, 2));
}

/// An empty batch passes backward, too, and leaves the parameters' gradient as it was.
#[test]
fn nothing_is_learned_from_no_rows() {
    let (weight, bias) = (matrix(3, 2), tensor(&[0.0, 0.0], (2,)));
    let taped = matrix(0, 3).put_tape(start(&[&weight, &bias]));
    let wanted = InputGradient::Wanted;
    let y = tape::linear(taped, &weight, &bias, Activation::Relu, wanted).unwrap();
    let (y, mut recording) = y.split_tape();
    let scalar = tensor(&[1.0], ());
    recording.add_backward_op(move |gradients| gradients.get_or_alloc_mut(&y).map(|_| ()));
    let gradients = scalar.put_tape(recording).backward();
    assert_eq!(weight.gradient(&gradients), [SEED; 6]);
    assert_eq!(bias.gradient(&gradients), [SEED; 2]);
}

/// Each refusal, and words that it says.
#[test]
fn shapes_that_are_refused() {
    type Refused = (&'static str, fn());
    let all: [Refused; 20] = [
        ("has inputs and outputs", || drop(linear(&matrix(2, 0), 2))),
        ("has inputs and outputs", || drop(linear(&matrix(2, 2), 0))),
        ("a weight of [3, outputs]", || {
            let (weight, bias) = (matrix(2, 2), tensor(&[0.0; 2], (2,)));
            let wanted = InputGradient::Wanted;
            drop(tape::linear(matrix(2, 3), &weight, &bias, Activation::Identity, wanted));
        }),
        ("one bias an output", || {
            let (weight, bias) = (matrix(3, 2), tensor(&[0.0; 3], (3,)));
            let wanted = InputGradient::Wanted;
            drop(tape::linear(matrix(2, 3), &weight, &bias, Activation::Identity, wanted));
        }),
        ("has columns", || drop(tape::softmax(matrix(2, 0), 1.0))),
        ("a choice has categories", || {
            drop(tape::row_dot(tensor::<_, f64>(&[], (2, 2, 0)), matrix(2, 0)));
        }),
        ("numbers of the choice's rows", || {
            drop(tape::row_dot(tensor(&[0.0; 12], (2, 2, 3)), matrix(3, 3)));
        }),
        ("rows to pick from", || drop(tape::gather(matrix(0, 3), &[]))),
        ("one pick a row and sample", || drop(tape::gather(matrix(2, 3), &[0]))),
        ("category 3 of 3", || drop(tape::gather(matrix(2, 3), &[0, 3]))),
        ("category 0 of 0", || drop(tape::gather(matrix(2, 0), &[0, 0]))),
        ("rows with targets", || drop(tape::squared_error(matrix(2, 0), &[]))),
        ("one target a row", || drop(tape::squared_error(matrix(2, 2), &[0.0]))),
        ("a choice of shape", || drop(tape::choose(matrix(2, 2), vec![0.0; 3], (2, 2), |_, _| ()))),
        ("a sum of losses has losses", || drop(tape::weigh(matrix(2, 0), Weights::Mean))),
        ("one weight a loss", || drop(tape::weigh(matrix(1, 2), Weights::Each(vec![0.0])))),
        ("one element a logit", || {
            let vector = Packed::zeros(2, 3);
            drop(tape::inject(matrix(1, 2), Weights::Mean, matrix(2, 2), vector));
        }),
        ("has inputs and outputs", || {
            Perceptron::new(&mut Initial::<f64>::new(), &[2, 0], &mut Noise::named(&[]));
        }),
        ("a perceptron has inputs and outputs", || {
            Perceptron::new(&mut Initial::<f64>::new(), &[2], &mut Noise::named(&[]));
        }),
        ("rows of 3 numbers", || {
            let (network, parameters) = network();
            network.evaluate(&parameters, Arc::new(vec![0.0; 4]));
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
    let x = matrix(3, 2);
    assert_eq!(tape::elements(&x), 6);
    assert_eq!(tape::values(&x), normals("matrix", 6));
    assert_eq!(tape::read(&x)[..], normals("matrix", 6));
}
