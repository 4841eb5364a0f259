use super::prelude::*;
use crate::mechanisms::enumeration::too_many_outcomes;
use crate::mechanisms::marginalize::marginalize;

/// The expected loss under the sparsemax distribution, summed over the few outcomes in its support.
///
/// **Estimates** the gradient of another objective, exactly: samples are distributed as
/// sparsemax(θ) instead of softmax(θ).
///
/// **Formula** π_n is the Euclidean projection of θ_n onto the simplex. The loss is Σ_D Π_n
/// π_n(D_n) f(D). Its gradient is φ − mean φ on the support, with φ_n(c) = E_π[f | z_n = c], and 0
/// elsewhere.
///
/// **Requires** losses at vertices; at most 65,536 joint outcomes.
///
/// **Costs** as many losses as the largest support of a row has outcomes: at most Kᴸ, and few once
/// the distribution is peaked.
///
/// **When to use** when the loss is expensive and choices become certain during training: the cost
/// then falls to one loss per row.
///
/// **Reference** Martins & Astudillo 2016, arXiv:1602.02068; Correia, Niculae, Aziz & Martins 2020,
/// arXiv:2007.01919.
///
/// ```
/// use estimators::{Dims, Kind, Noise, SquaredPick, gradient, kinds::Sparsemax};
/// let objective = SquaredPick::of(&[22.0, 30.0, 10.0], &[25.0]);
/// let logits = [0.2, 0.5, -2.0];
/// let dims = Dims { batch: 1, latents: 1, categories: 3 };
/// let (mut sparsemax, noise) = (Sparsemax {}.build::<f64>(), &mut Noise::named(&["example"]));
/// let gradient = gradient(&mut *sparsemax, &logits, dims, &objective, None, noise)?;
/// // The probabilities are (0.35, 0.65, 0): no loss of category 2 is evaluated.
/// for (g, expected) in gradient.logits.iter().zip([-8.0, 8.0, 0.0]) {
///     assert!((g - expected).abs() < 1e-5);
/// }
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
    const VERSION: u32 = 3;

    fn build<E: Real>(self) -> Box<dyn Estimator<E>> {
        Box::new(self)
    }
}

impl<E: Real> Estimator<E> for Sparsemax {
    fn estimate(
        &mut self,
        logits: Logits<E>,
        objective: &dyn Objective<E>,
        _: &mut Noise,
    ) -> Result<Surrogate<E>> {
        marginalize(Categorical::new(logits)?, 2.0, objective)
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
