use super::prelude::*;
use crate::mechanisms::differentiated::at_vertices_with;
use crate::mechanisms::finite_step::FiniteStep;

/// The argmax as a black-box solver, differentiated through a piecewise affine interpolation.
///
/// **Estimates** the gradient of that interpolation of the loss of the argmax. It is deterministic.
///
/// **Formula** y = argmax θ, y′ = argmax(θ − λ g); gradient (y − y′)/λ. (The paper's solver
/// minimizes a cost w = −θ, which flips two signs.)
///
/// **Requires** gradients at vertices.
///
/// **Costs** one loss at a vertex and its gradient, and a second argmax.
///
/// **When to use** if the argmax is a solver and is deployed as it is trained. For categories it
/// stalls wherever the step is too short to change the argmax.
///
/// **Reference** Vlastelica, Paulus, Musil, Martius & Rolínek 2020, arXiv:1912.02175, Algorithm 1.
///
/// ```
/// use estimators::{Dims, Kind, Noise, SquaredPick, kinds::Blackbox, mean_gradient};
/// let objective = SquaredPick::of(&[22.0, 30.0, 10.0], &[25.0]);
/// let logits = [0.1f64, 0.8, 0.1].map(f64::ln);
/// let dims = Dims { batch: 1, latents: 1, categories: 3 };
/// let noise = &mut Noise::named(&["example"]);
/// let mut estimator = Blackbox { lambda: 10.0 }.build();
/// let estimate = mean_gradient(&mut *estimator, &logits, dims, &objective, 1000, noise)?;
/// // From the argmax, category 1, to category 2, whose value is the smallest.
/// assert!(estimate.agrees_with(&[0.0, 0.1, -0.1]));
/// # Ok::<(), estimators::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Blackbox {
    /// λ, the length of the step: above 0.
    pub lambda: f64,
}

impl Default for Blackbox {
    fn default() -> Self {
        Self { lambda: 10.0 }
    }
}

impl Kind for Blackbox {
    const NAME: &'static str = "blackbox";
    const FAMILY: Family = Family::Perturbation;
    const SUMMARY: &'static str = "imle without noise: an interpolation of the argmax";
    const SOURCE: &'static str =
        "Vlastelica, Paulus, Musil, Martius & Rolínek 2020, arXiv:1912.02175";
    const VERSION: u32 = 2;

    fn check(&self) -> Result<(), Fault> {
        ranges::positive("lambda", self.lambda)
    }

    fn build<E: Real>(self) -> Box<dyn Estimator<E>> {
        Box::new(self)
    }
}

impl<E: Real> Estimator<E> for Blackbox {
    fn estimate(
        &mut self,
        logits: Logits<E>,
        objective: &dyn Objective<E>,
        _: &mut Noise,
    ) -> Result<Surrogate<E>> {
        let categorical = Categorical::new(logits)?;
        let no_noise = Packed::zeros(categorical.theta.rows(), categorical.theta.columns());
        let step = FiniteStep::new(&categorical, no_noise, E::of(self.lambda));
        let picks = Rc::clone(&step.picks);
        at_vertices_with(categorical, picks, objective, move |g, v| step.backward(g, v))
    }

    fn properties(&self, _: Dims) -> Properties {
        Properties {
            stochastic: false,
            ..Properties::new(Domain::VertexGradients, Evaluations::differentiated(1))
        }
    }
}
