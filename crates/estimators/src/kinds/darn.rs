use crate::kinds::second_order::FirstOrderMix;
use crate::mechanisms::differentiated::at_vertices;
use crate::mechanisms::logits::Opened;
use crate::{
    Dims, Domain, Estimator, Evaluations, Family, Kind, Logits, Objective, Properties, Result,
    Surrogate, Unbiased,
};
use kernels::{Noise, Real, rows};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::rc::Rc;

/// The score function with the loss replaced by its linear expansion between p and the pick.
///
/// **Estimates** the gradient for linear losses; for quadratic ones its bias is that of straight-through
/// with the other sign.
///
/// **Formula** D ~ Cat(p); gradient s ⟨g, s⟩ with s = D − p, for each latent.
///
/// **Requires** gradients at vertices.
///
/// **Costs** one loss at a vertex and its gradient.
///
/// **When to use** as half of ReinMax. Alone its variance is that of a score function without the
/// unbiasedness.
///
/// **Reference** Gregor, Danihelka, Mnih, Blundell & Wierstra 2014, arXiv:1310.8499; with p as the point
/// of expansion.
///
/// ```
/// use estimators::{Dims, Kind, Noise, SquaredPick, gradient, kinds::Darn};
/// // 4096 equal rows are 4096 draws; the gradient's rows add up to their mean.
/// let rows = 4096;
/// let objective = SquaredPick::of(&[22.0, 30.0, 10.0].repeat(rows), &vec![25.0; rows]);
/// let logits = [0.1f64, 0.8, 0.1].map(f64::ln).repeat(rows);
/// let dims = Dims { batch: rows, latents: 1, categories: 3 };
/// let mut estimator = Darn {}.build();
/// let noise = &mut Noise::named(&["example"]);
/// let gradient = gradient(&mut *estimator, &logits, dims, &objective, None, noise)?;
/// let mean = |k: usize| gradient.logits.iter().skip(k).step_by(3).sum::<f64>();
/// // The expected loss's gradient, −14.72, lies midway between this and straight-through's, 9.856.
/// assert!((mean(1) + 39.3).abs() < 15.0);
/// # Ok::<(), estimators::Error>(())
/// ```
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Darn {}

impl Kind for Darn {
    const NAME: &'static str = "darn";
    const FAMILY: Family = Family::StraightThrough;
    const SUMMARY: &'static str = "the first-order score with p as the point of expansion";
    const SOURCE: &'static str =
        "Gregor, Danihelka, Mnih, Blundell & Wierstra 2014, arXiv:1310.8499";

    fn build<E: Real>(self) -> Box<dyn Estimator<E>> {
        Box::new(self)
    }
}

impl<E: Real> Estimator<E> for Darn {
    fn surrogate(
        &mut self,
        logits: Logits<E>,
        objective: &dyn Objective<E>,
        noise: &mut Noise,
    ) -> Result<Surrogate<E>> {
        let opened = Opened::new(logits)?;
        let p = opened.softmax(E::ONE);
        let picks = Rc::new(rows::categorical(&p, 1, noise));
        at_vertices(
            opened,
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
