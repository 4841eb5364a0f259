//! Reproducible numbers, and checks of operations against dfdx's and against central differences.

use dfdx::prelude::*;
use kernels::tape::Recording;
use kernels::{Noise, Real};
use proptest::test_runner::{Config, RngSeed};

/// The same 32 cases on every run.
pub fn config() -> Config {
    let rng_seed = RngSeed::Fixed(0x5eed);
    Config { cases: 32, rng_seed, failure_persistence: None, ..Config::default() }
}

/// Standard normal numbers, determined by a name.
pub fn normals(salt: &str, count: usize) -> Vec<f64> {
    Noise::named(&["tests", salt]).normals(count)
}

pub fn narrow<E: Real>(numbers: &[f64]) -> Vec<E> {
    numbers.iter().map(|&x| E::of(x)).collect()
}

pub fn widen<E: Real>(numbers: &[E]) -> Vec<f64> {
    numbers.iter().map(|&x| x.widen()).collect()
}

pub fn tensor<S: Shape, E: Real>(numbers: &[E], shape: S) -> Tensor<S, E, Cpu> {
    Cpu::default().tensor_from_vec(numbers.to_vec(), shape)
}

/// Asserts that all differences are at most `tolerance` times the larger of 1 and the largest
/// |number| of `theirs`.
#[track_caller]
pub fn assert_close(ours: &[f64], theirs: &[f64], tolerance: f64, what: &str) {
    assert_eq!(ours.len(), theirs.len(), "{what}: lengths");
    let scale = theirs.iter().fold(1.0f64, |top, x| top.max(x.abs()));
    for (i, (a, b)) in ours.iter().zip(theirs).enumerate() {
        assert!((a - b).abs() <= tolerance * scale, "{what}, element {i}: {a} and not {b}");
    }
}

/// The value that every gradient starts from, to detect operations that overwrite instead of
/// adding.
pub const SEED: f64 = 0.25;

/// A tensor of any shape that can have a gradient.
pub trait Place<E: Real> {
    fn seed(&self, gradients: &mut Gradients<E, Cpu>);
    fn gradient(&self, gradients: &Gradients<E, Cpu>) -> Vec<f64>;
}

impl<S: Shape, E: Real> Place<E> for Tensor<S, E, Cpu> {
    fn seed(&self, gradients: &mut Gradients<E, Cpu>) {
        gradients.get_or_alloc_mut(self).unwrap().fill(E::of(SEED));
    }
    fn gradient(&self, gradients: &Gradients<E, Cpu>) -> Vec<f64> {
        widen(&gradients.get(self).as_vec())
    }
}

/// A tape on which each input's gradient starts from [`SEED`].
pub fn start<E: Real>(inputs: &[&dyn Place<E>]) -> Recording<E> {
    let mut gradients = Gradients::leaky();
    inputs.iter().for_each(|input| input.seed(&mut gradients));
    tensor(&[E::ZERO], ()).traced(gradients).split_tape().1
}

/// The results of an operation, and the gradient of their weighted sum with respect to each input.
#[derive(Debug)]
pub struct Outcome {
    pub values: Vec<f64>,
    pub gradients: Vec<Vec<f64>>,
}

/// Differentiates Σ w·y with random weights.
pub fn outcome<S, E: Real>(y: Tensor<S, E, Cpu, Recording<E>>, inputs: &[&dyn Place<E>]) -> Outcome
where
    Cpu: Device<E>,
    S: Shape + ReduceShape<S::AllAxes, Reduced = ()>,
{
    let values = widen(&y.as_vec());
    let w = tensor(&narrow(&weights(values.len())), *y.shape());
    let gradients = (y * w).sum::<(), S::AllAxes>().backward();
    Outcome { values, gradients: inputs.iter().map(|x| x.gradient(&gradients)).collect() }
}

fn weights(count: usize) -> Vec<f64> {
    normals("weights", count)
}

/// An operation of `kernels::tape`, and the same composed from dfdx's operations.
pub trait Operation {
    fn ours<E: Real>(&self, inputs: &[Vec<E>]) -> Outcome
    where
        Cpu: Device<E>;
    fn composed<E: Real>(&self, inputs: &[Vec<E>]) -> Outcome
    where
        Cpu: Device<E>;

    /// Whether an input has a gradient.
    fn learned(&self, _input: usize) -> bool {
        true
    }
}

/// Compares both types with dfdx's operations, with each other, and with central differences.
#[track_caller]
pub fn check(operation: &impl Operation, inputs: &[Vec<f64>], what: &str) {
    let double = operation.ours::<f64>(inputs);
    same(&double, &operation.composed::<f64>(inputs), 1e-12, &format!("{what}, f64 and dfdx"));
    let narrowed: Vec<Vec<f32>> = inputs.iter().map(|input| narrow(input)).collect();
    let single = operation.ours::<f32>(&narrowed);
    let composed = operation.composed::<f32>(&narrowed);
    same(&single, &composed, 2e-5, &format!("{what}, f32 and dfdx"));
    same(&single, &double, 2e-5, &format!("{what}, f32 and f64"));
    differences(operation, inputs, &double, what);
}

#[track_caller]
fn same(ours: &Outcome, theirs: &Outcome, tolerance: f64, what: &str) {
    assert_close(&ours.values, &theirs.values, tolerance, &format!("{what}: values"));
    for (i, (a, b)) in ours.gradients.iter().zip(&theirs.gradients).enumerate() {
        assert_close(a, b, tolerance, &format!("{what}: gradient of input {i}"));
    }
}

/// The most numbers of an input that are perturbed for central differences.
const MOVED: usize = 24;

#[track_caller]
fn differences(operation: &impl Operation, inputs: &[Vec<f64>], ours: &Outcome, what: &str) {
    let mut inputs = inputs.to_vec();
    let step = 1e-5;
    for i in 0..inputs.len() {
        let count = inputs[i].len();
        for element in (0..count).step_by(count.div_ceil(MOVED).max(1)) {
            let x = inputs[i][element];
            let mut sum = |x: f64| {
                inputs[i][element] = x;
                let values = operation.ours::<f64>(&inputs).values;
                values.iter().zip(weights(values.len())).map(|(y, w)| y * w).sum::<f64>()
            };
            let slope = (sum(x + step) - sum(x - step)) / (2.0 * step);
            sum(x);
            let slope = if operation.learned(i) { slope } else { 0.0 };
            let gradient = ours.gradients[i][element] - SEED;
            assert!(
                (gradient - slope).abs() <= 1e-6 * slope.abs().max(1.0),
                "{what}: gradient of input {i}, element {element}: {gradient} and not {slope}"
            );
        }
    }
}
