use super::prelude::*;
use crate::mechanisms::differentiated::at_vertices_with;
use crate::mechanisms::finite_step::FiniteStep;

/// Implicit maximum likelihood: compares the sample with the one after a finite step of the
/// perturbed logits against the loss's gradient.
///
/// **Estimates** a difference quotient of the argmax. As λ → 0 it is 0 almost always and huge
/// otherwise; as λ → ∞ the second sample is the category with the least gradient, and the estimate
/// vanishes.
///
/// **Formula** z = argmax(θ + ε), z′ = argmax(θ − λ g + ε) with the same noise ε; gradient
/// (z − z′)/λ. Here g is the gradient of the row's own loss: the scale of losses matters, as λ
/// does.
///
/// **Requires** gradients at vertices.
///
/// **Costs** one loss at a vertex and its gradient, and a second argmax.
///
/// **When to use** if the argmax is a solver. For categories it is cheap but crude. `aimle` finds λ
/// by itself.
///
/// **Reference** Niepert, Minervini & Franceschi 2021, arXiv:2106.01798, Algorithm 1, with the
/// division by λ that the published library leaves to the learning rate.
///
/// ```
/// use estimators::{Dims, Kind, Noise, SquaredPick, kinds::Imle, mean_gradient};
/// let objective = SquaredPick::of(&[22.0, 30.0, 10.0], &[25.0]);
/// let logits = [0.1f64, 0.8, 0.1].map(f64::ln);
/// let dims = Dims { batch: 1, latents: 1, categories: 3 };
/// let noise = &mut Noise::named(&["example"]);
/// let mut estimator = Imle::default().build();
/// let estimate = mean_gradient(&mut *estimator, &logits, dims, &objective, 1000, noise)?;
/// // A difference quotient: the gradient of the expected loss is (−3.44, −14.72, 18.16).
/// assert!(estimate.agrees_with(&[0.01, 0.06, -0.07]));
/// # Ok::<(), estimators::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Imle {
    /// The noise ε: `gumbel`, `sum-of-gamma` (ten terms) or `none`.
    pub noise: ImleNoise,
    /// λ, the length of the step: above 0.
    pub lambda: f64,
}

impl Default for Imle {
    fn default() -> Self {
        Self { noise: ImleNoise::Gumbel, lambda: 10.0 }
    }
}

impl Kind for Imle {
    const NAME: &'static str = "imle";
    const FAMILY: Family = Family::Perturbation;
    const SUMMARY: &'static str = "the sample against the sample after a step of the logits";
    const SOURCE: &'static str = "Niepert, Minervini & Franceschi 2021, arXiv:2106.01798";
    const VERSION: u32 = 2;

    fn check(&self) -> Result<(), Fault> {
        ranges::positive("lambda", self.lambda)
    }

    fn build<E: Real>(self) -> Box<dyn Estimator<E>> {
        Box::new(self)
    }
}

/// The noise of I-MLE.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ImleNoise {
    /// Standard Gumbel noise: samples are distributed as the softmax.
    Gumbel,
    /// Σ_{i=1..10} E_i/i − ln 10 with E_i ~ Exp(1): the first terms of a series whose sum is Gumbel.
    SumOfGamma,
    /// No noise: the argmax itself.
    None,
}

impl ImleNoise {
    /// Noise for logits [rows, K].
    pub(crate) fn draw<E: Real>(self, rows: usize, columns: usize, noise: &mut Noise) -> Packed<E> {
        const TERMS: usize = 10;
        match self {
            Self::Gumbel => noise.gumbels(rows, columns),
            Self::None => Packed::zeros(rows, columns),
            Self::SumOfGamma => {
                let mut sum = Packed::zeros(rows, columns);
                let terms = noise.exponentials(rows, columns * TERMS);
                sum_of_gamma(&terms, E::of((TERMS as f64).ln()), &mut sum);
                sum
            }
        }
    }
}

rowwise! {
    fn sum_of_gamma(terms; centre => sum) {
        for k in 0..sum.len() {
            sum[k] = -centre;
        }
        for (i, terms) in terms.chunks_exact(sum.len()).enumerate() {
            let weight = V::splat(E::of(1.0 / (i + 1) as f64));
            for k in 0..sum.len() {
                sum[k] += terms[k] * weight;
            }
        }
    }
}

impl<E: Real> Estimator<E> for Imle {
    fn estimate(
        &mut self,
        logits: Logits<E>,
        objective: &dyn Objective<E>,
        noise: &mut Noise,
    ) -> Result<Surrogate<E>> {
        let categorical = Categorical::new(logits)?;
        let theta = &categorical.theta;
        let epsilon = self.noise.draw(theta.rows(), theta.columns(), noise);
        let step = FiniteStep::new(&categorical, epsilon, E::of(self.lambda));
        let picks = Rc::clone(&step.picks);
        at_vertices_with(categorical, picks, objective, move |g, v| step.backward(g, v))
    }

    fn properties(&self, _: Dims) -> Properties {
        Properties {
            stochastic: self.noise != ImleNoise::None,
            ..Properties::new(Domain::VertexGradients, Evaluations::differentiated(1))
        }
    }
}
