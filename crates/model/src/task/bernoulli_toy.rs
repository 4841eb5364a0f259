use super::{Task, TaskKind};
use crate::{Metric, Probe, Result, Training, training};
use estimators::objectives::BitSumSquares;
use estimators::{Dims, Domain, Estimator, Fault, Logits};
use kernels::tape::{Node, Recording};
use kernels::{Noise, Optimizer, OptimizerState, Packed, Real};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::sync::Arc;

/// Bits that share one logit: small enough that every mean and variance is known.
///
/// L bits b_n are 1 with probability σ(φ), all with the same φ, which is all that is learned; the
/// loss of a row is Σ_n (b_n − t_n)². Gradients are those for φ: the sum over the bits. The toy of
/// Liu et al. 2019, arXiv:1810.04777, and Kool et al. 2020, arXiv:2002.06043, who plot variances at
/// φ = 0 and φ = −4.
///
/// Metrics: `validation-loss`, the expected loss Σ_n σ(φ) (1 − t_n)² + (1 − σ(φ)) t_n², as bits are
/// deployed by sampling; `probability`, σ(φ).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct BernoulliToy {
    /// φ at the beginning.
    pub logit: f64,
    /// t, one a bit: from 1 to 16 of them.
    pub targets: Vec<f64>,
}

impl Default for BernoulliToy {
    fn default() -> Self {
        Self { logit: 0.0, targets: vec![0.6, 0.51, 0.48] }
    }
}

impl TaskKind for BernoulliToy {
    const NAME: &'static str = "bernoulli-toy";
    const SUMMARY: &'static str = "one logit that bits share, each with a target";
    const VERSION: u32 = 1;

    fn check(&self) -> Result<(), Fault> {
        if !self.logit.is_finite() {
            return Err(Fault::value("logit", self.logit, "a finite number"));
        }
        let count = self.targets.len();
        if !(1..=16).contains(&count) {
            return Err(Fault::value("targets", format!("{count} of them"), "1 to 16 numbers"));
        }
        match self.targets.iter().find(|target| !target.is_finite()) {
            Some(target) => Err(Fault::value("targets", target, "finite numbers")),
            None => Ok(()),
        }
    }

    fn load(self, _: &Path) -> Result<Arc<dyn Task>> {
        Ok(Arc::new(self))
    }
}

impl BernoulliToy {
    fn dims(&self, batch: usize) -> Dims {
        Dims { batch, latents: self.targets.len(), categories: 2 }
    }

    fn objective(&self) -> BitSumSquares {
        BitSumSquares { targets: self.targets.clone() }
    }

    /// The logits (0, φ) of each bit of each row.
    fn logits<E: Real>(&self, logit: E, batch: usize) -> Packed<E> {
        Packed::pack(&[E::ZERO, logit].repeat(self.targets.len() * batch), 2)
    }
}

/// The gradient for φ: the sum of those for the second logit of each bit.
fn tied<E: Real>(logits: &[E]) -> E {
    let mut sum = E::ZERO;
    logits.chunks_exact(2).for_each(|pair| sum += pair[1]);
    sum
}

impl Task for BernoulliToy {
    fn start(&self, _: u64, batch: usize, optimizer: Optimizer) -> Result<Box<dyn Training>> {
        Ok(Box::new(InTraining {
            toy: self.clone(),
            batch,
            logit: [self.logit as f32],
            optimizer: OptimizerState::new(optimizer, 1),
        }))
    }

    fn place(&self, _: u64, batch: usize) -> Result<Box<dyn Probe<f64>>> {
        Ok(Box::new(At { toy: self.clone(), batch, logit: self.logit }))
    }
}

struct InTraining {
    toy: BernoulliToy,
    batch: usize,
    /// φ
    logit: [f32; 1],
    optimizer: OptimizerState<f32>,
}

impl Training for InTraining {
    fn dims(&self) -> Dims {
        self.toy.dims(self.batch)
    }

    fn domain(&self) -> Domain {
        Domain::Interior
    }

