use super::prelude::*;
use crate::kinds::imle::ImleNoise;
use crate::mechanisms::differentiated::at_vertices_with;
use crate::mechanisms::finite_step::{FiniteStep, Step};
use std::cell::Cell;

/// I-MLE with a central difference and an adaptive step.
///
/// **Estimates** a difference quotient of the argmax, with a step that is just long enough to
/// change the requested share of samples.
///
/// **Formula** λ = β ‖θ‖/‖g‖ for each row; gradient
/// (argmax(θ + λ g + ε) − argmax(θ − λ g + ε))/(2λ) with the same noise ε. After each step β grows
/// by `rate` if the running mean (decay 0.9) of the share of rows with a nonzero gradient is below
/// `target`, and shrinks by `rate` if it is above.
///
/// **Requires** gradients at vertices.
///
/// **Costs** one loss at a vertex and its gradient, and two more argmaxes.
///
/// **When to use** instead of `imle` if the scale of the losses is unknown or changes.
///
/// **Reference** Minervini, Franceschi & Niepert 2023, arXiv:2209.04862, Algorithm 2.
///
/// ```
/// use estimators::{Dims, Kind, Noise, SquaredPick, kinds::Aimle, mean_gradient};
/// let objective = SquaredPick::of(&[22.0, 30.0, 10.0], &[25.0]);
/// let logits = [0.1f64, 0.8, 0.1].map(f64::ln);
/// let dims = Dims { batch: 1, latents: 1, categories: 3 };
/// let noise = &mut Noise::named(&["example"]);
/// let mut estimator = Aimle::default().build();
/// let estimate = mean_gradient(&mut *estimator, &logits, dims, &objective, 1000, noise)?;
/// // A difference quotient: the gradient of the expected loss is (−3.44, −14.72, 18.16).
/// assert!(estimate.agrees_with(&[-1.896, 1.44, 0.456]));
/// # Ok::<(), estimators::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Aimle {
    /// The noise ε: `gumbel`, `sum-of-gamma` (ten terms) or `none`.
    pub noise: ImleNoise,
    /// Initial β: above 0.
    pub beta: f64,
    /// Change of β per step: from 0 up.
    pub rate: f64,
    /// Target share of rows with a nonzero gradient: above 0, up to 1.
    pub target: f64,
}

impl Default for Aimle {
    fn default() -> Self {
        Self { noise: ImleNoise::Gumbel, beta: 1.0, rate: 1e-4, target: 1.0 }
    }
}

impl Kind for Aimle {
    const NAME: &'static str = "aimle";
    const FAMILY: Family = Family::Perturbation;
    const SUMMARY: &'static str = "imle on both sides, with a step that adapts";
    const SOURCE: &'static str = "Minervini, Franceschi & Niepert 2023, arXiv:2209.04862";
    const VERSION: u32 = 2;

    fn check(&self) -> Result<(), Fault> {
        ranges::positive("beta", self.beta)?;
        let (rate, target) = (self.rate, self.target);
        Fault::require(rate >= 0.0 && rate.is_finite(), "rate", rate, "a number from 0 up")?;
        Fault::require(target > 0.0 && target <= 1.0, "target", target, "a number above 0, up to 1")
    }

    fn build<E: Real>(self) -> Box<dyn Estimator<E>> {
        Box::new(AimleEstimator {
            beta: self.beta,
            share: self.target,
            seen: Rc::default(),
            settings: self,
        })
    }
}

struct AimleEstimator {
    settings: Aimle,
    beta: f64,
    /// Running mean of the share of rows with a nonzero gradient.
    share: f64,
    /// The share in the last backward pass.
    seen: Rc<Cell<f64>>,
}

impl<E: Real> Estimator<E> for AimleEstimator {
    fn surrogate(
        &mut self,
        logits: Logits<E>,
        objective: &dyn Objective<E>,
        noise: &mut Noise,
    ) -> Result<Surrogate<E>> {
        let categorical = Categorical::new(logits)?;
        let theta = &categorical.theta;
        let epsilon = self.settings.noise.draw(theta.rows(), theta.columns(), noise);
        let step = Step::Adaptive(E::of(self.beta), Rc::clone(&self.seen));
        let step = FiniteStep::new(&categorical, epsilon, step);
        let picks = Rc::clone(&step.picks);
        at_vertices_with(categorical, picks, objective, move |g, v| step.backward(g, v))
    }

    fn properties(&self, _: Dims) -> Properties {
        Properties {
            stochastic: self.settings.noise != ImleNoise::None,
            // The length of the step is relative to the norm of the logits.
            ignores_shifts: false,
            ..Properties::new(Domain::VertexGradients, Evaluations::differentiated(1))
        }
    }

    fn advance(&mut self) -> Result<()> {
        self.share = 0.9 * self.share + 0.1 * self.seen.get();
        let Aimle { rate, target, .. } = self.settings;
        let direction = (target - self.share).clamp(-1.0, 1.0);
        if direction != 0.0 {
            self.beta = (self.beta + rate * direction.signum()).max(f64::MIN_POSITIVE);
        }
        Ok(())
    }
}
