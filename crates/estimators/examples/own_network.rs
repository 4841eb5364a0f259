//! Backpropagation through argmax in your own dfdx network. A classifier chooses one of three
//! categories, a linear head has a value for each, and the value of the choice should match a target.

use dfdx::optim::{Adam, AdamConfig};
use dfdx::prelude::*;
use estimators::{Kind, Logits, Noise, SquaredPick, kinds::ReinMax};

type Classifier = (Linear<4, 16>, ReLU, Linear<16, 3>);
type Head = Linear<4, 3>;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let device = Cpu::default();
    let mut network = device.build_module::<(Classifier, Head), f32>();
    let mut adam = Adam::new(&network, AdamConfig { lr: 0.01, ..Default::default() });
    let mut gradients = network.alloc_grads();
    let mut estimator = ReinMax::default().build();
    let noise = Noise::named(&["own network"]);
    for step in 0..=1000 {
        // Sixty-four rows of four numbers. The target is one of them; the signs of two others say which.
        let rows = noise.at(2 * step).normals(256).into_iter().map(|x| x as f32).collect();
        let x: Tensor<Rank2<64, 4>, f32, _> = device.tensor_from_vec(rows, (Const, Const));
        let target = |r: &[f32; 4]| if r[2] > 0.0 { r[0] } else { r[usize::from(r[3] > 0.0)] };
        let targets: Vec<f32> = x.array().iter().map(target).collect();
        // The head's values and the classifier's logits share a tape.
        let (values, tape) = network.1.forward(x.clone().traced(gradients)).split_tape();
        let logits = network.0.forward(x.put_tape(tape)).reshape_like(&(64, 1, 3));
        let objective = SquaredPick::new(values.reshape_like(&(64, 3)), &targets);
        let logits = Logits::of(logits)?;
        let surrogate = estimator.surrogate(logits, &objective, &mut noise.at(2 * step + 1))?;
        if step % 200 == 0 {
            println!("step {step}: loss {:.3}", surrogate.loss());
        }
        gradients = surrogate.backward()?;
        adam.update(&mut network, &gradients)?;
        network.zero_grads(&mut gradients);
    }
    Ok(())
}