    fn step(
        &mut self,
        step: u64,
        estimator: &mut dyn Estimator<f32>,
        noise: &Noise,
    ) -> Result<f64> {
        let leaf = Node::new(self.toy.logits(self.logit[0], self.batch));
        let taped = Logits::new(leaf.clone(), self.toy.targets.len(), Recording::default());
        let objective = self.toy.objective().of(self.batch);
        let surrogate = estimator.surrogate(taped, &objective, &mut noise.at(step))?;
        let loss = surrogate.loss();
        surrogate.backward()?;
        let gradient = leaf.take().map_or(0.0, |gradient| tied(&gradient.unpack()));
        self.optimizer.step(&mut self.logit, &[gradient]);
        estimator.advance()?;
        Ok(loss)
    }

    fn evaluate(&mut self, _: &mut dyn Estimator<f32>, _: &mut Noise) -> Result<Vec<Metric>> {
        let p = 1.0 / (1.0 + (-f64::from(self.logit[0])).exp());
        let expected = |t: &f64| p * (1.0 - t) * (1.0 - t) + (1.0 - p) * t * t;
        let loss = self.toy.targets.iter().map(expected).sum();
        Ok(vec![
            Metric { name: "validation-loss", value: loss },
            Metric { name: "probability", value: p },
        ])
    }

    fn probe(&mut self, _: u64) -> Result<Box<dyn Probe<f32> + '_>> {
        Ok(Box::new(At { toy: self.toy.clone(), batch: self.batch, logit: self.logit[0] }))
    }
}

/// The toy at a φ.
struct At<E> {
    toy: BernoulliToy,
    batch: usize,
    logit: E,
}

impl<E: Real> Probe<E> for At<E> {
    fn dims(&self) -> Dims {
        self.toy.dims(self.batch)
    }

    fn domain(&self) -> Domain {
        Domain::Interior
    }

    fn draw(
        &self,
        estimator: &mut dyn Estimator<E>,
        draws: usize,
        noise: &mut Noise,
        each: &mut dyn FnMut(&[E]),
    ) -> Result<()> {
        let (logits, latents) = (self.toy.logits(self.logit, self.batch), self.toy.targets.len());
        let mut each = |gradient: &[E]| each(&[tied(gradient)]);
        training::draw_repeated(&logits, latents, estimator, draws, noise, &mut each, |times| {
            self.toy.objective().of(self.batch * times)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exact<E: Real>(
        make: fn(&estimators::Entry) -> Box<dyn Estimator<E>>,
    ) -> Box<dyn Estimator<E>> {
        let registry = estimators::Registry::standard();
        make(registry.get("exact").expect("a kind"))
    }

    /// dE f/dφ = σ(1 − σ) Σ (1 − 2 t)
    #[test]
    fn the_gradient_at_the_papers_logits() {
        for (logit, gradient) in [(0.0, -0.045), (-4.0, -0.003_179_287_118_392_402)] {
            let toy = BernoulliToy { logit, ..Default::default() };
            let place = toy.place(0, 1).unwrap();
            let mut estimator = exact(|entry| entry.build(toml::Table::new()).unwrap().build_f64());
            let mut drawn = vec![];
            let noise = &mut Noise::named(&["test"]);
            place.draw(&mut *estimator, 1, noise, &mut |g| drawn.extend_from_slice(g)).unwrap();
            assert!((drawn[0] - gradient).abs() < 1e-15 && drawn.len() == 1, "{drawn:?}");
        }
    }

    /// A thousand steps of gradient descent from φ = −4, as in the notebook that came with Kool et
    /// al. 2020: σ(φ) = 0.990836.
    #[test]
    fn descent_ends_where_it_should() {
        let toy = BernoulliToy { logit: -4.0, ..Default::default() };
        let descent = Optimizer::Sgd { learning_rate: 1.0, momentum: 0.0 };
        let mut training = toy.start(0, 1, descent).unwrap();
        let mut estimator = exact(|entry| entry.build(toml::Table::new()).unwrap().build_f32());
        let noise = Noise::named(&["test"]);
        for step in 0..1000 {
            training.step(step, &mut *estimator, &noise).unwrap();
        }
        let metrics = training.evaluate(&mut *estimator, &mut noise.at(0)).unwrap();
        assert!((metrics[1].value - 0.990_836).abs() < 1e-5, "{metrics:?}");
    }
}
