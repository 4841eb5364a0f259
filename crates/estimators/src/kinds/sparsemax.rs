use crate::mechanisms::enumeration::too_many_outcomes;
use crate::mechanisms::logits::Opened;
use crate::mechanisms::support::marginalise;
use crate::{
    Dims, Domain, Estimator, Evaluations, Family, Kind, Logits, Objective, Properties, Result,
    Surrogate, Unbiased,
};
use kernels::{Noise, Real};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The expected loss under the sparsemax distribution, summed over the few outcomes it leaves.
///
/// **Estimates** the gradient of another objective, exactly: picks are distributed as sparsemax(θ), not as
/// softmax(θ).
///
/// **Formula** π_n the Euclidean projection of θ_n on the simplex; loss Σ_D Π_n π_n(D_n) f(D); gradient on the
/// support φ − mean φ with φ_n(c) = E_π[f | z_n = c], 0 off it.
///
/// **Requires** losses at vertices; at most 65,536 joint outcomes.
///
/// **Costs** as many losses as the largest support of a row has outcomes: at most Kᴸ, and few once the
/// distribution is peaked.
///
/// **When to use** where a loss is dear and training makes choices sure: the cost falls to one loss a row.
///
/// **Reference** Martins & Astudillo 2016, arXiv:1602.02068; Correia, Niculae, Aziz & Martins 2020,
/// arXiv:2007.01919.
///
/// ```
/// use estimators::{Dims, Kind, Noise, SquaredPick, gradient, kinds::Sparsemax};
/// // 4096 equal rows are 4096 draws; the gradient's rows add up to their mean.
/// let rows = 4096;
/// let objective = SquaredPick::of(&[22.0, 30.0, 10.0].repeat(rows), &vec![25.0; rows]);
/// let logits = [0.1f64, 0.8, 0.1].map(f64::ln).repeat(rows);
/// let dims = Dims { batch: rows, latents: 1, categories: 3 };
/// let mut estimator = Sparsemax {}.build();
/// let noise = &mut Noise::named(&["example"]);
/// let gradient = gradient(&mut *estimator, &logits, dims, &objective, None, noise)?;
/// let mean = |k: usize| gradient.logits.iter().skip(k).step_by(3).sum::<f64>();
/// // The support is category 1 alone: nothing is left to learn.
/// assert_eq!(mean(1), 0.0);
/// # Ok::<(), estimators::Error>(())
/// ```
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Sparsemax {}

impl Kind for Sparsemax {
    const NAME: &'static str = "sparsemax";
    const FAMILY: Family = Family::ExactAndRelaxed;
    const SUMMARY: &'static str = "exact sums over a sparse distribution";
    const SOURCE: &'static str =
        "Martins & Astudillo 2016, arXiv:1602.02068; Correia et al. 2020, arXiv:2007.01919";
    const VERSION: u32 = 2;

    fn build<E: Real>(self) -> Box<dyn Estimator<E>> {
        Box::new(self)
    }
}

impl<E: Real> Estimator<E> for Sparsemax {
    fn surrogate(
        &mut self,
        logits: Logits<E>,
        objective: &dyn Objective<E>,
        _: &mut Noise,
    ) -> Result<Surrogate<E>> {
        marginalise(Opened::new(logits)?, 2.0, objective)
    }

    fn properties(&self, dims: Dims) -> Properties {
        let outcomes = dims.outcomes().map_or(u64::MAX, |n| n as u64);
        Properties {
            unbiased: Unbiased::OtherObjective,
            stochastic: false,
            at_most: true,
            ..Properties::new(Domain::Vertices, Evaluations::vertices(outcomes))
        }
    }

    fn refuses(&self, dims: Dims) -> Option<String> {
        too_many_outcomes(dims)
    }
}
