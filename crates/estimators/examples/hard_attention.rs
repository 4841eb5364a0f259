//! Hard attention: a network looks at one of eight places and reads the four numbers there. The right
//! place is the one with the largest product of its two marks, but only the loss says so.

use dfdx::optim::{Adam, AdamConfig};
use dfdx::prelude::*;
use estimators::kinds::{ReinMax, StraightThrough};
use estimators::{Choice, Kind, Logits, Losses, Noise, Objective};

const K: usize = 8;
/// From the marks of a place to its logit.
type Network = (Linear<2, 32>, ReLU, Linear<32, 1>);
type Numbers<S> = Tensor<S, f32, Cpu>;

/// The squared distance of what is at the chosen place, of [B, K, 4], from the targets, [B, 4].
struct Reading(Numbers<(usize, usize, Const<4>)>, Numbers<(usize, Const<4>)>);

impl Objective<f32> for Reading {
    fn loss(&self, choice: Choice<f32>) -> estimators::Result<Losses<f32>> {
        let (s, b) = (choice.samples(), choice.dims().batch);
        let all = (s, b, K, Const::<4>);
        let z = choice.into_tensor()?.reshape_like(&(s, b, K)).broadcast_like::<_, Axis<3>>(&all);
        let read = (z * self.0.clone().broadcast_like::<_, Axis<0>>(&all)).sum::<_, Axis<2>>();
        let distance = read - self.1.clone().broadcast_like::<_, Axis<0>>(&(s, b, Const));
        Losses::of(distance.square().sum::<_, Axis<2>>())
    }
}

/// The loss of the argmax on new rows, after so many steps.
pub fn train(steps: u64) -> Result<f64, Box<dyn std::error::Error>> {
    let (device, noise) = (Cpu::default(), Noise::named(&["hard attention"]));
    let mut network = device.build_module::<Network, f32>();
    let mut adam = Adam::new(&network, AdamConfig { lr: 0.01, ..Default::default() });
    let mut estimator = ReinMax::default().build();
    let mut argmax = StraightThrough { sample: false, ..Default::default() }.build();
    for step in 0.. {
        let (rows, mut noise) = (if step < steps { 64 } else { 2000 }, noise.at(step));
        let [marks, contents] = [2, 4].map(|n| noise.gaussians(rows * K, n).unpack());
        let product = |i: usize| -> f32 { marks[2 * i] * marks[2 * i + 1] };
        let best = |b| (b * K..b * K + K).max_by(|&i, &j| product(i).total_cmp(&product(j)));
        let found = (0..rows).filter_map(best).flat_map(|i| contents[4 * i..4 * i + 4].to_vec());
        let found = device.tensor_from_vec(found.collect(), (rows, Const));
        let reading = Reading(device.tensor_from_vec(contents, (rows, K, Const)), found);
        let marks = device.tensor_from_vec(marks, (rows, K, Const::<2>));
        let marks = marks.traced(network.alloc_grads());
        let logits = network.forward(marks).reshape_like(&(rows, 1, K));
        let logits = Logits::of(logits)?;
        if step == steps {
            return Ok(argmax.estimate(logits, &reading, &mut noise)?.loss());
        }
        let surrogate = estimator.surrogate(logits, &reading, &mut noise)?;
        adam.update(&mut network, &surrogate.backward()?)?;
    }
    unreachable!("the loop ends by returning")
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("squared distance, untrained: {:.3}, trained: {:.3}", train(0)?, train(1500)?);
    Ok(())
}
