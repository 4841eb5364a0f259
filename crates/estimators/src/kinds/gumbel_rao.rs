use super::prelude::*;
use crate::mechanisms::differentiated::{Jacobian, at_vertices};
use crate::mechanisms::scheduled::Scheduled;

/// Rao–Blackwellized straight-through Gumbel-softmax: an average over the Gumbel noise that leads
/// to the same sample.
///
/// **Estimates** the same as `st-gumbel-softmax` with less variance. As τ falls it becomes ReinMax.
///
/// **Formula** D ~ Cat(p). Then, M times, E ~ Exp(1)ᴷ and perturbed logits X_D = −ln E_D,
/// X_k = −ln(E_k/p_k + E_D): logits with Gumbel noise, given that their argmax is D. With
/// x_m = softmax(X_m/τ), the gradient is (1/M) Σ_m J(x_m) g / τ. No gradient flows through the
/// conditioning.
///
/// **Requires** gradients at vertices.
///
/// **Costs** one loss at a vertex and its gradient, and M·K exponential random numbers.
///
/// **When to use** instead of `st-gumbel-softmax`. The noise is cheap compared with a network, so
/// 10 to 100 samples cost almost nothing.
///
/// **Reference** Paulus, Maddison & Krause 2021, arXiv:2010.04838, §3.
///
/// ```
/// use estimators::{Dims, Kind, Noise, SquaredPick, kinds::GumbelRao, mean_gradient};
/// let objective = SquaredPick::of(&[22.0, 30.0, 10.0], &[25.0]);
/// let logits = [0.1f64, 0.8, 0.1].map(f64::ln);
/// let dims = Dims { batch: 1, latents: 1, categories: 3 };
/// let noise = &mut Noise::named(&["example"]);
/// let mut estimator = GumbelRao { temperature: 0.1, ..Default::default() }.build();
/// let estimate = mean_gradient(&mut *estimator, &logits, dims, &objective, 1000, noise)?;
/// // The temperature sets the bias: the gradient of the expected loss is (−3.44, −14.72, 18.16).
/// assert!(estimate.agrees_with(&[-3.69, -11.17, 14.86]));
/// # Ok::<(), estimators::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct GumbelRao {
    /// τ: above 0.
    pub temperature: f64,
    /// Optional schedule that multiplies τ during training.
    pub schedule: Option<Schedule>,
    /// M, noise samples for each sampled category: from 1 up.
    pub samples: usize,
}

impl Default for GumbelRao {
    fn default() -> Self {
        Self { temperature: 0.5, schedule: None, samples: 10 }
    }
}

impl Kind for GumbelRao {
    const NAME: &'static str = "gumbel-rao";
    const FAMILY: Family = Family::Gumbel;
    const SUMMARY: &'static str = "st-gumbel-softmax averaged, given the sample";
    const SOURCE: &'static str = "Paulus, Maddison & Krause 2021, arXiv:2010.04838";

    fn check(&self) -> Result<(), Fault> {
        ranges::temperature("temperature", self.temperature)?;
        ranges::schedule(self.schedule)?;
        ranges::samples(self.samples, 1)
    }

    fn build<E: Real>(self) -> Box<dyn Estimator<E>> {
        Box::new(Scheduled::new(self.schedule, self))
    }
}

impl<E: Real> Estimator<E> for Scheduled<GumbelRao> {
    fn estimate(
        &mut self,
        logits: Logits<E>,
        objective: &dyn Objective<E>,
        noise: &mut Noise,
    ) -> Result<Surrogate<E>> {
        let categorical = Categorical::new(logits)?;
        let p = categorical.softmax(E::ONE);
        let picks = rows::categorical(&p, 1, noise);
        let temperature = self.at(self.kind.temperature);
        let mut points = noise.exponentials(p.rows(), self.kind.samples * p.columns());
        conditional_softmax(&p, &picks, E::ONE / temperature, &mut points);
        at_vertices(categorical, Rc::new(picks), objective, MeanJacobian { points, temperature })
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
    /// Turns M·K exponential numbers into M relaxed samples whose argmax is the sample.
    pub(super) fn conditional_softmax(p, pick; inverse_temperature => points) {
        for x in points.chunks_exact_mut(p.len()) {
            let mut chosen = V::zero();
            for k in 0..p.len() {
                chosen += rows::one_hot(pick[0], k) * x[k];
            }
            for k in 0..p.len() {
                // 0 for the sample itself; infinite where p is 0.
                let other = V::splat(E::ONE) - rows::one_hot(pick[0], k);
                let arrival = V::select(other.equal(V::zero()), V::zero(), x[k] / p[k]);
                x[k] = -(arrival + chosen).ln();
            }
            let top = rows::max(x);
            let mut sum = V::zero();
            for k in 0..p.len() {
                x[k] = ((x[k] - top) * inverse_temperature).exp();
                sum += x[k];
            }
            let scale = V::splat(E::ONE) / sum;
            for k in 0..p.len() {
                x[k] = x[k] * scale;
            }
        }
    }
}

pub(super) struct MeanJacobian<E: Real> {
    /// M points of each row, [B·L, M·K].
    pub(super) points: Packed<E>,
    pub(super) temperature: E,
}

impl<E: Real> MeanJacobian<E> {
    /// v += (c/M) Σ_m J(x_m) g / τ
    #[inline(always)]
    pub(super) fn scaled_product<V: Lanes<E>>(&self, block: usize, g: &[V], c: E, v: &mut [V]) {
        let samples = self.points.columns() / g.len();
        let scale = V::splat(c / (self.temperature * E::of(samples as f64)));
        for x in self.points.block::<V>(block).chunks_exact(g.len()) {
            rows::add_jacobian_product(x, g, scale, v);
        }
    }
}

impl<E: Real> Jacobian<E> for MeanJacobian<E> {
    #[inline(always)]
    fn product<V: Lanes<E>>(&self, block: usize, g: &[V], v: &mut [V]) {
        self.scaled_product(block, g, E::ONE, v);
    }
}
