use super::prelude::*;
use crate::kinds::second_order::FirstOrderMix;
use crate::mechanisms::differentiated::at_vertices;

/// The score function with the loss replaced by its linear expansion between p and the sample.
///
/// **Estimates** the gradient for linear losses. For quadratic losses its bias is that of
/// straight-through with the opposite sign.
///
/// **Formula** D ~ Cat(p); gradient s ⟨g, s⟩ with s = D − p, for each latent.
///
/// **Requires** gradients at vertices.
///
/// **Costs** one loss at a vertex and its gradient.
///
/// **When to use** as one half of ReinMax. On its own it has the variance of a score function and
/// is still biased.
///
/// **Reference** Gregor, Danihelka, Mnih, Blundell & Wierstra 2014, arXiv:1310.8499; here with p as
/// the point of expansion.
///
/// ```
/// use estimators::{Dims, Kind, Noise, SquaredPick, kinds::Darn, mean_gradient};
/// let objective = SquaredPick::of(&[22.0, 30.0, 10.0], &[25.0]);
/// let logits = [0.1f64, 0.8, 0.1].map(f64::ln);
/// let dims = Dims { batch: 1, latents: 1, categories: 3 };
/// let noise = &mut Noise::named(&["example"]);
/// let mut estimator = Darn {}.build();
/// let estimate = mean_gradient(&mut *estimator, &logits, dims, &objective, 1000, noise)?;
/// // As far from the gradient of the expected loss as straight-through, on the other side.
/// assert!(estimate.agrees_with(&[-4.592, -39.296, 43.888]));
/// # Ok::<(), estimators::Error>(())
/// ```
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Darn {}

impl Kind for Darn {
    const NAME: &'static str = "darn";
    const FAMILY: Family = Family::StraightThrough;
    const SUMMARY: &'static str = "the score function of a linear expansion around p";
    const SOURCE: &'static str =
        "Gregor, Danihelka, Mnih, Blundell & Wierstra 2014, arXiv:1310.8499";

    fn build<E: Real>(self) -> Box<dyn Estimator<E>> {
        Box::new(self)
    }
}

impl<E: Real> Estimator<E> for Darn {
    fn estimate(
        &mut self,
        logits: Logits<E>,
        objective: &dyn Objective<E>,
        noise: &mut Noise,
    ) -> Result<Surrogate<E>> {
        let categorical = Categorical::new(logits)?;
        let p = categorical.softmax(E::ONE);
        let picks = Rc::new(rows::categorical(&p, 1, noise));
        at_vertices(
            categorical,
            Rc::clone(&picks),
            objective,
            FirstOrderMix { p, picks, weight: E::ONE },
        )
    }

    fn properties(&self, _: Dims) -> Properties {
        Properties {
            unbiased: Unbiased::Linear,
            ..Properties::new(Domain::VertexGradients, Evaluations::differentiated(1))
        }
    }
}
