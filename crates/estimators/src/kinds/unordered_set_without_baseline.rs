use super::prelude::*;
use super::unordered_set::{SetEstimator, set_size};

/// The unordered-set estimator without a baseline.
///
/// **Estimates** ∇ E f(D) without bias; exactly if the set holds all outcomes.
///
/// **Formula** Σ_{x∈S} p_x R(S, x) f_x s_x with S and R as in `unordered-set`. With one sample it
/// is REINFORCE without a baseline.
///
/// **Requires** losses at vertices.
///
/// **Costs** k losses, and 2ᵏ sums per row.
///
/// **When to use** to measure the effect of the baseline.
///
/// **Reference** Kool, van Hoof & Welling 2020, arXiv:2002.06043, eq. 11.
///
/// ```
/// use estimators::{Dims, Kind, Noise, SquaredPick, kinds::UnorderedSetWithoutBaseline, mean_gradient};
/// let objective = SquaredPick::of(&[22.0, 30.0, 10.0], &[25.0]);
/// let logits = [0.1f64, 0.8, 0.1].map(f64::ln);
/// let dims = Dims { batch: 1, latents: 1, categories: 3 };
/// let noise = &mut Noise::named(&["example"]);
/// let mut estimator = UnorderedSetWithoutBaseline { samples: 2 }.build();
/// let estimate = mean_gradient(&mut *estimator, &logits, dims, &objective, 1000, noise)?;
/// // Unbiased: the mean is the gradient of the expected loss.
/// assert!(estimate.agrees_with(&[-3.44, -14.72, 18.16]));
/// # Ok::<(), estimators::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct UnorderedSetWithoutBaseline {
    /// k, distinct joint outcomes of each row: from 1 up, at most 20.
    pub samples: usize,
}

impl Default for UnorderedSetWithoutBaseline {
    fn default() -> Self {
        Self { samples: 4 }
    }
}

impl Kind for UnorderedSetWithoutBaseline {
    const NAME: &'static str = "unordered-set-without-baseline";
    const FAMILY: Family = Family::ScoreFunction;
    const SUMMARY: &'static str = "unordered-set without its baseline";
    const SOURCE: &'static str = "Kool, van Hoof & Welling 2020, arXiv:2002.06043";
    const VERSION: u32 = 3;

    fn check(&self) -> Result<(), Fault> {
        set_size(self.samples, 1)
    }

    fn build<E: Real>(self) -> Box<dyn Estimator<E>> {
        Box::new(SetEstimator { samples: self.samples, baseline: false })
    }
}
