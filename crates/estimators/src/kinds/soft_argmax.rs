use super::prelude::*;
use crate::mechanisms::differentiated::{SoftmaxJacobian, in_interior};
use crate::mechanisms::scheduled::Scheduled;

/// The mixture of all categories instead of a choice.
///
/// **Estimates** the gradient of another objective: f(p_τ), the loss of the mixture, instead of the
/// expected loss of a sample.
///
/// **Formula** p_τ = softmax(θ/τ); loss f(p_τ); gradient J(p_τ) ∇f(p_τ) / τ. For a quadratic loss
/// of a linear head and τ = 1, this is the mean of sampled straight-through.
///
/// **Requires** the loss and its gradient inside the simplex.
///
/// **Costs** one relaxed loss and its gradient.
///
/// **When to use** when the mixture itself can be deployed. If an argmax is deployed instead, the
/// network was trained for something else. A low temperature narrows this difference, but the
/// gradient then vanishes like exp(−Δ/τ)/τ, where Δ is the gap between the two largest logits.
///
/// **Reference** folklore; as soft attention, Bahdanau et al. 2015, arXiv:1409.0473.
///
/// ```
/// use estimators::{Dims, Kind, Noise, SquaredPick, gradient, kinds::SoftArgmax};
/// let objective = SquaredPick::of(&[22.0, 30.0, 10.0], &[25.0]);
/// let logits = [0.1f64, 0.8, 0.1].map(f64::ln);
/// let dims = Dims { batch: 1, latents: 1, categories: 3 };
/// let mut soft_argmax = SoftArgmax::default().build();
/// let noise = &mut Noise::named(&["example"]);
/// let gradient = gradient(&mut *soft_argmax, &logits, dims, &objective, None, noise)?;
/// // The second has the opposite sign of the expected loss's gradient, −14.72.
/// for (g, expected) in gradient.logits.iter().zip([-2.288, 9.856, -7.568]) {
///     assert!((g - expected).abs() < 1e-12);
/// }
/// # Ok::<(), estimators::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct SoftArgmax {
    /// τ: above 0. The lower, the closer the mixture is to an argmax.
    pub temperature: f64,
    /// Optional schedule that multiplies τ during training.
    pub schedule: Option<Schedule>,
}

impl Default for SoftArgmax {
    fn default() -> Self {
        Self { temperature: 1.0, schedule: None }
    }
}

impl Kind for SoftArgmax {
    const NAME: &'static str = "soft-argmax";
    const FAMILY: Family = Family::ExactAndRelaxed;
    const SUMMARY: &'static str = "the loss of the mixture of all categories";
    const SOURCE: &'static str = "Bahdanau, Cho & Bengio 2015, arXiv:1409.0473";

    fn check(&self) -> Result<(), Fault> {
        ranges::temperature("temperature", self.temperature)?;
        ranges::schedule(self.schedule)
    }

    fn build<E: Real>(self) -> Box<dyn Estimator<E>> {
        Box::new(Scheduled::new(self.schedule, self))
    }
}

impl<E: Real> Estimator<E> for Scheduled<SoftArgmax> {
    fn estimate(
        &mut self,
        logits: Logits<E>,
        objective: &dyn Objective<E>,
        _: &mut Noise,
    ) -> Result<Surrogate<E>> {
        let temperature = self.at(self.kind.temperature);
        let categorical = Categorical::new(logits)?;
        let points = Rc::new(categorical.softmax(temperature));
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
            stochastic: false,
            ..Properties::new(Domain::Interior, Evaluations::interior(1))
        }
    }

    fn advance(&mut self) -> Result<()> {
        self.next_step();
        Ok(())
    }
}
