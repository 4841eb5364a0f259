//! The optimisers against dfdx's, and their first steps in closed form.

// A test that cannot be set up has failed.
#![allow(clippy::unwrap_used)]

mod reference;

use dfdx::optim::{Adam, AdamConfig, Momentum, Optimizer as _, Sgd, SgdConfig};
use dfdx::prelude::*;
use kernels::{
    Data, Initial, Input, Noise, Optimizer, OptimizerState, Packed, Perceptron, Real, tape,
};
use reference::*;

/// Numbers in a layer are not a multiple of a register's, so that the last few count too.
const STEPS: usize = 50;
const BATCH: usize = 7;

type Layer<const I: usize, const O: usize, E> =
    (Tensor<Rank2<I, O>, E, Cpu>, Tensor<Rank1<O>, E, Cpu>);
/// 5 → 6 → 3 with shapes that are known to the compiler, as dfdx's optimisers want them.
type Model<E> = (Layer<5, 6, E>, Layer<6, 3, E>);

/// Weights of [inputs, outputs] as [outputs, inputs], or back.
fn turned<E: Real>(weight: &[E], rows: usize) -> Vec<E> {
    let columns = weight.len() / rows;
    (0..weight.len()).map(|i| weight[i % rows * columns + i / rows]).collect()
}

fn parameters<E: Real>(model: &Model<E>) -> Vec<E> {
    let ((w, b), (v, c)) = model;
    [turned(&w.as_vec(), 5), b.as_vec(), turned(&v.as_vec(), 6), c.as_vec()].concat()
}

fn model<E: Real>(numbers: &[E]) -> Model<E> {
    let device = Cpu::default();
    let part = |range: std::ops::Range<usize>| numbers[range].to_vec();
    let first = (
        device.tensor_from_vec(turned(&part(0..30), 6), (Const, Const)),
        device.tensor_from_vec(part(30..36), (Const,)),
    );
    let second = (
        device.tensor_from_vec(turned(&part(36..54), 3), (Const, Const)),
        device.tensor_from_vec(part(54..57), (Const,)),
    );
    (first, second)
}

/// x·W + b of broadcasts: dfdx's own product needs its `cpu` feature.
fn linear<const I: usize, const O: usize, E: Real>(
    x: Tensor<(usize, Const<I>), E, Cpu, tape::Recording<E>>,
    (weight, bias): &Layer<I, O, E>,
) -> Tensor<(usize, Const<O>), E, Cpu, tape::Recording<E>>
where
    Cpu: Device<E>,
{
    let all = (BATCH, Const::<I>, Const::<O>);
    let x = x.broadcast_like::<_, Axis<2>>(&all);
    let weight = weight.leaky_trace().broadcast_like::<_, Axis<0>>(&all);
    let bias = bias.leaky_trace().broadcast_like::<_, Axis<0>>(&(BATCH, Const::<O>));
    (x * weight).sum::<(usize, Const<O>), Axis<1>>() + bias
}

/// Trains the same network in both ways on the same data and compares after every step.
fn train<E: Real>(
    optimizer: Optimizer,
    mut update: impl FnMut(&mut Model<E>, &Gradients<E, Cpu>),
    tolerance: f64,
) where
    Cpu: Device<E>,
{
    let mut initial = Initial::<E>::new();
    let network = Perceptron::new(&mut initial, &[5, 6, 3], &mut Noise::named(&["optimizer"]));
    let mut ours = initial.build();
    let mut theirs = model(ours.values());
    let mut state = OptimizerState::new(optimizer, ours.values().len());
    for step in 0..STEPS {
        let x: Vec<E> = narrow(&normals(&format!("x {step}"), BATCH * 5));
        let target: Vec<E> = narrow(&normals(&format!("y {step}"), BATCH * 3));

        let mut tape = tape::Recording::default();
        let input = Input::Data(Data::of_rows(Packed::pack(&x, 5)));
        let y = network.forward(&ours, input, &mut tape);
        let pack = |gradient: &[E]| Packed::pack(gradient, 3);
        let y = tape::into_tensor(&y, tape, y.numbers().unpack(), (BATCH, 3), pack).unwrap();
        (y - tensor(&target, (BATCH, 3))).square().mean::<(), _>().backward();
        ours.step(&mut state);

        let x = Cpu::default().tensor_from_vec(x, (BATCH, Const::<5>));
        let y = linear(linear(x.leaky_traced(), &theirs.0).relu(), &theirs.1);
        let target = Cpu::default().tensor_from_vec(target, (BATCH, Const::<3>));
        let gradients = (y - target).square().mean::<(), _>().backward();
        update(&mut theirs, &gradients);

        let what = format!("{optimizer:?}, step {step}");
        assert_close(&widen(ours.values()), &widen(&parameters(&theirs)), tolerance, &what);
    }
}

fn adam_agrees<E: Real>(learning_rate: f64, betas: [f64; 2], eps: f64, tolerance: f64)
where
    Cpu: Device<E>,
{
    let config = AdamConfig { lr: learning_rate, betas, eps, weight_decay: None };
    let mut theirs: Adam<Model<E>, E, Cpu> = Adam::new(&model(&[E::ZERO; 57]), config);
    let ours = Optimizer::Adam { learning_rate, beta1: betas[0], beta2: betas[1], epsilon: eps };
    train(ours, |model, gradients| theirs.update(model, gradients).unwrap(), tolerance);
}

