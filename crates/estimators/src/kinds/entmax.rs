use super::prelude::*;
use crate::mechanisms::enumeration::too_many_outcomes;
use crate::mechanisms::marginalize::marginalize;

/// The expected loss under the α-entmax distribution, which lies between softmax (α → 1) and
/// sparsemax (α = 2).
///
/// **Estimates** the gradient of another objective, exactly: samples are distributed as
/// α-entmax(θ).
///
/// **Formula** π_k = max(0, (α − 1) θ_k − t)^{1/(α−1)}, with t such that they sum to 1. The loss is
/// Σ_D Π_n π_n(D_n) f(D). Its gradient is u ⊙ (φ − ⟨u, φ⟩/Σu) with u = π^{2−α} on the support, and
/// φ_n(c) = E_π[f | z_n = c].
///
/// **Requires** losses at vertices; at most 65,536 joint outcomes.
///
/// **Costs** as many losses as the largest support of a row has outcomes: at most Kᴸ.
///
/// **When to use** instead of `sparsemax` if that drops too many categories too early.
///
/// **Reference** Peters, Niculae & Martins 2019, arXiv:1905.05702, eq. 10; Correia, Niculae, Aziz &
/// Martins 2020, arXiv:2007.01919.
///
/// ```
/// use estimators::{Dims, Kind, Noise, SquaredPick, gradient, kinds::Entmax};
/// let objective = SquaredPick::of(&[22.0, 30.0, 10.0], &[25.0]);
/// let logits = [0.2, 0.5, -2.0];
/// let dims = Dims { batch: 1, latents: 1, categories: 3 };
/// let (mut entmax, noise) = (Entmax { alpha: 1.5 }.build::<f64>(), &mut Noise::named(&["example"]));
/// let gradient = gradient(&mut *entmax, &logits, dims, &objective, None, noise)?;
/// // The probabilities are (0.395, 0.605, 0): no loss of category 2 is evaluated.
/// for (g, expected) in gradient.logits.iter().zip([-5.560944, 5.560944, 0.000000]) {
///     assert!((g - expected).abs() < 1e-5);
/// }
/// # Ok::<(), estimators::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Entmax {
    /// α: above 1, up to 2.
    pub alpha: f64,
}

impl Default for Entmax {
    fn default() -> Self {
        Self { alpha: 1.5 }
    }
}

impl Kind for Entmax {
    const NAME: &'static str = "entmax";
    const FAMILY: Family = Family::ExactAndRelaxed;
    const SUMMARY: &'static str = "exact sums over an α-entmax distribution";
    const SOURCE: &'static str =
        "Peters, Niculae & Martins 2019, arXiv:1905.05702; Correia et al. 2020, arXiv:2007.01919";
    const VERSION: u32 = 3;

    fn check(&self) -> Result<(), Fault> {
        let alpha = self.alpha;
        Fault::require(alpha > 1.0 && alpha <= 2.0, "alpha", alpha, "a number above 1, up to 2")
    }

    fn build<E: Real>(self) -> Box<dyn Estimator<E>> {
        Box::new(self)
    }
}

impl<E: Real> Estimator<E> for Entmax {
    fn estimate(
        &mut self,
        logits: Logits<E>,
        objective: &dyn Objective<E>,
        _: &mut Noise,
    ) -> Result<Surrogate<E>> {
        marginalize(Categorical::new(logits)?, self.alpha, objective)
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
