use super::prelude::*;
use crate::mechanisms::without_replacement::{Order, Subsets, Weighting, too_many_samples};

/// A random set of outcomes summed exactly, plus one sample for all the rest.
///
/// **Estimates** ∇ E f(D) without bias; exactly with all outcomes.
///
/// **Formula** k joint outcomes are drawn without replacement. The first k − 1 contribute p_x f_x
/// s_x each; the last stands for all the rest: (1 − Σ p) f s.
///
/// **Requires** losses at vertices.
///
/// **Costs** k losses.
///
/// **When to use** if the most probable outcomes are not known, as with many latents; otherwise use
/// `sum-and-sample`.
///
/// **Reference** Kool, van Hoof & Welling 2020, arXiv:2002.06043, §4.3; Liu, Regier, Tripuraneni,
/// Jordan & McAuliffe 2019, arXiv:1810.04777.
///
/// ```
/// use estimators::{Dims, Kind, Noise, SquaredPick, kinds::StochasticSumAndSample, mean_gradient};
/// let objective = SquaredPick::of(&[22.0, 30.0, 10.0], &[25.0]);
/// let logits = [0.1f64, 0.8, 0.1].map(f64::ln);
/// let dims = Dims { batch: 1, latents: 1, categories: 3 };
/// let noise = &mut Noise::named(&["example"]);
/// let mut estimator = StochasticSumAndSample { samples: 2 }.build();
/// let estimate = mean_gradient(&mut *estimator, &logits, dims, &objective, 1000, noise)?;
/// // Unbiased: the mean is the gradient of the expected loss.
/// assert!(estimate.agrees_with(&[-3.44, -14.72, 18.16]));
/// # Ok::<(), estimators::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct StochasticSumAndSample {
    /// k, distinct joint outcomes of each row: from 1 up.
    pub samples: usize,
}

impl Default for StochasticSumAndSample {
    fn default() -> Self {
        Self { samples: 4 }
    }
}

impl Kind for StochasticSumAndSample {
    const NAME: &'static str = "stochastic-sum-and-sample";
    const FAMILY: Family = Family::ScoreFunction;
    const SUMMARY: &'static str = "sum-and-sample over a random set";
    const SOURCE: &'static str =
        "Kool, van Hoof & Welling 2020, arXiv:2002.06043; Liu et al. 2019, arXiv:1810.04777";
    const VERSION: u32 = 3;

    fn check(&self) -> Result<(), Fault> {
        ranges::samples(self.samples, 1)
    }

    fn build<E: Real>(self) -> Box<dyn Estimator<E>> {
        Box::new(self)
    }
}

impl<E: Real> Estimator<E> for StochasticSumAndSample {
    fn estimate(
        &mut self,
        logits: Logits<E>,
        objective: &dyn Objective<E>,
        noise: &mut Noise,
    ) -> Result<Surrogate<E>> {
        let categorical = Categorical::new(logits)?;
        let subsets = Subsets::without_replacement(&categorical, self.samples, Order::Drawn, noise);
        subsets.surrogate(categorical, Weighting::Sum, objective)
    }

    fn properties(&self, _: Dims) -> Properties {
        Properties {
            unbiased: Unbiased::Always,
            ..Properties::new(Domain::Vertices, Evaluations::vertices(self.samples as u64))
        }
    }

    fn refuses(&self, dims: Dims) -> Option<String> {
        too_many_samples(self.samples, dims)
    }
}
