use super::prelude::*;
use crate::mechanisms::without_replacement::{Order, Subsets, Weighting, too_many_samples};

/// The score function over a set of distinct samples, averaged over the order in which they were
/// drawn, with a baseline made of the set's own losses.
///
/// **Estimates** ∇ E f(D) without bias; exactly if the set holds all outcomes.
///
/// **Formula** S is a set of k joint outcomes drawn without replacement (Gumbel top-k).
/// R(S, x) = P(S∖x | x first)/P(S), and R²(S, x, y) likewise given the first two. The gradient is
/// Σ_{x∈S} p_x R(S, x) (f_x − Σ_{y∈S} p_y R²(S, x, y) f_y) s_x with R²(S, x, x) = 1. With one
/// sample the formula is biased, so k is at least 2.
///
/// **Requires** losses at vertices.
///
/// **Costs** k losses, and 2ᵏ sums per row.
///
/// **When to use** if a few losses per row are affordable and the distribution is peaked, so that
/// samples with replacement would repeat.
///
/// **Reference** Kool, van Hoof & Welling 2020, arXiv:2002.06043, eq. 15 and Appendix; P(S) by
/// recursion over subsets.
///
/// ```
/// use estimators::{Dims, Kind, Noise, SquaredPick, kinds::UnorderedSet, mean_gradient};
/// let objective = SquaredPick::of(&[22.0, 30.0, 10.0], &[25.0]);
/// let logits = [0.1f64, 0.8, 0.1].map(f64::ln);
/// let dims = Dims { batch: 1, latents: 1, categories: 3 };
/// let noise = &mut Noise::named(&["example"]);
/// let mut estimator = UnorderedSet { samples: 2 }.build();
/// let estimate = mean_gradient(&mut *estimator, &logits, dims, &objective, 1000, noise)?;
/// // Unbiased: the mean is the gradient of the expected loss.
/// assert!(estimate.agrees_with(&[-3.44, -14.72, 18.16]));
/// # Ok::<(), estimators::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct UnorderedSet {
    /// k, distinct joint outcomes of each row: from 2 up, at most 20.
    pub samples: usize,
}

impl Default for UnorderedSet {
    fn default() -> Self {
        Self { samples: 4 }
    }
}

impl Kind for UnorderedSet {
    const NAME: &'static str = "unordered-set";
    const FAMILY: Family = Family::ScoreFunction;
    const SUMMARY: &'static str = "score function of samples without replacement";
    const SOURCE: &'static str = "Kool, van Hoof & Welling 2020, arXiv:2002.06043";
    const VERSION: u32 = 3;

    fn check(&self) -> Result<(), Fault> {
        set_size(self.samples, 2)
    }

    fn build<E: Real>(self) -> Box<dyn Estimator<E>> {
        Box::new(SetEstimator { samples: self.samples, baseline: true })
    }
}

/// Rejects a set of fewer than `least` outcomes, and one with too many subsets.
pub(super) fn set_size(samples: usize, least: usize) -> Result<(), Fault> {
    let expected = format!("a whole number from {least} to 20");
    Fault::require((least..=20).contains(&samples), "samples", samples, expected)
}

/// The estimator, with and without its baseline.
pub(super) struct SetEstimator {
    pub(super) samples: usize,
    pub(super) baseline: bool,
}

impl<E: Real> Estimator<E> for SetEstimator {
    fn estimate(
        &mut self,
        logits: Logits<E>,
        objective: &dyn Objective<E>,
        noise: &mut Noise,
    ) -> Result<Surrogate<E>> {
        let categorical = Categorical::new(logits)?;
        let order = Order::Lexicographic;
        let subsets = Subsets::without_replacement(&categorical, self.samples, order, noise);
        subsets.surrogate(categorical, Weighting::Set { baseline: self.baseline }, objective)
    }

    fn properties(&self, dims: Dims) -> Properties {
        Properties {
            unbiased: Unbiased::Always,
            // The set of all outcomes is not random.
            stochastic: dims.outcomes().is_none_or(|outcomes| self.samples < outcomes),
            ..Properties::new(Domain::Vertices, Evaluations::vertices(self.samples as u64))
        }
    }

    fn refuses(&self, dims: Dims) -> Option<String> {
        too_many_samples(self.samples, dims)
    }
}
