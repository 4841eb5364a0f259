//! Every kernel gives the same bits on every instruction set of this machine.
//!
//! A binary of its own, because the level belongs to the process.

// A test that cannot be set up fails.
#![allow(clippy::unwrap_used)]

// This binary uses only a part of it.
#[allow(dead_code)]
#[path = "suite/reference.rs"]
mod reference;

use dfdx::prelude::{Cpu, Device};
use kernels::product::{Finish, Matrix, Start, Sums, inner_product, product, sum_rows};
use kernels::simd::Level;
use kernels::tape::{self, Node, Recording, Weights};
use kernels::{
    Adam, AdamConstants, Data, Initial, Input, Noise, Packed, Perceptron, Real, rows, rowwise,
};
use reference::*;

/// A kernel's name and its results, widened to `f64`, which keeps all their bits.
type Kernel = (&'static str, fn() -> Vec<f64>);

fn kernels<E: Real>() -> Vec<Kernel>
where
    Cpu: Device<E>,
{
    vec![
        ("products", products::<E>),
        ("perceptron", perceptron::<E>),
        ("sums of losses", sums::<E>),
        ("rows", of_rows::<E>),
        ("packed", packed::<E>),
        ("exp, ln and tanh", elementary::<E>),
        ("exp and ln of many numbers", exp_and_ln::<E>),
        ("noise", noise::<E>),
        ("optimizer", optimizer::<E>),
    ]
}

/// All kernels in one test, because the level belongs to the process.
#[test]
fn every_kernel_gives_the_same_bits_on_every_level() {
    let all = [kernels::<f32>(), kernels::<f64>()].concat();
    let mut expected: Vec<Vec<u64>> = vec![];
    for level in Level::ALL {
        if Level::force(level) != level {
            continue; // This processor does not have the instructions.
        }
        assert_eq!(Level::current(), level);
        for (i, (name, kernel)) in all.iter().enumerate() {
            let bits: Vec<u64> = kernel().into_iter().map(f64::to_bits).collect();
            assert!(bits.len() > 16, "{name} computes too little");
            match level {
                Level::Portable => expected.push(bits),
                _ => assert!(bits == expected[i], "{name} (of {i}) on {}", level.name()),
            }
        }
    }
    assert_eq!(expected.len(), all.len());
    let widest = Level::detected();
    assert_eq!(Level::force(Level::Avx512), widest, "never more than the processor has");
}

/// The level is the widest that the environment allows. A child process reports it.
#[test]
fn the_environment_caps_the_level() {
    const REPORTS: &str = "KERNELS_TEST_REPORTS_LEVEL";
    if std::env::var(REPORTS).is_ok() {
        println!("level {}", Level::current().name());
        return;
    }
    let current = |value: &str| {
        let mut child = std::process::Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", "the_environment_caps_the_level", "--nocapture"]);
        let output = child.env(REPORTS, "").env("ARGMAX_LAB_SIMD", value).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let named = |level: &Level| text.contains(&format!("level {}\n", level.name()));
        Level::ALL.into_iter().find(named).unwrap()
    };
    for level in Level::ALL {
        assert_eq!(current(level.name()), level.min(Level::detected()));
    }
    assert_eq!(current("no such level"), Level::detected());
}

fn numbers<E: Real>(salt: &str, count: usize) -> Vec<E> {
    narrow(&normals(salt, count))
}

fn products<E: Real>() -> Vec<f64> {
    let mut all = vec![];
    for (m, k, n) in [(1, 1, 1), (3, 5, 7), (17, 33, 9), (31, 16, 70), (40, 50, 16), (100, 784, 32)]
    {
        let x = Packed::pack(&numbers::<E>("x", m * k), k);
        let (w, bias) = (numbers::<E>("w", k * n), numbers::<E>("bias", n));
        let gate = numbers("gate", m * n)
            .iter()
            .map(|x: &E| if *x < E::ZERO { E::ZERO } else { *x })
            .collect::<Vec<_>>();
        let gate = Packed::pack(&gate, n);
        let (straight, turned) = (Matrix::new(&w, k, n), Matrix::new(&w, n, k).transposed());
        for (w, start) in [(straight, Start::Zero), (turned, Start::Bias(&bias))] {
            let leaky = [Finish::LeakyRelu(E::of(0.2)), Finish::LeakyGate(&gate, E::of(0.2))];
            let others = [Finish::Keep, Finish::Relu, Finish::Gate(&gate)];
            for finish in others.into_iter().chain(leaky) {
                all.extend(widen(&product(&x, w, start, finish).unpack()));
            }
        }
        let (turned, mut sums) = (x.transposed(), numbers::<E>("sums", k * n));
        inner_product(&turned, &gate, Sums::Add(&mut sums));
        all.extend(widen(&sums));
        sum_rows(&gate, Sums::Add(&mut sums[..n]));
        all.extend(widen(&sums[..n]));
        all.extend(widen(&turned.unpack()));
    }
    all
}

fn perceptron<E: Real>() -> Vec<f64>
where
    Cpu: Device<E>,
{
    let mut initial = Initial::<E>::new();
    let network = Perceptron::new(&mut initial, &[19, 33, 8, 5], &mut Noise::named(&["levels"]));
    let mut parameters = initial.build();
    let mut adam = Adam::new(parameters.values().len(), AdamConstants::default());
    for step in 0..5 {
        let x = Packed::pack(&numbers(&format!("x {step}"), 23 * 19), 19);
        let mut tape = Recording::default();
        let y = network.forward(&parameters, Input::Data(Data::from_rows(x)), &mut tape);
        let loss = tape::weigh(tape, y, Weights::Mean).unwrap();
        dfdx::prelude::Backward::backward(loss);
        parameters.update(|values, gradient| adam.step(0.01, values, gradient));
    }
    widen(parameters.values())
}

/// Logits, some of them extreme or masked.
fn logits<E: Real>(rows: usize, k: usize) -> Vec<E> {
    let mut logits = numbers::<E>("logits", rows * k);
    for (i, x) in logits.iter_mut().enumerate().filter(|(i, _)| i % k > 0) {
        *x = match i % 11 {
            3 => E::NEGATIVE_INFINITY,
            5 => E::of(-1e4),
            _ => *x,
        };
    }
    logits
}

fn sums<E: Real>() -> Vec<f64> {
    let mut all = vec![];
    for count in 1..40 {
        let losses = Packed::pack(&numbers::<E>("losses", count), 1);
        let weights = Packed::pack(&numbers("weights", count), 1);
        all.push(losses.total());
        for weights in [Weights::Mean, Weights::Each(weights)] {
            let losses = Node::new(losses.clone());
            let sum = tape::weigh(Recording::default(), losses, weights).unwrap();
            all.extend(widen(&tape::values(&sum)));
        }
    }
    all
}

rowwise! {
    fn jacobian_product(p, g => v) {
        rows::add_jacobian_product(p, g, V::splat(E::of(0.7)), v);
    }
}

fn of_rows<E: Real>() -> Vec<f64> {
    let mut all = vec![];
    for (count, k) in [(1, 2), (17, 3), (33, 19), (4, 1000)] {
        let logits = Packed::pack(&logits::<E>(count, k), k);
        let p = rows::softmax(&logits, E::of(1.3));
        all.extend(widen(&rows::argmax(&logits).unpack()));
        let mut v = Packed::zeros(count, k);
        jacobian_product(&p, &Packed::pack(&numbers::<E>("g", count * k), k), &mut v);
        all.extend(widen(&v.unpack()));
        all.extend(widen(&rows::categorical(&p, 7, &mut Noise::named(&["levels"])).unpack()));
        all.extend(widen(&rows::log_softmax(&logits, E::of(1.3)).unpack()));
        all.extend(widen(&p.unpack()));
    }
    all
}

fn packed<E: Real>() -> Vec<f64> {
    let mut all = vec![];
    for (count, k) in [(1, 1), (15, 9), (16, 8), (33, 19)] {
        let a = Packed::pack(&numbers::<E>("a", count * k), k);
        let b = Packed::pack(&numbers::<E>("b", count * k), k);
        let mut sum = a.clone();
        sum.add(&b);
        sum.subtract(&a.clone().repeat_rows(3).sum_rows(3));
        let parts = [sum.unpack(), sum.to_columns(), a.row_dots(&b).unpack()];
        parts.iter().for_each(|part| all.extend(widen(part)));
    }
    all
}

fn elementary<E: Real>() -> Vec<f64> {
    let mut all = vec![];
    let mut arguments: Vec<E> = (-4000..4000).map(|i| E::of(f64::from(i) * 0.19)).collect();
    arguments.extend([E::ZERO, E::INFINITY, E::NEGATIVE_INFINITY, E::of(1e-310), E::of(1e-40)]);
    for &x in &arguments {
        all.extend([x.exp().widen(), x.abs().ln().widen(), E::exp_inline(x).widen()]);
    }
    let packed = Packed::pack(&arguments.iter().map(|x| x.exp()).collect::<Vec<E>>(), 1);
    all.extend(widen(&packed.ln().unpack()));
    let mut packed = Packed::pack(&arguments, 1);
    packed.tanh();
    all.extend(widen(&packed.unpack()));
    all
}

rowwise! {
    fn exponentials(=> x) {
        x[0] = x[0].exp();
    }
}

rowwise! {
    fn logarithms(=> x) {
        x[0] = x[0].ln();
    }
}

/// Arguments over the whole range of exp, and positive numbers of every binade of `f32`.
fn exp_and_ln<E: Real>() -> Vec<f64> {
    let scale = if E::NAME == "f64" { 7.1 } else { 1.0 };
    let arguments = (0..200_000).map(|k| E::of(scale * f64::from((k as f32 - 1e5) * 1.03e-3)));
    let positive = (0..200_000).map(|k| E::of(f64::from(f32::from_bits(k * 10_000 + 1))));
    let mut exp = Packed::pack(&arguments.collect::<Vec<E>>(), 1);
    let mut ln = Packed::pack(&positive.collect::<Vec<E>>(), 1);
    exponentials(&mut exp);
    logarithms(&mut ln);
    [widen(&exp.unpack()), widen(&ln.unpack())].concat()
}

fn noise<E: Real>() -> Vec<f64> {
    let stream = || Noise::named(&["levels"]);
    let mut all = vec![];
    for (count, k) in [(1, 1), (17, 3), (300, 2)] {
        all.extend(widen(&stream().uniforms::<E>(count, k).unpack()));
        all.extend(widen(&stream().gaussians::<E>(count, k).unpack()));
        all.extend(widen(&stream().exponentials::<E>(count, k).unpack()));
        all.extend(widen(&stream().gumbels::<E>(count, k).unpack()));
        all.extend(stream().normals(count));
    }
    all
}

fn optimizer<E: Real>() -> Vec<f64> {
    let mut all = vec![];
    for count in [1, 15, 16, 37] {
        let mut adam = Adam::new(count, AdamConstants::default());
        let mut parameters = numbers::<E>("parameters", count);
        for step in 0..20 {
            adam.step(0.01, &mut parameters, &numbers(&format!("gradient {step}"), count));
            all.extend(widen(&parameters));
        }
    }
    all
}
