use super::prelude::*;
use crate::mechanisms::enumeration::MOST_OUTCOMES;
use crate::mechanisms::without_replacement::{Subsets, Weighting, too_many_samples};

/// The most probable outcomes summed exactly, plus one sample for all the rest.
///
/// **Estimates** ∇ E f(D) without bias; exactly with all outcomes.
///
/// **Formula** the k − 1 most probable joint outcomes contribute p_x f_x s_x each. One more is
/// drawn from the rest and stands for all of it: (1 − Σ p) f s. Ties go to the lexicographically
/// first outcome.
///
/// **Requires** losses at vertices; at most 65,536 joint outcomes Kᴸ.
///
/// **Costs** k losses.
///
/// **When to use** if the distribution is peaked, so that the sample has little weight.
///
/// **Reference** Liu, Regier, Tripuraneni, Jordan & McAuliffe 2019, arXiv:1810.04777, eq. 6.
///
/// ```
/// use estimators::{Dims, Kind, Noise, SquaredPick, kinds::SumAndSample, mean_gradient};
/// let objective = SquaredPick::of(&[22.0, 30.0, 10.0], &[25.0]);
/// let logits = [0.1f64, 0.8, 0.1].map(f64::ln);
/// let dims = Dims { batch: 1, latents: 1, categories: 3 };
/// let noise = &mut Noise::named(&["example"]);
/// let mut estimator = SumAndSample { samples: 2 }.build();
/// let estimate = mean_gradient(&mut *estimator, &logits, dims, &objective, 1000, noise)?;
/// // Unbiased: the mean is the gradient of the expected loss.
/// assert!(estimate.agrees_with(&[-3.44, -14.72, 18.16]));
/// # Ok::<(), estimators::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct SumAndSample {
    /// k, distinct joint outcomes of each row: from 1 up.
    pub samples: usize,
}

impl Default for SumAndSample {
    fn default() -> Self {
        Self { samples: 4 }
    }
}

impl Kind for SumAndSample {
    const NAME: &'static str = "sum-and-sample";
    const FAMILY: Family = Family::ScoreFunction;
    const SUMMARY: &'static str = "the most probable outcomes exactly, one for the rest";
    const SOURCE: &'static str =
        "Liu, Regier, Tripuraneni, Jordan & McAuliffe 2019, arXiv:1810.04777";
    const VERSION: u32 = 4;

    fn check(&self) -> Result<(), Fault> {
        ranges::samples(self.samples, 1)
    }

    fn build<E: Real>(self) -> Box<dyn Estimator<E>> {
        Box::new(self)
    }
}

impl<E: Real> Estimator<E> for SumAndSample {
    fn estimate(
        &mut self,
        logits: Logits<E>,
        objective: &dyn Objective<E>,
        noise: &mut Noise,
    ) -> Result<Surrogate<E>> {
        let categorical = Categorical::new(logits)?;
        let subsets = Subsets::most_probable(&categorical, self.samples, noise);
        subsets.surrogate(categorical, Weighting::Sum, objective)
    }

    fn properties(&self, dims: Dims) -> Properties {
        Properties {
            unbiased: Unbiased::Always,
            // The last of all outcomes is not random.
            stochastic: dims.outcomes().is_none_or(|outcomes| self.samples < outcomes),
            ..Properties::new(Domain::Vertices, Evaluations::vertices(self.samples as u64))
        }
    }

    fn refuses(&self, dims: Dims) -> Option<String> {
        let too_large = dims.outcomes().is_none_or(|outcomes| outcomes > MOST_OUTCOMES);
        let said =
            || format!("it sorts all joint outcomes, and there are more than {MOST_OUTCOMES}");
        too_large.then(said).or_else(|| too_many_samples(self.samples, dims))
    }
}
