use super::prelude::*;
use crate::mechanisms::categorical::perturb;
use crate::mechanisms::differentiated::{SoftmaxJacobian, at_vertices};
use crate::mechanisms::scheduled::Scheduled;

/// A Gumbel-argmax sample forward, the Gumbel-softmax's Jacobian backward.
///
/// **Estimates** the gradient with a bias. As τ falls, its mean approaches that of ReinMax, which
/// is unbiased for quadratic losses, and its variance grows like 1/τ.
///
/// **Formula** γ standard Gumbel; D = argmax(θ + γ) and y = softmax((θ + γ)/τ) with the same γ;
/// gradient J(y) g / τ.
///
/// **Requires** gradients at vertices.
///
/// **Costs** one loss at a vertex and its gradient.
///
/// **When to use** if the bias of straight-through hurts and only one loss per row is affordable.
/// `gumbel-rao` has the same mean and less variance at the same number of losses.
///
/// **Reference** Jang, Gu & Poole 2017, arXiv:1611.01144, §2.2.
///
/// ```
/// use estimators::{Dims, Kind, Noise, SquaredPick, kinds::StGumbelSoftmax, mean_gradient};
/// let objective = SquaredPick::of(&[22.0, 30.0, 10.0], &[25.0]);
/// let logits = [0.1f64, 0.8, 0.1].map(f64::ln);
/// let dims = Dims { batch: 1, latents: 1, categories: 3 };
/// let noise = &mut Noise::named(&["example"]);
/// let mut estimator = StGumbelSoftmax { temperature: 0.1, ..Default::default() }.build();
/// let estimate = mean_gradient(&mut *estimator, &logits, dims, &objective, 1000, noise)?;
/// // The temperature sets the bias: the gradient of the expected loss is (−3.44, −14.72, 18.16).
/// assert!(estimate.agrees_with(&[-3.69, -11.17, 14.86]));
/// # Ok::<(), estimators::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct StGumbelSoftmax {
    /// τ: above 0.
    pub temperature: f64,
    /// Optional schedule that multiplies τ during training.
    pub schedule: Option<Schedule>,
}

impl Default for StGumbelSoftmax {
    fn default() -> Self {
        Self { temperature: 0.5, schedule: None }
    }
}

impl Kind for StGumbelSoftmax {
    const NAME: &'static str = "st-gumbel-softmax";
    const FAMILY: Family = Family::Gumbel;
    const SUMMARY: &'static str = "a Gumbel-argmax forward, its relaxation backward";
    const SOURCE: &'static str = "Jang, Gu & Poole 2017, arXiv:1611.01144";
    const VERSION: u32 = 2;

    fn check(&self) -> Result<(), Fault> {
        ranges::temperature("temperature", self.temperature)?;
        ranges::schedule(self.schedule)
    }

    fn build<E: Real>(self) -> Box<dyn Estimator<E>> {
        Box::new(Scheduled::new(self.schedule, self))
    }
}

impl<E: Real> Estimator<E> for Scheduled<StGumbelSoftmax> {
    fn estimate(
        &mut self,
        logits: Logits<E>,
        objective: &dyn Objective<E>,
        noise: &mut Noise,
    ) -> Result<Surrogate<E>> {
        let temperature = self.at(self.kind.temperature);
        let categorical = Categorical::new(logits)?;
        let perturbed = perturb(&categorical.theta, noise);
        let points = Rc::new(rows::softmax(&perturbed, temperature));
        let picks = Rc::new(rows::argmax(&perturbed));
        at_vertices(categorical, picks, objective, SoftmaxJacobian { points, temperature })
    }

    fn properties(&self, _: Dims) -> Properties {
        Properties::new(Domain::VertexGradients, Evaluations::differentiated(1))
    }

    fn advance(&mut self) -> Result<()> {
        self.next_step();
        Ok(())
    }
}
