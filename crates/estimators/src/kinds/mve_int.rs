use super::index_soft_argmax::slope_at;
use super::prelude::*;
use crate::mechanisms::differentiated::{Jacobian, at_vertices};
use crate::mechanisms::scheduled::Scheduled;

/// The minimum variance estimator of a choice whose category *number* is used as a number.
///
/// **Estimates** the gradient if the loss depends on the choice through its number x only: without bias for
/// losses that are linear in x at every τ, and for quadratic ones at τ = ∞, where the bias falls as 1/τ.
/// Nothing meaningful if the categories have no order.
///
/// **Formula** D ~ Cat(p), x its number. With m = Σ_k k p_k, v = Σ_k p_k (k − m)² and ε = 1/τ, the gradient
/// is f′ p_k ((k − m) + (x − m) ((k − m)² − v)/(ε + 2v)), where f′ is the slope of the loss along the
/// numbers: g_{j+1} − g_j with j = min(x, K − 2), as `index-soft-argmax` has it.
///
/// **Requires** gradients at vertices, of a loss of the number.
///
/// **Costs** one loss at a vertex and its gradient; its own work grows as K.
///
/// **When to use** if categories are points on a line: pixel coordinates, ratings, integer codes. It needs
/// the derivative with respect to one number, and not K, and its variance hardly grows with K, unlike that
/// of `reinmax`.
///
/// **Reference** Hooper & Shekhovtsov 2026, "Generalized and Optimal Straight-Through Estimators"
/// (AISTATS), with the numbers centered at their mean.
///
/// ```
/// use estimators::objectives::SquaredIndex;
/// use estimators::{Dims, Kind, Noise, kinds::MveInt, mean_gradient};
/// // f(x) = (x − 1.2)² at x = 0, 1, 2: 1.44, 0.04 and 0.64.
/// let objective = SquaredIndex::new(3, &[1.2]);
/// let logits = [0.1f64, 0.8, 0.1].map(f64::ln);
/// let dims = Dims { batch: 1, latents: 1, categories: 3 };
/// let noise = &mut Noise::named(&["example"]);
/// let mut estimator = MveInt { temperature: f64::INFINITY, schedule: None }.build();
/// let estimate = mean_gradient(&mut *estimator, &logits, dims, &objective, 1000, noise)?;
/// // Unbiased in the limit, as the loss is quadratic in the number: p ⊙ (f − Σ p f).
/// assert!(estimate.agrees_with(&[0.12, -0.16, 0.04]));
/// # Ok::<(), estimators::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct MveInt {
    /// τ: above 0, or inf.
    pub temperature: f64,
    /// Optional schedule that multiplies τ during training; not with τ = inf.
    pub schedule: Option<Schedule>,
}

impl Default for MveInt {
    fn default() -> Self {
        Self { temperature: 1.0, schedule: None }
    }
}

impl Kind for MveInt {
    const NAME: &'static str = "mve-int";
    const FAMILY: Family = Family::StraightThrough;
    const SUMMARY: &'static str = "mve for the category's number";
    const SOURCE: &'static str = "Hooper & Shekhovtsov 2026, AISTATS";

    fn check(&self) -> Result<(), Fault> {
        ranges::temperature_or_infinity("temperature", self.temperature, self.schedule)
    }

    fn build<E: Real>(self) -> Box<dyn Estimator<E>> {
        Box::new(Scheduled::new(self.schedule, self))
    }
}

impl<E: Real> Estimator<E> for Scheduled<MveInt> {
    fn estimate(
        &mut self,
        logits: Logits<E>,
        objective: &dyn Objective<E>,
        noise: &mut Noise,
    ) -> Result<Surrogate<E>> {
        let epsilon = E::ONE / self.at::<E>(self.kind.temperature);
        let categorical = Categorical::new(logits)?;
        let p = categorical.softmax(E::ONE);
        let picks = Rc::new(rows::categorical(&p, 1, noise));
        let jacobian = OfNumber { p, picks: Rc::clone(&picks), epsilon };
        at_vertices(categorical, picks, objective, jacobian)
    }

    fn properties(&self, _: Dims) -> Properties {
        // Losses that are linear in the choice need not be so in its number.
        Properties::new(Domain::VertexGradients, Evaluations::differentiated(1))
    }

    fn advance(&mut self) -> Result<()> {
        self.next_step();
        Ok(())
    }
}

struct OfNumber<E: Real> {
    p: Packed<E>,
    picks: Rc<Packed<E>>,
    epsilon: E,
}

impl<E: Real> Jacobian<E> for OfNumber<E> {
    /// v_k += f′ p_k ((k − m) + (x − m) ((k − m)² − v)/(ε + 2v))
    #[inline(always)]
    fn product<V: Lanes<E>>(&self, block: usize, g: &[V], v: &mut [V]) {
        let (p, x) = (self.p.block::<V>(block), self.picks.block::<V>(block)[0]);
        let (mut mean, mut variance) = (V::zero(), V::zero());
        for (k, &p) in p.iter().enumerate() {
            mean = V::splat(E::of(k as f64)).mul_add(p, mean);
        }
        for (k, &p) in p.iter().enumerate() {
            let off = V::splat(E::of(k as f64)) - mean;
            variance = (off * off).mul_add(p, variance);
        }
        let spread = V::splat(self.epsilon) + variance + variance;
        // A variance of 0 means that one category has all the probability; the gradient is 0.
        let spread = spread.max(V::splat(E::of(f64::from(f32::MIN_POSITIVE))));
        let slope = slope_at(x, g);
        for k in 0..p.len() {
            let off = V::splat(E::of(k as f64)) - mean;
            // p (k − m)² is at most v, where the quotient itself may overflow.
            let curved = (p[k] * (off * off) - p[k] * variance) / spread;
            v[k] += slope * (x - mean).mul_add(curved, p[k] * off);
        }
    }
}
