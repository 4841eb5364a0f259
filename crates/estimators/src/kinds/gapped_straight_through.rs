use super::prelude::*;
use crate::mechanisms::differentiated::{SoftmaxJacobian, at_vertices};
use crate::mechanisms::scheduled::Scheduled;

/// Straight-through at logits that are pushed apart until they agree with the sample.
///
/// **Estimates** the gradient with a bias like that of straight-through Gumbel-softmax, but with
/// less variance: only the sample is random.
///
/// **Formula** D ~ Cat(p); m = max θ; θ'_D = m, and θ'_k = θ_k − max(0, θ_k − m + gap) elsewhere;
/// x = softmax(θ'/τ); gradient J(x) g / τ, where the shift θ' − θ counts as a constant. The gap is
/// a number, or `"pi"`: −ln(1 − q)/q with q = p_D (1 − 10⁻⁵).
///
/// **Requires** gradients at vertices.
///
/// **Costs** one loss at a vertex and its gradient.
///
/// **When to use** instead of `st-gumbel-softmax`, at the same temperature. The authors' tuned
/// temperatures are 0.5 to 0.7.
///
/// **Reference** Fan, Zhang, Liu, Chen & Wei 2022, arXiv:2206.07235.
///
/// ```
/// use estimators::{Dims, Kind, Noise, SquaredPick, kinds::GappedStraightThrough, mean_gradient};
/// let objective = SquaredPick::of(&[22.0, 30.0, 10.0], &[25.0]);
/// let logits = [0.1f64, 0.8, 0.1].map(f64::ln);
/// let dims = Dims { batch: 1, latents: 1, categories: 3 };
/// let noise = &mut Noise::named(&["example"]);
/// let mut estimator = GappedStraightThrough::default().build();
/// let estimate = mean_gradient(&mut *estimator, &logits, dims, &objective, 1000, noise)?;
/// // Biased here: the gradient of the expected loss is (−3.44, −14.72, 18.16).
/// assert!(estimate.agrees_with(&[-5.294, 6.48, -1.186]));
/// # Ok::<(), estimators::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct GappedStraightThrough {
    /// τ: above 0.
    pub temperature: f64,
    /// Optional schedule that multiplies τ during training.
    pub schedule: Option<Schedule>,
    /// How far the other logits lie below the sample's: a number from 0 up, or `"pi"`.
    pub gap: Gap,
}

impl Default for GappedStraightThrough {
    fn default() -> Self {
        Self { temperature: 1.0, schedule: None, gap: Gap::Number(1.0) }
    }
}

impl Kind for GappedStraightThrough {
    const NAME: &'static str = "gapped-straight-through";
    const FAMILY: Family = Family::StraightThrough;
    const SUMMARY: &'static str = "straight-through with a gap below the sample";
    const SOURCE: &'static str = "Fan, Zhang, Liu, Chen & Wei 2022, arXiv:2206.07235";
    const VERSION: u32 = 2;

    fn check(&self) -> Result<(), Fault> {
        ranges::temperature("temperature", self.temperature)?;
        ranges::schedule(self.schedule)?;
        match self.gap {
            Gap::Number(gap) => Fault::require(
                gap >= 0.0 && gap.is_finite(),
                "gap",
                gap,
                "a number from 0 up, or \"pi\"",
            ),
            Gap::Named(_) => Ok(()),
        }
    }

    fn build<E: Real>(self) -> Box<dyn Estimator<E>> {
        Box::new(Scheduled::new(self.schedule, self))
    }
}

/// How far the other logits lie below the sample's.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Gap {
    /// A fixed gap.
    Number(f64),
    /// A gap by a rule.
    Named(GapRule),
}

/// A rule for the gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum GapRule {
    /// −ln(1 − q)/q with q = p_D (1 − 10⁻⁵).
    Pi,
}

impl<E: Real> Estimator<E> for Scheduled<GappedStraightThrough> {
    fn estimate(
        &mut self,
        logits: Logits<E>,
        objective: &dyn Objective<E>,
        noise: &mut Noise,
    ) -> Result<Surrogate<E>> {
        let categorical = Categorical::new(logits)?;
        let p = categorical.softmax(E::ONE);
        let picks = rows::categorical(&p, 1, noise);
        let mut gaps = Packed::zeros(picks.rows(), 1);
        match self.kind.gap {
            Gap::Number(gap) => constant(E::of(gap), &mut gaps),
            Gap::Named(GapRule::Pi) => by_probability(&p, &picks, &mut gaps),
        }
        let mut shifted = Packed::zeros(p.rows(), p.columns());
        move_apart(&categorical.theta, &picks, &gaps, &mut shifted);
        let temperature = self.at(self.kind.temperature);
        let points = Rc::new(rows::softmax(&shifted, temperature));
        at_vertices(categorical, Rc::new(picks), objective, SoftmaxJacobian { points, temperature })
    }

    fn properties(&self, _: Dims) -> Properties {
        Properties::new(Domain::VertexGradients, Evaluations::differentiated(1))
    }

    fn advance(&mut self) -> Result<()> {
        self.next_step();
        Ok(())
    }
}

rowwise! {
    fn constant(; gap => gaps) {
        gaps[0] = gap;
    }
}

rowwise! {
    /// −ln(1 − q)/q, which nears 1 as q nears 0
    fn by_probability(p, pick => gap) {
        let mut q = V::zero();
        for k in 0..p.len() {
            q += rows::one_hot(pick[0], k) * p[k];
        }
        q = q * V::splat(E::of(1.0 - 1e-5));
        let ratio = -(V::splat(E::ONE) - q).ln() / q;
        gap[0] = V::select(q.less(V::splat(E::of(1e-6))), V::splat(E::ONE), ratio);
    }
}

rowwise! {
    /// θ'
    fn move_apart(theta, pick, gap => shifted) {
        let top = rows::max(theta);
        for k in 0..theta.len() {
            let excess = (theta[k] - top + gap[0]).max(V::zero());
            shifted[k] = select_pick(pick[0], k, top, theta[k] - excess);
        }
    }
}

/// `chosen` where category `k` is the sample, else `other`.
#[inline(always)]
fn select_pick<E: Real, V: Lanes<E>>(pick: V, k: usize, chosen: V, other: V) -> V {
    V::select(pick.equal(V::splat(E::of(k as f64))), chosen, other)
}
