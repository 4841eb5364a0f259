use super::prelude::*;
use crate::mechanisms::categorical::perturb;
use crate::mechanisms::differentiated::{SoftmaxJacobian, in_interior};
use crate::mechanisms::scheduled::Scheduled;

/// A random point of the simplex instead of a sample.
///
/// **Estimates**, without bias, the gradient of another objective: the expected loss of the relaxed
/// sample. As τ falls, that objective approaches the expected loss, and the variance grows like
/// 1/τ.
///
/// **Formula** γ standard Gumbel; y = softmax((θ + γ)/τ); loss f(y); gradient J(y) ∇f(y) / τ.
///
/// **Requires** the loss and its gradient inside the simplex.
///
/// **Costs** one relaxed loss and its gradient.
///
/// **When to use** if the loss is meaningful for mixtures, with a temperature that falls during
/// training (`schedule`). The training loss is that of the relaxed sample, so evaluate with hard
/// samples.
///
/// **Reference** Jang, Gu & Poole 2017, arXiv:1611.01144; Maddison, Mnih & Teh 2017,
/// arXiv:1611.00712.
///
/// ```
/// use estimators::{Dims, Kind, Noise, SquaredPick, kinds::GumbelSoftmax, mean_gradient};
/// let objective = SquaredPick::of(&[22.0, 30.0, 10.0], &[25.0]);
/// let logits = [0.1f64, 0.8, 0.1].map(f64::ln);
/// let dims = Dims { batch: 1, latents: 1, categories: 3 };
/// let noise = &mut Noise::named(&["example"]);
/// let mut estimator = GumbelSoftmax { temperature: 0.1, ..Default::default() }.build();
/// let estimate = mean_gradient(&mut *estimator, &logits, dims, &objective, 1000, noise)?;
/// // The temperature sets the bias: the gradient of the expected loss is (−3.44, −14.72, 18.16).
/// assert!(estimate.agrees_with(&[-3.38, -12.32, 15.7]));
/// # Ok::<(), estimators::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct GumbelSoftmax {
    /// τ: above 0.
    pub temperature: f64,
    /// Optional schedule that multiplies τ during training.
    pub schedule: Option<Schedule>,
}

impl Default for GumbelSoftmax {
    fn default() -> Self {
        Self { temperature: 0.5, schedule: None }
    }
}

impl Kind for GumbelSoftmax {
    const NAME: &'static str = "gumbel-softmax";
    const FAMILY: Family = Family::Gumbel;
    const SUMMARY: &'static str = "a random point of the simplex instead of a sample";
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

impl<E: Real> Estimator<E> for Scheduled<GumbelSoftmax> {
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
        in_interior(
            categorical,
            Rc::clone(&points),
            objective,
            SoftmaxJacobian { points, temperature },
        )
    }

    fn properties(&self, _: Dims) -> Properties {
        Properties {
            unbiased: Unbiased::OtherObjective,
            ..Properties::new(Domain::Interior, Evaluations::interior(1))
        }
    }

    fn advance(&mut self) -> Result<()> {
        self.next_step();
        Ok(())
    }
}
