use crate::mechanisms::logits::Opened;
use crate::mechanisms::without_replacement::{Order, Subsets, Weighting, too_many};
use crate::ranges::samples;
use crate::{
    Dims, Domain, Estimator, Evaluations, Family, Fault, Kind, Logits, Objective, Properties,
    Result, Surrogate, Unbiased,
};
use kernels::{Noise, Real};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The unordered-set estimator with nothing taken off the losses.
///
/// **Estimates** ∇ E f(D) without bias; with all outcomes in the set, exactly.
///
/// **Formula** as `unordered-set`: Σ_{x∈S} p_x R(S, x) f_x s_x. With one sample it is REINFORCE without
/// baseline.
///
/// **Requires** losses at vertices.
///
/// **Costs** k losses, and 2ᵏ sums a row.
///
/// **When to use** to see what the baseline is worth.
///
/// **Reference** Kool, van Hoof & Welling 2020, arXiv:2002.06043, eq. 11.
///
/// ```
/// use estimators::{Dims, Kind, Noise, SquaredPick, gradient, kinds::UnorderedSetWithoutBaseline};
/// // 4096 equal rows are 4096 draws; the gradient's rows add up to their mean.
/// let rows = 4096;
/// let objective = SquaredPick::of(&[22.0, 30.0, 10.0].repeat(rows), &vec![25.0; rows]);
/// let logits = [0.1f64, 0.8, 0.1].map(f64::ln).repeat(rows);
/// let dims = Dims { batch: rows, latents: 1, categories: 3 };
/// let mut estimator = UnorderedSetWithoutBaseline { samples: 2 }.build();
/// let noise = &mut Noise::named(&["example"]);
/// let gradient = gradient(&mut *estimator, &logits, dims, &objective, None, noise)?;
/// let mean = |k: usize| gradient.logits.iter().skip(k).step_by(3).sum::<f64>();
/// // Without bias: (−3.44, −14.72, 18.16).
/// assert!((mean(1) + 14.72).abs() < 10.0);
/// # Ok::<(), estimators::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct UnorderedSetWithoutBaseline {
    /// k, different joint outcomes a row: from 1 up, at most 20.
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
    const VERSION: u32 = 2;

    fn check(&self) -> Result<(), Fault> {
        samples("samples", self.samples, 1)?;
        let allowed = "a whole number from 1 to 20";
        Fault::require(self.samples <= 20, "samples", self.samples, allowed)
    }

    fn build<E: Real>(self) -> Box<dyn Estimator<E>> {
        Box::new(self)
    }
}

impl<E: Real> Estimator<E> for UnorderedSetWithoutBaseline {
    fn surrogate(
        &mut self,
        logits: Logits<E>,
        objective: &dyn Objective<E>,
        noise: &mut Noise,
    ) -> Result<Surrogate<E>> {
        let opened = Opened::new(logits)?;
        let order = Order::Lexicographic;
        let subsets = Subsets::without_replacement(&opened, self.samples, order, noise);
        subsets.surrogate(opened, Weighting::Set { baseline: false }, objective)
    }

    fn properties(&self, dims: Dims) -> Properties {
        Properties {
            unbiased: Unbiased::Always,
            // The set of all outcomes is no draw.
            stochastic: dims.outcomes().is_none_or(|outcomes| self.samples < outcomes),
            ..Properties::new(Domain::Vertices, Evaluations::vertices(self.samples as u64))
        }
    }

    fn refuses(&self, dims: Dims) -> Option<String> {
        too_many(self.samples, dims)
    }
}
