//! Gated routing: of four experts one is computed for each row, and scaled by its probability.

use dfdx::optim::{Adam, AdamConfig};
use dfdx::prelude::*;
use estimators::{Choice, Domain, Error, Kind, Logits, Losses, Noise, Objective, kinds::Switch};

type Expert = (Linear<4, 8>, ReLU, Linear<8, 1>);
type Experts = (Expert, Expert, Expert, Expert);
type Network = ((Linear<4, 32>, ReLU, Linear<32, 4>), Experts);
type Rows<const N: usize> = Tensor<(usize, Const<N>), f32, Cpu>;

/// The squared error of outputs m·E_D(x), of gates m and picks D.
struct Mixture(<Experts as BuildOnDevice<Cpu, f32>>::Built, Rows<4>, Rows<1>);

impl Objective<f32> for Mixture {
    fn loss(&self, choice: Choice<f32>) -> estimators::Result<Losses<f32>> {
        let (Self((a, b, c, d), x, targets), device) = (self, Cpu::default());
        let picks = choice.gated_picks().map(|(picks, _)| picks.unpack());
        let picks = picks.ok_or(Error::Objective("one expert is computed for each row".into()))?;
        // The only weight of a row is its gate.
        let (gates, mut tape) = choice.into_tensor()?.sum::<_, Axes2<2, 3>>().split_tape();
        let mut y = device.zeros_like(&(Const::<1>, picks.len()));
        for (k, expert) in [a, b, c, d].into_iter().enumerate() {
            let own: Vec<_> = (0..picks.len()).filter(|&row| picks[row] == k as f32).collect();
            if !own.is_empty() {
                let mut places = device.zeros_like(&(own.len(), picks.len()));
                own.iter().enumerate().for_each(|(i, &row)| places[[i, row]] = 1.0);
                let own = device.tensor_from_vec(own.clone(), (own.len(),));
                let outputs = expert.forward(x.clone().gather(own).put_tape(tape));
                (y, tape) = (outputs.permute::<_, Axes2<1, 0>>().matmul(places) + y).split_tape();
            }
        }
        let shape = (1, picks.len());
        let (y, targets) = (y.reshape_like(&shape), targets.clone().reshape_like(&shape));
        Losses::of((y.put_tape(tape) * gates - targets).square())
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
        let numbers: Vec<f32> = noise.at(step).gaussians(128, 4).unpack();
        // Another law in each quarter of the inputs.
        let law = |x: &[f32]| x[usize::from(x[2] > 0.0)] * x[3].signum();
        let targets = numbers.chunks(4).map(law).collect();
        let targets = device.tensor_from_vec(targets, (128, Const::<1>));
        let x = device.tensor_from_vec(numbers, (128, Const::<4>));
        let logits = network.0.forward(x.clone().traced(network.alloc_grads()));
        let logits = Logits::of(logits.reshape_like(&(128, 1, 4)))?;
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
