use super::prelude::*;
use super::reinforce_loo::centered;

/// The score function with the mean loss of all samples as baseline, each sample's own among them.
///
/// **Estimates** (S − 1)/S times the gradient: half of it for two samples.
///
/// **Formula** (1/S) Σ_i (f_i − f̄) s_i over S independent samples of each row, with their mean f̄. The
/// factor comes from the sample's own loss in its baseline. It is the same for all rows and components, so
/// that a larger learning rate undoes it; `reinforce-loo` divides by S − 1 instead.
///
/// **Requires** losses at vertices.
///
/// **Costs** S losses.
///
/// **When to use** to repeat how language models are trained. Otherwise take `reinforce-loo`, which costs the
/// same.
///
/// **Reference** Liu et al. 2025, arXiv:2503.20783 (Dr. GRPO), without the clipping of ratios, which are 1
/// where each sample is used once.
///
/// ```
/// use estimators::{Dims, Kind, Noise, SquaredPick, kinds::GroupMean, mean_gradient};
/// let objective = SquaredPick::of(&[22.0, 30.0, 10.0], &[25.0]);
/// let logits = [0.1f64, 0.8, 0.1].map(f64::ln);
/// let dims = Dims { batch: 1, latents: 1, categories: 3 };
/// let noise = &mut Noise::named(&["example"]);
/// let mut estimator = GroupMean { samples: 4 }.build();
/// let estimate = mean_gradient(&mut *estimator, &logits, dims, &objective, 1000, noise)?;
/// // Three quarters of the gradient of the expected loss.
/// assert!(estimate.agrees_with(&[-3.44, -14.72, 18.16].map(|g| 0.75 * g)));
/// # Ok::<(), estimators::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct GroupMean {
    /// S, samples of each row: at least 2.
    pub samples: usize,
}

impl Default for GroupMean {
    fn default() -> Self {
        Self { samples: 4 }
    }
}

impl Kind for GroupMean {
    const NAME: &'static str = "group-mean";
    const FAMILY: Family = Family::ScoreFunction;
    const SUMMARY: &'static str = "score function, the mean of all samples as baseline";
    const SOURCE: &'static str = "Liu et al. 2025, arXiv:2503.20783";

    fn check(&self) -> Result<(), Fault> {
        ranges::samples(self.samples, 2)
    }

    fn build<E: Real>(self) -> Box<dyn Estimator<E>> {
        Box::new(self)
    }
}

impl<E: Real> Estimator<E> for GroupMean {
    fn estimate(
        &mut self,
        logits: Logits<E>,
        objective: &dyn Objective<E>,
        noise: &mut Noise,
    ) -> Result<Surrogate<E>> {
        let categorical = Categorical::new(logits)?;
        let p = categorical.softmax(E::ONE);
        let picks = Rc::new(rows::categorical(&p, self.samples, noise));
        let evaluated = Evaluated::new(categorical, Rc::clone(&picks), objective)?;
        let advantages = centered(&evaluated.f, E::of(1.0 / self.samples as f64));
        evaluated.score(&p, &picks, advantages)
    }

    fn properties(&self, _: Dims) -> Properties {
        Properties::new(Domain::Vertices, Evaluations::vertices(self.samples as u64))
    }
}
