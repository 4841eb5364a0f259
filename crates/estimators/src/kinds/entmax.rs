use crate::mechanisms::enumeration::too_many_outcomes;
use crate::mechanisms::logits::Opened;

use crate::mechanisms::support::marginalise;
use crate::{
    Dims, Domain, Estimator, Evaluations, Family, Fault, Kind, Logits, Objective, Properties,
    Result, Surrogate, Unbiased,
};
use kernels::{Noise, Real};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The expected loss under the α-entmax distribution: between softmax (α → 1) and sparsemax (α = 2).
///
/// **Estimates** the gradient of another objective, exactly: picks are distributed as α-entmax(θ).
///
/// **Formula** π_k = max(0, (α − 1) θ_k − t)^{1/(α−1)}, t such that they add up to 1; loss Σ_D Π_n π_n(D_n) f(D);
/// gradient u ⊙ (φ − ⟨u, φ⟩/Σu) with u = π^{2−α} on the support.
///
/// **Requires** losses at vertices; at most 65,536 joint outcomes.
///
/// **Costs** as many losses as the largest support of a row has outcomes: at most Kᴸ.
///
/// **When to use** as `sparsemax`, where that gives up too many categories too soon.
///
/// **Reference** Peters, Niculae & Martins 2019, arXiv:1905.05702, eq. 10; Correia, Niculae, Aziz & Martins
/// 2020, arXiv:2007.01919.
///
/// ```
/// use estimators::{Dims, Kind, Noise, SquaredPick, gradient, kinds::Entmax};
/// // 4096 equal rows are 4096 draws; the gradient's rows add up to their mean.
/// let rows = 4096;
/// let objective = SquaredPick::of(&[22.0, 30.0, 10.0].repeat(rows), &vec![25.0; rows]);
/// let logits = [0.1f64, 0.8, 0.1].map(f64::ln).repeat(rows);
/// let dims = Dims { batch: rows, latents: 1, categories: 3 };
/// let mut estimator = Entmax::default().build();
/// let noise = &mut Noise::named(&["example"]);
/// let gradient = gradient(&mut *estimator, &logits, dims, &objective, None, noise)?;
/// let mean = |k: usize| gradient.logits.iter().skip(k).step_by(3).sum::<f64>();
/// // Nothing is drawn: every row is the same.
/// assert!((gradient.logits[0] - gradient.logits[3]).abs() < 1e-15);
/// assert!(mean(0) + mean(1) + mean(2) < 1e-12);
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
    const VERSION: u32 = 2;

    fn check(&self) -> Result<(), Fault> {
        let alpha = self.alpha;
        Fault::require(alpha > 1.0 && alpha <= 2.0, "alpha", alpha, "a number above 1, up to 2")
    }

    fn build<E: Real>(self) -> Box<dyn Estimator<E>> {
        Box::new(self)
    }
}

impl<E: Real> Estimator<E> for Entmax {
    fn surrogate(
        &mut self,
        logits: Logits<E>,
        objective: &dyn Objective<E>,
        _: &mut Noise,
    ) -> Result<Surrogate<E>> {
        marginalise(Opened::new(logits)?, self.alpha, objective)
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
