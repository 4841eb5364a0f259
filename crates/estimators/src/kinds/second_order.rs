use super::prelude::*;
use crate::mechanisms::differentiated::{Jacobian, at_vertices};

/// A mixture of DARN and straight-through, with ReinMax in the middle.
///
/// **Estimates** the gradient for linear losses at every weight, and for quadratic losses only at
/// w = ½.
///
/// **Formula** w · s ⟨g, s⟩ + (1 − w) · J(p) g. This is straight-through at w = 0, ReinMax (τ = 1)
/// at w = ½, and DARN at w = 1. The family corresponds to the two-stage Runge–Kutta rules with
/// w = 1/(2α).
///
/// **Requires** gradients at vertices.
///
/// **Costs** one loss at a vertex and its gradient.
///
/// **When to use** to study how much the order of the rule matters. For quadratic losses the bias
/// is proportional to w − ½; for other losses it need not be smallest there. The variance usually
/// grows with w.
///
/// **Reference** Liu, Dong, Liu, Yu & Gao 2023, arXiv:2304.08612; the mixture is our derivation
/// from their Theorem 3.1.
///
/// ```
/// use estimators::{Dims, Kind, Noise, SquaredPick, kinds::SecondOrder, mean_gradient};
/// let objective = SquaredPick::of(&[22.0, 30.0, 10.0], &[25.0]);
/// let logits = [0.1f64, 0.8, 0.1].map(f64::ln);
/// let dims = Dims { batch: 1, latents: 1, categories: 3 };
/// let noise = &mut Noise::named(&["example"]);
/// let mut estimator = SecondOrder { weight: 0.5 }.build();
/// let estimate = mean_gradient(&mut *estimator, &logits, dims, &objective, 1000, noise)?;
/// // Unbiased, as w = ½ and the loss is quadratic.
/// assert!(estimate.agrees_with(&[-3.44, -14.72, 18.16]));
/// # Ok::<(), estimators::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct SecondOrder {
    /// w, the weight of DARN: a number.
    pub weight: f64,
}

impl Default for SecondOrder {
    fn default() -> Self {
        Self { weight: 0.5 }
    }
}

impl Kind for SecondOrder {
    const NAME: &'static str = "second-order";
    const FAMILY: Family = Family::StraightThrough;
    const SUMMARY: &'static str = "a mixture of darn and straight-through";
    const SOURCE: &'static str = "Liu, Dong, Liu, Yu & Gao 2023, arXiv:2304.08612, §3";

    fn check(&self) -> Result<(), Fault> {
        ranges::finite("weight", self.weight)
    }

    fn build<E: Real>(self) -> Box<dyn Estimator<E>> {
        Box::new(self)
    }
}

impl<E: Real> Estimator<E> for SecondOrder {
    fn estimate(
        &mut self,
        logits: Logits<E>,
        objective: &dyn Objective<E>,
        noise: &mut Noise,
    ) -> Result<Surrogate<E>> {
        let categorical = Categorical::new(logits)?;
        let p = categorical.softmax(E::ONE);
        let picks = Rc::new(rows::categorical(&p, 1, noise));
        let weight = E::of(self.weight);
        at_vertices(categorical, Rc::clone(&picks), objective, FirstOrderMix { p, picks, weight })
    }

    fn properties(&self, _: Dims) -> Properties {
        let is_second_order = self.weight == 0.5;
        Properties {
            unbiased: if is_second_order { Unbiased::Quadratic } else { Unbiased::Linear },
            ..Properties::new(Domain::VertexGradients, Evaluations::differentiated(1))
        }
    }
}

/// w · s ⟨g, s⟩ + (1 − w) · J(p) g
pub(crate) struct FirstOrderMix<E: Real> {
    pub(crate) p: Packed<E>,
    pub(crate) picks: Rc<Packed<E>>,
    pub(crate) weight: E,
}

impl<E: Real> Jacobian<E> for FirstOrderMix<E> {
    #[inline(always)]
    fn product<V: Lanes<E>>(&self, block: usize, g: &[V], v: &mut [V]) {
        let (p, pick) = (self.p.block::<V>(block), self.picks.block::<V>(block)[0]);
        let mut along = V::zero();
        for k in 0..p.len() {
            along += (rows::one_hot(pick, k) - p[k]) * g[k];
        }
        let along = along * V::splat(self.weight);
        for k in 0..p.len() {
            v[k] += (rows::one_hot(pick, k) - p[k]) * along;
        }
        rows::add_jacobian_product(p, g, V::splat(E::ONE - self.weight), v);
    }
}
