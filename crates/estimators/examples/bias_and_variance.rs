//! Bias and variance of estimators on a problem of your own, measured against enumeration.

use dfdx::prelude::*;
use estimators::{Choice, Dims, Kind, Losses, Noise, Objective, Registry};
use estimators::{gradient, kinds::Exact, mean_gradient, refusal};

/// Two rows of three latents with four categories, so 64 joint outcomes of each row.
const DIMS: Dims = Dims { batch: 2, latents: 3, categories: 4 };
const DRAWS: usize = 4000;

/// The exponential of the sum of the chosen weights.
struct Growth(Tensor<(usize, usize), f64, Cpu>);

impl Objective<f64> for Growth {
    fn loss(&self, choice: Choice<f64>) -> estimators::Result<Losses<f64>> {
        let shape = (choice.samples(), choice.dims().batch, 3, 4);
        let weights = self.0.clone().broadcast_like::<_, Axes2<0, 1>>(&shape);
        Losses::of((choice.into_tensor()? * weights).sum::<_, Axes2<2, 3>>().exp())
    }
}

/// What was measured of an estimator: lengths of vectors, one number for each logit.
pub struct Quality {
    /// Of the difference between the mean estimate and the exact gradient.
    pub bias: f64,
    /// The standard error of the mean: an unbiased estimator has a bias of about this length.
    pub error: f64,
    /// The standard deviation of one estimate.
    pub deviation: f64,
}

/// The quality of an estimator, or why it does not serve this problem.
pub fn measure(name: &str) -> estimators::Result<Result<Quality, String>> {
    let noise = &mut Noise::named(&["bias and variance"]);
    let growth = Growth(Cpu::default().tensor_from_vec(noise.normals(12), (3, 4)));
    // Of your own network: its logits of some rows, `logits.as_vec()`.
    let logits = noise.normals(DIMS.elements());
    let mut estimator = Registry::standard().get(name)?.build(Default::default())?.build_f64();
    if let Some(reason) = refusal(&*estimator, DIMS, growth.domain()) {
        return Ok(Err(reason));
    }
    let exact = gradient(&mut *Exact {}.build(), &logits, DIMS, &growth, None, noise)?.logits;
    let found = mean_gradient(&mut *estimator, &logits, DIMS, &growth, DRAWS, noise)?;
    let bias: f64 = exact.iter().zip(&found.mean).map(|(x, mean)| (x - mean).powi(2)).sum();
    let error = found.error.iter().map(|x| x.powi(2)).sum::<f64>().sqrt();
    Ok(Ok(Quality { bias: bias.sqrt(), error, deviation: error * (DRAWS as f64).sqrt() }))
}

fn main() -> estimators::Result<()> {
    for name in ["exact", "straight-through", "reinmax", "gumbel-softmax", "reinforce-loo", "arm"] {
        match measure(name)? {
            Ok(q) => println!("{name}: bias {:.3} ± {:.3}, σ {:.3}", q.bias, q.error, q.deviation),
            Err(reason) => println!("{name}: {reason}"),
        }
    }
    Ok(())
}
