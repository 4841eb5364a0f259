use super::prelude::*;
use crate::mechanisms::differentiated::{SoftmaxJacobian, at_vertices};
use crate::mechanisms::scheduled::Scheduled;

/// A hard choice forward, the softmax's Jacobian backward.
///
/// **Estimates** the gradient for linear losses. For other losses it is biased: more samples do not
/// reduce the bias, which can even flip the sign.
///
/// **Formula** D ~ Cat(softmax θ), or the argmax if `sample` is false; gradient J(p_τ) g / τ with
/// p_τ = softmax(θ/τ). The temperature only affects the backward pass.
///
/// **Requires** gradients at vertices.
///
/// **Costs** one loss at a vertex and its gradient.
///
/// **When to use** as the cheap default, which is hard to beat in practice if the loss is nearly
/// linear in the choice. With `sample = false` it does not explore: it stalls where the gradient of
/// the chosen category is 0.
///
/// **Reference** Bengio, Léonard & Courville 2013, arXiv:1308.3432, §4.
///
/// ```
/// use estimators::{Dims, Kind, Noise, SquaredPick, kinds::StraightThrough, mean_gradient};
/// let objective = SquaredPick::of(&[22.0, 30.0, 10.0], &[25.0]);
/// let logits = [0.1f64, 0.8, 0.1].map(f64::ln);
/// let dims = Dims { batch: 1, latents: 1, categories: 3 };
/// let noise = &mut Noise::named(&["example"]);
/// let mut estimator = StraightThrough::default().build();
/// let estimate = mean_gradient(&mut *estimator, &logits, dims, &objective, 1000, noise)?;
/// // Biased here: the gradient of the expected loss is (−3.44, −14.72, 18.16).
/// assert!(estimate.agrees_with(&[-2.288, 9.856, -7.568]));
/// # Ok::<(), estimators::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct StraightThrough {
    /// Whether to sample the category (true) or take the most probable one (false).
    pub sample: bool,
    /// τ of the backward pass: above 0.
    pub temperature: f64,
    /// Optional schedule that multiplies τ during training.
    pub schedule: Option<Schedule>,
}

impl Default for StraightThrough {
    fn default() -> Self {
        Self { sample: true, temperature: 1.0, schedule: None }
    }
}

impl Kind for StraightThrough {
    const NAME: &'static str = "straight-through";
    const FAMILY: Family = Family::StraightThrough;
    const SUMMARY: &'static str = "a hard choice forward, the softmax's Jacobian backward";
    const SOURCE: &'static str = "Bengio, Léonard & Courville 2013, arXiv:1308.3432";

    fn check(&self) -> Result<(), Fault> {
        ranges::temperature("temperature", self.temperature)?;
        ranges::schedule(self.schedule)
    }

    fn build<E: Real>(self) -> Box<dyn Estimator<E>> {
        Box::new(Scheduled::new(self.schedule, self))
    }
}

impl<E: Real> Estimator<E> for Scheduled<StraightThrough> {
    fn estimate(
        &mut self,
        logits: Logits<E>,
        objective: &dyn Objective<E>,
        noise: &mut Noise,
    ) -> Result<Surrogate<E>> {
        let temperature = self.at(self.kind.temperature);
        let categorical = Categorical::new(logits)?;
        let p = Rc::new(categorical.softmax(E::ONE));
        let picks = if self.kind.sample {
            rows::categorical(&p, 1, noise)
        } else {
            rows::argmax(&categorical.theta)
        };
        let points = categorical.tempered_softmax(&p, temperature);
        at_vertices(categorical, Rc::new(picks), objective, SoftmaxJacobian { points, temperature })
    }

    fn properties(&self, _: Dims) -> Properties {
        let is_linear = self.kind.sample && self.is_always_one(self.kind.temperature);
        Properties {
            unbiased: if is_linear { Unbiased::Linear } else { Unbiased::Never },
            stochastic: self.kind.sample,
            ..Properties::new(Domain::VertexGradients, Evaluations::differentiated(1))
        }
    }

    fn advance(&mut self) -> Result<()> {
        self.next_step();
        Ok(())
    }
}
