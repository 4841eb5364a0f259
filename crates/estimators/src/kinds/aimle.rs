use super::prelude::*;
use crate::kinds::imle::ImleNoise;
use crate::mechanisms::adaptive_step::{AdaptiveStep, Elements};
use crate::mechanisms::differentiated::at_vertices_with;

/// I-MLE with a central difference and an adaptive step.
///
/// **Estimates** a difference quotient of the argmax, with a step that is just long enough to
/// change the requested number of elements.
///
/// **Formula** λ = β max(‖θ‖, 1)/‖g‖ for each row, with the norms over all its latents; gradient
/// (argmax(θ + λ g + ε) − argmax(θ − λ g + ε))/(2λ) with the same noise ε. After each step β grows
/// by `rate` if the running mean (decay 0.9, from 1) of the number of nonzero elements of a row's
/// gradient is below `target`, and otherwise shrinks by `rate`, down to 0. A latent whose choice
/// changes has two nonzero elements: `target` = 1 is half a changed choice per row. Rows whose loss
/// is not finite do not count.
///
/// Logits are defined up to a constant for each latent, so ‖θ‖ is the norm less the mean of each
/// latent, the least that a constant can give. The published rule takes the logits as they are, and has
/// no max: from equal logits its step is 0 for ever.
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
/// assert!(estimate.agrees_with(&[-2.55, -5.39, 7.94]));
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
    /// Target number of nonzero elements of a row's gradient: above 0. A latent has 2 at most.
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
        let is_valid = target > 0.0 && target.is_finite();
        Fault::require(is_valid, "target", target, "a number above 0")
    }

    fn build<E: Real>(self) -> Box<dyn Estimator<E>> {
        Box::new(AimleEstimator {
            beta: self.beta,
            elements: 1.0,
            last: None,
            learned: None,
            settings: self,
        })
    }
}

struct AimleEstimator<E: Real> {
    settings: Aimle,
    beta: f64,
    /// Running mean of the nonzero elements of a row.
    elements: f64,
    /// The last estimate.
    last: Option<Observed<E>>,
    /// The estimate of the last step. Its backward pass may still have to come: what it shows enters
    /// before the next estimate.
    learned: Option<Observed<E>>,
}

/// What a step shows of each row, [B, 1].
struct Observed<E: Real> {
    elements: Elements<E>,
    losses: Packed<E>,
}

impl<E: Real> Observed<E> {
    /// The mean of the nonzero elements over the rows that are finite, if there are any, and if the
    /// backward pass has run.
    fn mean(&self) -> Option<f64> {
        let elements = self.elements.take()?.to_columns();
        let rows = elements.into_iter().zip(self.losses.to_columns());
        let finite = rows.filter(|(elements, loss)| elements.is_finite() && loss.is_finite());
        let counts: Vec<f64> = finite.map(|(elements, _)| elements.widen()).collect();
        (!counts.is_empty()).then(|| counts.iter().sum::<f64>() / counts.len() as f64)
    }
}

impl<E: Real> AimleEstimator<E> {
    /// Adapts β to the last step, if its backward pass has run.
    fn adapt(&mut self) {
        let Some(mean) = self.learned.as_ref().and_then(Observed::mean) else { return };
        self.elements = 0.9 * self.elements + 0.1 * mean;
        let Aimle { rate, target, .. } = self.settings;
        let change = if self.elements < target { rate } else { -rate };
        self.beta = (self.beta + change).max(0.0);
    }
}

impl<E: Real> Estimator<E> for AimleEstimator<E> {
    fn estimate(
        &mut self,
        logits: Logits<E>,
        objective: &dyn Objective<E>,
        noise: &mut Noise,
    ) -> Result<Surrogate<E>> {
        self.adapt();
        let categorical = Categorical::new(logits)?;
        let theta = &categorical.theta;
        let epsilon = self.settings.noise.draw(theta.rows(), theta.columns(), noise);
        let elements = Elements::default();
        let beta = E::of(self.beta);
        let step = AdaptiveStep::new(&categorical, epsilon, beta, Rc::clone(&elements));
        let picks = Rc::clone(&step.picks);
        let backward = move |g: &Packed<E>, v: &mut Packed<E>| step.backward(g, v);
        let surrogate = at_vertices_with(categorical, picks, objective, backward)?;
        self.last = Some(Observed { elements, losses: surrogate.losses.clone() });
        Ok(surrogate)
    }

    fn properties(&self, _: Dims) -> Properties {
        Properties {
            stochastic: self.settings.noise != ImleNoise::None,
            ..Properties::new(Domain::VertexGradients, Evaluations::differentiated(1))
        }
    }

    fn advance(&mut self) -> Result<()> {
        self.adapt();
        self.learned = self.last.take();
        Ok(())
    }
}
