use super::prelude::*;
use crate::mechanisms::differentiated::{SoftmaxJacobian, at_vertices};
use crate::mechanisms::scheduled::Scheduled;

/// Straight-through with separate temperatures for the sample and for the backward pass.
///
/// **Estimates** the gradient for linear losses if both temperatures are 1; otherwise it is biased.
///
/// **Formula** D ~ Cat(softmax(θ/a)); gradient J(p_b) g / b with p_b = softmax(θ/b).
///
/// **Requires** gradients at vertices.
///
/// **Costs** one loss at a vertex and its gradient.
///
/// **When to use** when straight-through works and can be tuned: a < 1 explores less than the
/// policy, and b > 1 spreads the gradient over more categories. In the authors' best pairs the two
/// are far apart.
///
/// **Reference** Shah, Yan, Mozer & Liu 2024, arXiv:2410.13331.
///
/// ```
/// use estimators::{Dims, Kind, Noise, SquaredPick, kinds::DecoupledStraightThrough, mean_gradient};
/// let objective = SquaredPick::of(&[22.0, 30.0, 10.0], &[25.0]);
/// let logits = [0.1f64, 0.8, 0.1].map(f64::ln);
/// let dims = Dims { batch: 1, latents: 1, categories: 3 };
/// let noise = &mut Noise::named(&["example"]);
/// let mut estimator = DecoupledStraightThrough::default().build();
/// let estimate = mean_gradient(&mut *estimator, &logits, dims, &objective, 1000, noise)?;
/// // Biased here: the gradient of the expected loss is (−3.44, −14.72, 18.16).
/// assert!(estimate.agrees_with(&[-2.288, 9.856, -7.568]));
/// # Ok::<(), estimators::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct DecoupledStraightThrough {
    /// a, the temperature of the sample: above 0.
    pub forward_temperature: f64,
    /// b, the temperature of the backward pass: above 0.
    pub backward_temperature: f64,
    /// Optional schedule that multiplies both temperatures during training.
    pub schedule: Option<Schedule>,
}

impl Default for DecoupledStraightThrough {
    fn default() -> Self {
        Self { forward_temperature: 1.0, backward_temperature: 1.0, schedule: None }
    }
}

impl Kind for DecoupledStraightThrough {
    const NAME: &'static str = "decoupled-straight-through";
    const FAMILY: Family = Family::StraightThrough;
    const SUMMARY: &'static str = "straight-through with two temperatures";
    const SOURCE: &'static str = "Shah, Yan, Mozer & Liu 2024, arXiv:2410.13331";

    fn check(&self) -> Result<(), Fault> {
        ranges::temperature("forward-temperature", self.forward_temperature)?;
        ranges::temperature("backward-temperature", self.backward_temperature)?;
        ranges::schedule(self.schedule)
    }

    fn build<E: Real>(self) -> Box<dyn Estimator<E>> {
        Box::new(Scheduled::new(self.schedule, self))
    }
}

impl<E: Real> Estimator<E> for Scheduled<DecoupledStraightThrough> {
    fn estimate(
        &mut self,
        logits: Logits<E>,
        objective: &dyn Objective<E>,
        noise: &mut Noise,
    ) -> Result<Surrogate<E>> {
        let temperature = self.at(self.kind.backward_temperature);
        let categorical = Categorical::new(logits)?;
        let forward = categorical.softmax(self.at(self.kind.forward_temperature));
        let picks = rows::categorical(&forward, 1, noise);
        let points = Rc::new(categorical.softmax(temperature));
        at_vertices(categorical, Rc::new(picks), objective, SoftmaxJacobian { points, temperature })
    }

    fn properties(&self, _: Dims) -> Properties {
        let is_one = |temperature| self.is_always_one(temperature);
        let is_linear =
            is_one(self.kind.forward_temperature) && is_one(self.kind.backward_temperature);
        Properties {
            unbiased: if is_linear { Unbiased::Linear } else { Unbiased::Never },
            ..Properties::new(Domain::VertexGradients, Evaluations::differentiated(1))
        }
    }

    fn advance(&mut self) -> Result<()> {
        self.next_step();
        Ok(())
    }
}
