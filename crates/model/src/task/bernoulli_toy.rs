use super::{Instance, Streams, Task, TaskKind};
use crate::data::Folders;
use crate::{Batch, Evaluation, Forward, Metric, Result};
use estimators::Dims;
use estimators::objectives::BitSumSquares;
use kernels::tape::{Recording, record};
use kernels::{Initial, Noise, Packed, Parameters, Real, Vector};
use registry::Fault;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
    /// The first φ.
    pub logit: f64,
    /// t, one per bit: from 1 to 16 of them.
    pub targets: Vec<f64>,
}

impl Default for BernoulliToy {
    fn default() -> Self {
        Self { logit: 0.0, targets: vec![0.6, 0.51, 0.48] }
    }
}

impl TaskKind for BernoulliToy {
    const NAME: &'static str = "bernoulli-toy";
    const SUMMARY: &'static str = "one logit shared by bits, each with a target";
    const VERSION: u32 = 1;
    type Task = Self;

    fn check(&self) -> Result<(), Fault> {
        Fault::require(self.logit.is_finite(), "logit", self.logit, "a finite number")?;
        let count = self.targets.len();
        let found = format!("{count} numbers");
        Fault::require((1..=16).contains(&count), "targets", found, "1 to 16 numbers")?;
        match self.targets.iter().find(|target| !target.is_finite()) {
            Some(target) => Err(Fault::value("targets", target, "finite numbers")),
            None => Ok(()),
        }
    }

    fn load(self, _: &Folders) -> Result<Self> {
        Ok(self)
    }
}

impl Task for BernoulliToy {
    type Instance = Seeded;

    fn metrics(&self) -> Vec<Metric> {
        vec![
            Metric::lower("validation-loss", "validation loss")
                .with_note("in expectation over sampled bits"),
            Metric::neutral("probability", "probability of a 1"),
        ]
    }

    fn dims(&self, batch: usize) -> Dims {
        Dims { batch, latents: self.targets.len(), categories: 2 }
    }

    fn instance<E: Real>(&self, _: &Streams) -> (Seeded, Parameters<E>) {
        let mut initial = Initial::new();
        let logit = initial.vector(&[self.logit]);
        (Seeded { targets: self.targets.clone(), logit }, initial.build())
    }
}

/// The toy, which is the same for every seed.
pub struct Seeded {
    targets: Vec<f64>,
    /// φ
    logit: Vector,
}

impl Instance for Seeded {
    fn batch(&self, rows: usize, _: &mut Noise) -> Batch<f32> {
        Batch::empty(rows)
    }

    fn forward<E: Real>(&self, parameters: &Parameters<E>, batch: &Batch<E>) -> Forward<E> {
        let (mut tape, latents) = (Recording::default(), self.targets.len());
        let logit = parameters.vector(&self.logit)[0];
        let logits = Packed::pack(&[E::ZERO, logit].repeat(latents * batch.rows()), 2);
        let (place, parameters) = (self.logit.clone(), parameters.shared());
        let logits = record(&mut tape, logits, move |gradient| {
            parameters.add_to_vector(&place, &[of_shared(&gradient.unpack())]);
        });
        let objective = BitSumSquares { targets: self.targets.clone() }.of(batch.rows());
        Forward::new(logits, latents, objective, tape)
    }

    fn evaluate(&self, parameters: &Parameters<f32>, _: &mut Evaluation<'_>) -> Result<Vec<f64>> {
        let logit = f64::from(parameters.vector(&self.logit)[0]);
        let p = 1.0 / (1.0 + (-logit).exp());
        let expected = |t: &f64| p * (1.0 - t) * (1.0 - t) + (1.0 - p) * t * t;
        Ok(vec![self.targets.iter().map(expected).sum(), p])
    }

    fn tied_gradient<E: Real>(&self, logits: &[E]) -> Option<Vec<E>> {
        Some(vec![of_shared(logits)])
    }
}

/// The gradient for φ, given that for the logits (0, φ) of each bit.
fn of_shared<E: Real>(logits: &[E]) -> E {
    let mut sum = E::ZERO;
    logits.chunks_exact(2).for_each(|pair| sum += pair[1]);
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Optimizer;
    use crate::optimizer::{Options, Sgd};
    use estimators::{Factory, kinds::Exact};
    use std::path::Path;

    /// dE f/dφ = σ(1 − σ) Σ (1 − 2 t)
    #[test]
    fn the_gradient_at_the_papers_logits() {
        for (logit, gradient) in [(0.0, -0.045), (-4.0, -0.003_179_287_118_392_402)] {
            let toy = BernoulliToy { logit, ..Default::default() }.open(Path::new("")).unwrap();
            let (probe, mut estimator) = (toy.probe(0, 1), Exact::default().build_f64());
            let mut drawn = vec![];
            let noise = &mut Noise::named(&["test"]);
            probe.draw(&mut *estimator, 1, noise, &mut |g| drawn.extend_from_slice(g)).unwrap();
            assert!((drawn[0] - gradient).abs() < 1e-15 && drawn.len() == 1, "{drawn:?}");
        }
    }

    /// With probability p = σ(1) of a 1, and targets 0.2 and 0.9.
    #[test]
    fn the_expected_loss_by_hand() {
        let toy = BernoulliToy { logit: 1.0, targets: vec![0.2, 0.9] }.open(Path::new("")).unwrap();
        let mut training = toy.start(0, 1, &Optimizer::adam(0.1));
        let noise = &mut Noise::named(&["test"]);
        let metrics = training.evaluate(&mut *Exact::default().build_f32(), noise).unwrap();
        let p = 1.0 / (1.0 + (-1.0f64).exp());
        let expected = p * (0.64 + 0.01) + (1.0 - p) * (0.04 + 0.81);
        assert!((metrics[0].1 - expected).abs() < 1e-7, "{metrics:?} for {expected}");
        assert!((metrics[1].1 - p).abs() < 1e-7, "{metrics:?} for {p}");
    }

    /// A thousand steps of gradient descent from φ = −4, as in the notebook that came with Kool et
    /// al. 2020: σ(φ) = 0.990836.
    #[test]
    fn descent_ends_where_the_published_one_does() {
        let toy = BernoulliToy { logit: -4.0, ..Default::default() }.open(Path::new("")).unwrap();
        let descent = Sgd { learning_rate: 1.0, ..Sgd::default() };
        let mut training = toy.start(0, 1, &Optimizer::new(descent, Options::default()));
        let mut estimator = Exact::default().build_f32();
        let noise = Noise::named(&["test"]);
        for step in 0..1000 {
            training.step(step, &mut *estimator, &noise).unwrap();
        }
        let metrics = training.evaluate(&mut *estimator, &mut noise.at(0)).unwrap();
        assert!((metrics[1].1 - 0.990_836).abs() < 1e-5, "{metrics:?}");
    }
}