fn sgd_agrees<E: Real>(learning_rate: f64, momentum: f64, tolerance: f64)
where
    Cpu: Device<E>,
{
    let classic = (momentum != 0.0).then_some(Momentum::Classic(momentum));
    let config = SgdConfig { lr: learning_rate, momentum: classic, weight_decay: None };
    let mut theirs: Sgd<Model<E>, E, Cpu> = Sgd::new(&model(&[E::ZERO; 57]), config);
    let ours = Optimizer::Sgd { learning_rate, momentum };
    train(ours, |model, gradients| theirs.update(model, gradients).unwrap(), tolerance);
}

#[test]
fn adam_agrees_with_dfdx() {
    assert_eq!(
        Optimizer::adam(0.25),
        Optimizer::Adam { learning_rate: 0.25, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }
    );
    adam_agrees::<f64>(0.01, [0.9, 0.999], 1e-8, 1e-10);
    adam_agrees::<f64>(0.1, [0.5, 0.8], 1e-3, 1e-10);
    // dfdx makes 1 − β₂ᵗ in `f32`, where little of it is left: five digits at the first steps.
    adam_agrees::<f32>(0.01, [0.9, 0.999], 1e-8, 1e-4);
    adam_agrees::<f32>(0.01, [0.5, 0.75], 1e-3, 2e-6);
}

#[test]
fn sgd_agrees_with_dfdx() {
    for momentum in [0.0, 0.9] {
        sgd_agrees::<f64>(0.05, momentum, 1e-12);
        sgd_agrees::<f32>(0.05, momentum, 2e-6);
    }
}

/// In `f32`, the same steps as in `f64` for the same gradients.
#[test]
fn both_types_take_the_same_steps() {
    for optimizer in [Optimizer::adam(0.01), Optimizer::Sgd { learning_rate: 0.1, momentum: 0.9 }] {
        let mut double = normals("parameters", 37);
        let mut single: Vec<f32> = narrow(&double);
        let mut states = (OptimizerState::new(optimizer, 37), OptimizerState::new(optimizer, 37));
        for step in 0..STEPS {
            let gradient = normals(&format!("gradient {step}"), 37);
            let narrowed: Vec<f32> = narrow(&gradient);
            states.0.step(&mut double, &gradient);
            states.1.step(&mut single, &narrowed);
        }
        assert_close(&widen(&single), &double, 1e-6, &format!("{optimizer:?}"));
    }
}

fn stepped(optimizer: Optimizer, start: f64, gradients: &[f64]) -> f64 {
    let mut state = OptimizerState::new(optimizer, 1);
    let mut parameter = [start];
    for &gradient in gradients {
        state.step(&mut parameter, &[gradient]);
    }
    parameter[0]
}

/// With the bias corrected, Adam's first step is −η·g/(|g| + ε) for any decay.
#[test]
fn adams_first_steps_in_closed_form() {
    for gradient in [3.0, -0.5, 1e-3, 0.0] {
        for (beta1, beta2) in [(0.9, 0.999), (0.5, 0.1), (0.0, 0.0)] {
            let (learning_rate, epsilon) = (0.1, 1e-2);
            let adam = Optimizer::Adam { learning_rate, beta1, beta2, epsilon };
            let first = 2.0 - 0.1 * gradient / (gradient.abs() + 1e-2);
            assert_close(&[stepped(adam, 2.0, &[gradient])], &[first], 1e-14, "first step");
            // Of a second equal gradient, the corrected means are the same again.
            let second = 2.0 * first - 2.0;
            let twice = stepped(adam, 2.0, &[gradient, gradient]);
            assert_close(&[twice], &[second], 1e-14, "second step");
        }
    }
    // m₂/(1 − β₁²) and v₂/(1 − β₂²) of gradients 1 and −2.
    let adam = Optimizer::Adam { learning_rate: 0.1, beta1: 0.9, beta2: 0.99, epsilon: 0.0 };
    let (m, v) = ((0.09 - 0.2) / 0.19, (0.0099 + 0.04) / 0.0199f64);
    let expected = -0.1 - 0.1 * m / v.sqrt();
    assert_close(&[stepped(adam, 0.0, &[1.0, -2.0])], &[expected], 1e-13, "two gradients");
}

#[test]
fn sgds_first_steps_in_closed_form() {
    let plain = Optimizer::Sgd { learning_rate: 0.5, momentum: 0.0 };
    assert_eq!(stepped(plain, 1.0, &[3.0]), 1.0 - 0.5 * 3.0);
    assert_eq!(stepped(plain, 1.0, &[3.0, -1.0]), 1.0 - 0.5 * 3.0 + 0.5);
    let heavy = Optimizer::Sgd { learning_rate: 0.5, momentum: 0.25 };
    assert_eq!(stepped(heavy, 1.0, &[3.0]), 1.0 - 0.5 * 3.0);
    // v₂ = g₂ + μ·g₁
    assert_eq!(stepped(heavy, 1.0, &[3.0, -1.0]), 1.0 - 0.5 * 3.0 - 0.5 * (-1.0 + 0.25 * 3.0));
}

#[test]
fn nothing_to_learn() {
    for optimizer in [Optimizer::adam(0.1), Optimizer::Sgd { learning_rate: 0.1, momentum: 0.9 }] {
        OptimizerState::<f64>::new(optimizer, 0).step(&mut [], &[]);
        assert_eq!(stepped(optimizer, 1.5, &[0.0, 0.0]), 1.5);
    }
}

#[test]
#[should_panic(expected = "parameters of the optimiser")]
fn the_parameters_are_those_it_was_made_for() {
    OptimizerState::new(Optimizer::adam(0.1), 2).step(&mut [0.0; 3], &[0.0; 3]);
}

#[test]
#[should_panic(expected = "one gradient a parameter")]
fn every_parameter_has_a_gradient() {
    OptimizerState::new(Optimizer::adam(0.1), 3).step(&mut [0.0; 3], &[0.0; 2]);
}
