//! Adam compared with dfdx's, and its first steps in closed form.

use crate::reference::*;
use dfdx::optim::{Adam as DfdxAdam, AdamConfig, Optimizer as _};
use dfdx::prelude::*;
use kernels::{Adam, AdamConstants, Data, Initial, Input, Noise, Packed, Perceptron, Real, tape};

/// Fewer where each is interpreted, by Miri.
const STEPS: usize = if cfg!(miri) { 4 } else { 50 };
const BATCH: usize = 7;

type Layer<const I: usize, const O: usize, E> =
    (Tensor<Rank2<I, O>, E, Cpu>, Tensor<Rank1<O>, E, Cpu>);
/// 5 → 6 → 3 with static shapes, as dfdx's optimizers need them. The sizes are no multiples of a
/// register's, so the remainders are tested too.
type Model<E> = (Layer<5, 6, E>, Layer<6, 3, E>);

/// Converts weights between [inputs, outputs] and [outputs, inputs].
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

/// x·W + b with broadcasts, because dfdx's own product needs its `cpu` feature.
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

/// Trains the same network both ways on the same data, and compares the parameters after every
/// step.
fn train<E: Real>(
    (rate, constants): (f64, AdamConstants),
    mut update: impl FnMut(&mut Model<E>, &Gradients<E, Cpu>),
    tolerance: f64,
) where
    Cpu: Device<E>,
{
    let mut initial = Initial::<E>::new();
    let network = Perceptron::new(&mut initial, &[5, 6, 3], &mut Noise::named(&["optimizer"]));
    let mut ours = initial.build();
    let mut theirs = model(ours.values());
    let mut adam = Adam::new(ours.values().len(), constants);
    for step in 0..STEPS {
        let x: Vec<E> = narrow(&normals(&format!("x {step}"), BATCH * 5));
        let target: Vec<E> = narrow(&normals(&format!("y {step}"), BATCH * 3));

        let mut tape = tape::Recording::default();
        let input = Input::Data(Data::from_rows(Packed::pack(&x, 5)));
        let y = network.forward(&ours, input, &mut tape);
        let pack = |gradient: &[E]| Packed::pack(gradient, 3);
        let y = tape::into_tensor(&y, tape, y.numbers().unpack(), (BATCH, 3), pack).unwrap();
        (y - tensor(&target, (BATCH, 3))).square().mean::<(), _>().backward();
        ours.update(|values, gradient| adam.step(rate, values, gradient));

        let x = Cpu::default().tensor_from_vec(x, (BATCH, Const::<5>));
        let y = linear(linear(x.leaky_traced(), &theirs.0).relu(), &theirs.1);
        let target = Cpu::default().tensor_from_vec(target, (BATCH, Const::<3>));
        let gradients = (y - target).square().mean::<(), _>().backward();
        update(&mut theirs, &gradients);

        let what = format!("{constants:?}, step {step}");
        assert_close(&widen(ours.values()), &widen(&parameters(&theirs)), tolerance, &what);
    }
}

fn adam_agrees<E: Real>(learning_rate: f64, betas: [f64; 2], eps: f64, tolerance: f64)
where
    Cpu: Device<E>,
{
    let config = AdamConfig { lr: learning_rate, betas, eps, weight_decay: None };
    let mut theirs: DfdxAdam<Model<E>, E, Cpu> = DfdxAdam::new(&model(&[E::ZERO; 57]), config);
    let ours = AdamConstants { beta1: betas[0], beta2: betas[1], epsilon: eps };
    train(
        (learning_rate, ours),
        |model, gradients| theirs.update(model, gradients).unwrap(),
        tolerance,
    );
}

#[test]
fn adam_agrees_with_dfdx() {
    let paper = AdamConstants { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
    assert_eq!(AdamConstants::default(), paper);
    adam_agrees::<f64>(0.01, [0.9, 0.999], 1e-8, 1e-10);
    adam_agrees::<f64>(0.1, [0.5, 0.8], 1e-3, 1e-10);
    // dfdx computes 1 − β₂ᵗ in `f32`, where cancellation leaves five digits at the first steps.
    adam_agrees::<f32>(0.01, [0.9, 0.999], 1e-8, 1e-4);
    adam_agrees::<f32>(0.01, [0.5, 0.75], 1e-3, 2e-6);
}

/// Steps in `f32` equal those in `f64` for the same gradients, up to rounding.
#[test]
fn both_types_take_the_same_steps() {
    let mut double = normals("parameters", 37);
    let mut single: Vec<f32> = narrow(&double);
    let constants = AdamConstants::default();
    let (mut in_double, mut in_single) = (Adam::new(37, constants), Adam::new(37, constants));
    for step in 0..STEPS {
        let gradient = normals(&format!("gradient {step}"), 37);
        let narrowed: Vec<f32> = narrow(&gradient);
        in_double.step(0.01, &mut double, &gradient);
        in_single.step(0.01, &mut single, &narrowed);
    }
    assert_close(&widen(&single), &double, 1e-6, "f32");
}

/// The parameter after steps of size 0.1.
fn stepped(constants: AdamConstants, start: f64, gradients: &[f64]) -> f64 {
    let mut adam = Adam::new(1, constants);
    let mut parameter = [start];
    for &gradient in gradients {
        adam.step(0.1, &mut parameter, &[gradient]);
    }
    parameter[0]
}

/// With the bias corrected, Adam's first step is −η·g/(|g| + ε) for any decay.
#[test]
fn adams_first_steps_in_closed_form() {
    for gradient in [3.0, -0.5, 1e-3, 0.0] {
        for (beta1, beta2) in [(0.9, 0.999), (0.5, 0.1), (0.0, 0.0)] {
            let adam = AdamConstants { beta1, beta2, epsilon: 1e-2 };
            let first = 2.0 - 0.1 * gradient / (gradient.abs() + 1e-2);
            assert_close(&[stepped(adam, 2.0, &[gradient])], &[first], 1e-14, "first step");
            // After a second equal gradient, the corrected means are the same again.
            let second = 2.0 * first - 2.0;
            let twice = stepped(adam, 2.0, &[gradient, gradient]);
            assert_close(&[twice], &[second], 1e-14, "second step");
        }
    }
    // m₂/(1 − β₁²) and v₂/(1 − β₂²) for the gradients 1 and −2.
    let adam = AdamConstants { beta1: 0.9, beta2: 0.99, epsilon: 0.0 };
    let (m, v) = ((0.09 - 0.2) / 0.19, (0.0099 + 0.04) / 0.0199f64);
    let expected = -0.1 - 0.1 * m / v.sqrt();
    assert_close(&[stepped(adam, 0.0, &[1.0, -2.0])], &[expected], 1e-13, "two gradients");
}

#[test]
fn without_a_gradient_nothing_moves() {
    Adam::<f64>::new(0, AdamConstants::default()).step(0.1, &mut [], &[]);
    assert_eq!(stepped(AdamConstants::default(), 1.5, &[0.0, 0.0]), 1.5);
}

#[test]
#[should_panic(expected = "parameters of the optimizer")]
fn the_number_of_parameters_is_fixed() {
    Adam::new(2, AdamConstants::default()).step(0.1, &mut [0.0; 3], &[0.0; 3]);
}

#[test]
#[should_panic(expected = "one gradient per parameter")]
fn every_parameter_has_a_gradient() {
    Adam::new(3, AdamConstants::default()).step(0.1, &mut [0.0; 3], &[0.0; 2]);
}
