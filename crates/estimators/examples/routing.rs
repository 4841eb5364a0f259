//! Routing: a router sends each row to one of four small networks, the experts. Only the loss teaches it.

use dfdx::optim::{Adam, AdamConfig};
use dfdx::prelude::*;
use estimators::{Choice, Domain, Error, Kind, Logits, Losses, Noise, Objective, kinds::Exact};

type Expert = (Linear<4, 8>, ReLU, Linear<8, 1>);
type Network = ((Linear<4, 32>, ReLU, Linear<32, 4>), SplitInto<(Expert, Expert, Expert, Expert)>);

/// The loss of the chosen expert, of the losses of all, [B, K].
pub struct Routed(pub Tensor<(usize, usize), f32, Cpu>);

impl Objective<f32> for Routed {
    fn loss(&self, choice: Choice<f32>) -> estimators::Result<Losses<f32>> {
        let shape = (choice.samples(), choice.dims().batch);
        let picks = choice.picks().ok_or(Error::Objective("an expert is chosen or not".into()))?;
        let picks = picks.into_iter().map(|pick| pick as usize).collect();
        let picks = Cpu::default().tensor_from_vec(picks, shape).permute::<_, Axes2<1, 0>>();
        let losses = self.0.clone().put_tape(choice.into_tape());
        Losses::of(losses.gather::<(usize, usize), _>(picks).permute::<_, Axes2<1, 0>>())
    }
    fn domain(&self) -> Domain {
        Domain::Vertices
    }
}

/// The loss on new rows, each sent to the expert with the largest logit. The experts always learn.
pub fn train(router_learns: bool) -> Result<f32, Box<dyn std::error::Error>> {
    let (device, noise) = (Cpu::default(), Noise::named(&["routing"]));
    let mut network = device.build_module::<Network, f32>();
    let mut adam = Adam::new(&network, AdamConfig { lr: 0.01, ..Default::default() });
    let (mut estimator, untrained) = (Exact {}.build(), network.0.clone());
    for step in 0.. {
        let (rows, mut noise) = (if step < 1000 { 64 } else { 2000 }, noise.at(step));
        let numbers: Vec<f32> = noise.gaussians(rows, 4).unpack();
        // Another law in each quarter of the inputs.
        let law = |x: &[f32]| [x[usize::from(x[2] > 0.0)] * x[3].signum(); 4];
        let targets = device.tensor_from_vec(numbers.chunks(4).flat_map(law).collect(), (rows, 4));
        let x = device.tensor_from_vec(numbers, (rows, Const::<4>));
        let (a, b, c, d) = network.1.forward(x.clone().traced(network.alloc_grads()));
        let outputs = [a, b, c, d].stack().reshape_like(&(4, rows)).permute::<_, Axes2<1, 0>>();
        let (losses, tape) = (outputs - targets).square().split_tape();
        let logits = network.0.forward(x.put_tape(tape)).reshape_like(&(rows, 1, 4));
        if step == 1000 {
            let best = |l: &[f32]| (0..4).max_by(|&i, &j| l[i].total_cmp(&l[j])).unwrap_or(0);
            let picks = logits.as_vec().chunks(4).map(best).collect();
            return Ok(losses.select(device.tensor_from_vec(picks, (rows,))).mean().array());
        }
        let surrogate = estimator.surrogate(Logits::of(logits)?, &Routed(losses), &mut noise)?;
        adam.update(&mut network, &surrogate.backward()?)?;
        network.0 = if router_learns { network.0 } else { untrained.clone() };
    }
    unreachable!("the loop ends by returning")
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("squared error, untrained: {:.3}, trained: {:.3}", train(false)?, train(true)?);
    Ok(())
}
