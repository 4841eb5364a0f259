//! A discrete code: an autoencoder of sixteen numbers, through three latents of four categories.

use dfdx::optim::{Adam, AdamConfig};
use dfdx::prelude::*;
use estimators::{Choice, Kind, Logits, Losses, Noise, Objective, kinds::StraightThrough};

const LATENTS: usize = 3;
type Encoder = (Linear<16, 64>, ReLU, Linear<64, 12>);
type Decoder = (Linear<12, 64>, ReLU, Linear<64, 16>);
type Built = <Decoder as BuildOnDevice<Cpu, f32>>::Built;

/// The mean squared error of what the decoder makes of the code.
struct Decoded<'a>(&'a Built, Tensor<(usize, Const<16>), f32, Cpu>);

impl Objective<f32> for Decoded<'_> {
    fn loss(&self, choice: Choice<f32>) -> estimators::Result<Losses<f32>> {
        let (s, b) = (choice.samples(), choice.dims().batch);
        // A row for each sample, with its latents side by side.
        let code = choice.into_tensor()?.reshape_like(&(s * b, Const));
        let decoded = self.0.forward(code).reshape_like(&(s, b, Const));
        let error = decoded - self.1.clone().broadcast_like::<_, Axis<0>>(&(s, b, Const));
        Losses::of(error.square().mean::<_, Axis<2>>())
    }
}

/// The error of the argmax code on new rows. The decoder always learns.
pub fn train(encoder_learns: bool) -> Result<f64, Box<dyn std::error::Error>> {
    let (device, noise) = (Cpu::default(), Noise::named(&["discrete code"]));
    let mut network = device.build_module::<(Encoder, Decoder), f32>();
    let untrained = network.0.clone();
    let mut adam = Adam::new(&network, AdamConfig { lr: 0.003, ..Default::default() });
    let mut estimator = StraightThrough::default().build();
    let mut argmax = StraightThrough { sample: false, ..Default::default() }.build();
    // Each row is a sum of three patterns, one of each kind. A kind has four patterns.
    let patterns: Vec<f32> = noise.at(0).gaussians(LATENTS * 4, 16).unpack();
    for step in 1.. {
        let (rows, mut noise) = (if step < 2000 { 64 } else { 2000 }, noise.at(step));
        let picks = noise.indices(4, rows * LATENTS);
        let pattern = |i: usize, l| (l * 4 + picks[i / 16 * LATENTS + l] as usize) * 16 + i % 16;
        let number = |i| (0..LATENTS).map(|l| patterns[pattern(i, l)]).sum();
        let x = device.tensor_from_vec((0..rows * 16).map(number).collect(), (rows, Const::<16>));
        let logits = network.0.forward(x.clone().traced(network.alloc_grads()));
        let logits = Logits::of(logits.reshape_like(&(rows, LATENTS, 4)))?;
        let decoded = Decoded(&network.1, x);
        if step == 2000 {
            return Ok(argmax.estimate(logits, &decoded, &mut noise)?.loss());
        }
        let surrogate = estimator.surrogate(logits, &decoded, &mut noise)?;
        adam.update(&mut network, &surrogate.backward()?)?;
        network.0 = if encoder_learns { network.0 } else { untrained.clone() };
    }
    unreachable!("the loop ends by returning")
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("squared error, untrained: {:.3}, trained: {:.3}", train(false)?, train(true)?);
    Ok(())
}
