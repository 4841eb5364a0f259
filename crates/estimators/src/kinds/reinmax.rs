use super::prelude::*;
use crate::mechanisms::differentiated::{Jacobian, at_vertices};
use crate::mechanisms::scheduled::Scheduled;

/// Straight-through with Heun's rule instead of Euler's.
///
/// **Estimates** the gradient to second order: without bias for quadratic losses at τ = 1.
///
/// **Formula** D ~ Cat(p), π = (p_τ + D)/2; gradient 2 J(π) g − ½ J(p) g. At τ = 1 each estimate is
/// the average of straight-through and DARN for the same sample, which Shekhovtsov 2023 calls ZGR.
///
/// **Requires** gradients at vertices.
///
/// **Costs** one loss at a vertex and its gradient.
///
/// **When to use** instead of straight-through if the loss is nearly quadratic: the cost is the
/// same and there is no bias. For other losses its bias is usually, but not always, smaller. Its
/// variance is usually higher, and can exceed that of a score function with a good baseline. τ ≠ 1
/// gives up the unbiasedness; the authors' tuned values are 1.1 to 1.5.
///
/// **Reference** Liu, Dong, Liu, Yu & Gao 2023, arXiv:2304.08612, Algorithm 2.
///
/// ```
/// use estimators::{Dims, Kind, Noise, SquaredPick, kinds::ReinMax, mean_gradient};
/// let objective = SquaredPick::of(&[22.0, 30.0, 10.0], &[25.0]);
/// let logits = [0.1f64, 0.8, 0.1].map(f64::ln);
/// let dims = Dims { batch: 1, latents: 1, categories: 3 };
/// let noise = &mut Noise::named(&["example"]);
/// let mut estimator = ReinMax::default().build();
/// let estimate = mean_gradient(&mut *estimator, &logits, dims, &objective, 1000, noise)?;
/// // Unbiased, as the loss is quadratic: the mean is the gradient of the expected loss.
/// assert!(estimate.agrees_with(&[-3.44, -14.72, 18.16]));
/// # Ok::<(), estimators::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct ReinMax {
    /// τ of the midpoint: above 0.
    pub temperature: f64,
    /// Optional schedule that multiplies τ during training.
    pub schedule: Option<Schedule>,
}

impl Default for ReinMax {
    fn default() -> Self {
        Self { temperature: 1.0, schedule: None }
    }
}

impl Kind for ReinMax {
    const NAME: &'static str = "reinmax";
    const FAMILY: Family = Family::StraightThrough;
    const SUMMARY: &'static str = "straight-through of second order";
    const SOURCE: &'static str = "Liu, Dong, Liu, Yu & Gao 2023, arXiv:2304.08612";

    fn check(&self) -> Result<(), Fault> {
        ranges::temperature("temperature", self.temperature)?;
        ranges::schedule(self.schedule)
    }

    fn build<E: Real>(self) -> Box<dyn Estimator<E>> {
        Box::new(Scheduled::new(self.schedule, self))
    }
}

impl<E: Real> Estimator<E> for Scheduled<ReinMax> {
    fn estimate(
        &mut self,
        logits: Logits<E>,
        objective: &dyn Objective<E>,
        noise: &mut Noise,
    ) -> Result<Surrogate<E>> {
        let categorical = Categorical::new(logits)?;
        let p = Rc::new(categorical.softmax(E::ONE));
        let tempered = categorical.tempered_softmax(&p, self.at(self.kind.temperature));
        let picks = Rc::new(rows::categorical(&p, 1, noise));
        at_vertices(categorical, Rc::clone(&picks), objective, Heun { p, tempered, picks })
    }

    fn properties(&self, _: Dims) -> Properties {
        let is_second_order = self.is_always_one(self.kind.temperature);
        Properties {
            unbiased: if is_second_order { Unbiased::Quadratic } else { Unbiased::Never },
            ..Properties::new(Domain::VertexGradients, Evaluations::differentiated(1))
        }
    }

    fn advance(&mut self) -> Result<()> {
        self.next_step();
        Ok(())
    }
}

struct Heun<E: Real> {
    p: Rc<Packed<E>>,
    tempered: Rc<Packed<E>>,
    picks: Rc<Packed<E>>,
}

impl<E: Real> Jacobian<E> for Heun<E> {
    /// v += 2 J((p_τ + D)/2) g − ½ J(p) g
    #[inline(always)]
    fn product<V: Lanes<E>>(&self, block: usize, g: &[V], v: &mut [V]) {
        let (p, tempered) = (self.p.block::<V>(block), self.tempered.block::<V>(block));
        let pick = self.picks.block::<V>(block)[0];
        let half = V::splat(E::of(0.5));
        let mut mean = V::zero();
        for k in 0..p.len() {
            let midpoint = half * (tempered[k] + rows::one_hot(pick, k));
            mean = midpoint.mul_add(g[k], mean);
        }
        for k in 0..p.len() {
            // 2·½ = 1
            v[k] += (tempered[k] + rows::one_hot(pick, k)) * (g[k] - mean);
        }
        rows::add_jacobian_product(p, g, -half, v);
    }
}
