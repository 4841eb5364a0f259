use super::gumbel_rao::{MeanJacobian, conditional_softmax};
use super::prelude::*;
use crate::mechanisms::differentiated::{Jacobian, at_vertices};
use crate::mechanisms::scheduled::Scheduled;

/// ReinMax whose Jacobian at the midpoint is that of `gumbel-rao`.
///
/// **Estimates** the gradient with a bias of its own at every τ, also for quadratic losses, and with less
/// variance than ReinMax. For f = exp⟨a, z⟩ over four categories the bias is 23, 16 and 33 % of the gradient
/// for τ = 1, 0.5 and 0.1, and 11 % for ReinMax.
///
/// **Formula** D ~ Cat(p), π = (p + D)/2. Then, M times, y_m is the relaxed sample of `gumbel-rao` for the
/// probabilities π, given that its argmax is D. The gradient is (2/M) Σ_m J(y_m) g / τ − ½ J(p) g.
///
/// **Requires** gradients at vertices.
///
/// **Costs** one loss at a vertex and its gradient, and M·K exponential random numbers.
///
/// **When to use** to repeat its publication. For less variance than ReinMax at some bias, `mve` had both
/// lower on that example.
///
/// **Reference** arXiv:2603.08257, as its authors' code has it (danielwang0452/DiscreteNumericalMethodsASC,
/// 54b6cc7). Their ReinMax-CV is left out: what it adds should have the mean 0, and does
/// not.
///
/// ```
/// use estimators::{Dims, Kind, Noise, SquaredPick, kinds::ReinMaxRao, mean_gradient};
/// let objective = SquaredPick::of(&[22.0, 30.0, 10.0], &[25.0]);
/// let logits = [0.1f64, 0.8, 0.1].map(f64::ln);
/// let dims = Dims { batch: 1, latents: 1, categories: 3 };
/// let noise = &mut Noise::named(&["example"]);
/// let mut estimator = ReinMaxRao { temperature: 1.0, ..Default::default() }.build();
/// let estimate = mean_gradient(&mut *estimator, &logits, dims, &objective, 1000, noise)?;
/// // Biased, although the loss is quadratic: the gradient of its mean is (−3.44, −14.72, 18.16).
/// assert!(estimate.agrees_with(&[-6.22, 1.74, 4.48]));
/// # Ok::<(), estimators::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct ReinMaxRao {
    /// τ: above 0.
    pub temperature: f64,
    /// Optional schedule that multiplies τ during training.
    pub schedule: Option<Schedule>,
    /// M, noise samples for each sampled category: from 1 up.
    pub samples: usize,
}

impl Default for ReinMaxRao {
    fn default() -> Self {
        Self { temperature: 0.5, schedule: None, samples: 10 }
    }
}

impl Kind for ReinMaxRao {
    const NAME: &'static str = "reinmax-rao";
    const FAMILY: Family = Family::Gumbel;
    const SUMMARY: &'static str = "reinmax with the Jacobian of gumbel-rao";
    const SOURCE: &'static str = "arXiv:2603.08257";

    fn check(&self) -> Result<(), Fault> {
        ranges::temperature("temperature", self.temperature)?;
        ranges::schedule(self.schedule)?;
        ranges::samples(self.samples, 1)
    }

    fn build<E: Real>(self) -> Box<dyn Estimator<E>> {
        Box::new(Scheduled::new(self.schedule, self))
    }
}

impl<E: Real> Estimator<E> for Scheduled<ReinMaxRao> {
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
        let mut middle = Packed::scratch(p.rows(), p.columns());
        midpoint(&p, &picks, &mut middle);
        let mut points = noise.exponentials(p.rows(), self.kind.samples * p.columns());
        conditional_softmax(&middle, &picks, E::ONE / temperature, &mut points);
        let relaxed = MeanJacobian { points, temperature };
        at_vertices(categorical, Rc::new(picks), objective, RelaxedHeun { p, relaxed })
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
    /// (p + D)/2
    fn midpoint(p, pick => middle) {
        for k in 0..p.len() {
            middle[k] = V::splat(E::of(0.5)) * (p[k] + rows::one_hot(pick[0], k));
        }
    }
}

struct RelaxedHeun<E: Real> {
    p: Packed<E>,
    relaxed: MeanJacobian<E>,
}

impl<E: Real> Jacobian<E> for RelaxedHeun<E> {
    /// v += (2/M) Σ_m J(y_m) g / τ − ½ J(p) g
    #[inline(always)]
    fn product<V: Lanes<E>>(&self, block: usize, g: &[V], v: &mut [V]) {
        self.relaxed.scaled_product(block, g, E::of(2.0), v);
        rows::add_jacobian_product(self.p.block(block), g, V::splat(E::of(-0.5)), v);
    }
}
