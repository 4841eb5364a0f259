//! Gated routing: of four experts one is computed for each row, and scaled by its probability.

use dfdx::optim::{Adam, AdamConfig};
use dfdx::prelude::*;
use estimators::{Choice, Domain, Error, Kind, Logits, Losses, Noise, Objective, kinds::Switch};

/// Four experts, each with eight hidden units: side by side in the first layer, a row each in the second.
type Experts = (UnbiasedLinear<4, 32>, UnbiasedLinear<8, 4>);
type Network = ((Linear<4, 32>, ReLU, Linear<32, 4>), Experts);

/// The squared error of outputs m·E_D(x), of gates m and picks D.
struct Mixture(<Experts as BuildOnDevice<Cpu, f32>>::Built, Vec<f32>, Vec<f32>);

impl Objective<f32> for Mixture {
    fn loss(&self, choice: Choice<f32>) -> estimators::Result<Losses<f32>> {
        let (Self((first, second), x, targets), device) = (self, Cpu::default());
        let picks = choice.gated_picks().ok_or(Error::Objective("a pick for each row".into()))?.0;
        let (picks, n) = (picks.unpack().into_iter().map(|pick| pick as usize), targets.len());
        let picks = device.tensor_from_vec(picks.collect(), (n,));
        let x = device.tensor_from_vec(x.clone(), (n, 4, 1));
        let targets = device.tensor_from_vec(targets.clone(), (1, n));
        // The only weight of a row is its gate, and its only expert the one that it picks.
        let (gates, tape) = choice.into_tensor()?.sum::<_, Axes2<2, 3>>().split_tape();
        let own = first.weight.clone().put_tape(tape).reshape::<Rank2<4, 32>>();
        let own = own.gather(picks.clone()).reshape_like(&(n, 8, 4));
        let (hidden, tape) = own.matmul(x).relu().split_tape();
        let own = second.weight.clone().put_tape(tape).gather(picks).reshape_like(&(n, 1, 8));
        Losses::of((own.matmul(hidden).reshape_like(&(1, n)) * gates - targets).square())
    }
    fn domain(&self) -> Domain {
        Domain::GatedPicks
    }
}

/// The loss on new rows, each sent to the expert with the largest logit, in the last of 1000 steps.
pub fn train(router_learns: bool) -> Result<f64, Box<dyn std::error::Error>> {
    let (device, noise, mut losses) = (Cpu::default(), Noise::named(&["routing"]), vec![]);
    let mut network = device.build_module::<Network, f32>();
    let mut adam = Adam::new(&network, AdamConfig { lr: 0.03, ..Default::default() });
    let (mut estimator, untrained) = (Switch::default().build(), network.0.clone());
    for step in 0..1000 {
        let x: Vec<f32> = noise.at(step).gaussians(128, 4).unpack();
        // Another law in each quarter of the inputs.
        let targets = x.chunks(4).map(|x| x[usize::from(x[2] > 0.0)] * x[3].signum()).collect();
        let rows = device.tensor_from_vec(x.clone(), (128, Const)).traced(network.alloc_grads());
        let logits = Logits::of(network.0.forward(rows).reshape_like(&(128, 1, 4)))?;
        let mixture = Mixture(network.1.clone(), x, targets);
        let surrogate = estimator.surrogate(logits, &mixture, &mut noise.at(step))?;
        losses.push(surrogate.loss());
        adam.update(&mut network, &surrogate.backward()?)?;
        network.0 = if router_learns { network.0 } else { untrained.clone() };
    }
    Ok(losses[900..].iter().sum::<f64>() / 100.0)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("squared error, untrained: {:.3}, trained: {:.3}", train(false)?, train(true)?);
    Ok(())
}
