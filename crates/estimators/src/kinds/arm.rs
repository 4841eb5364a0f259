use super::prelude::*;
use crate::mechanisms::score::row_means;

/// Augment–REINFORCE–merge: for bits, the difference of losses at an antithetic pair.
///
/// **Estimates** ∇ E f(D) without bias.
///
/// **Formula** K = 2, φ = θ₁ − θ₀, and one uniform number u for each latent; b = 1[u > σ(−φ)],
/// b̃ = 1[u < σ(φ)]. The gradient for φ is (f(b) − f(b̃)) (u − ½); this is the gradient for θ₁, and
/// its negative that for θ₀.
///
/// **Requires** losses at vertices; two categories.
///
/// **Costs** two losses.
///
/// **When to use** rarely: `disarm` uses the same pair and averages the uniform number out.
///
/// **Reference** Yin & Zhou 2019, arXiv:1807.11143, Theorem 1.
///
/// ```
/// use estimators::{Dims, Kind, Noise, kinds::Arm, mean_gradient, objectives::BitSumSquares};
/// // f = (b − 0.45)² of one bit b.
/// let objective = BitSumSquares { targets: vec![0.45] }.of(1);
/// let dims = Dims { batch: 1, latents: 1, categories: 2 };
/// let noise = &mut Noise::named(&["example"]);
/// let mut arm = Arm {}.build::<f64>();
/// let estimate = mean_gradient(&mut *arm, &[0.0, 2.0], dims, &objective, 1000, noise)?;
/// // Unbiased: the mean is the gradient of the expected loss.
/// assert!(estimate.agrees_with(&[-0.010499, 0.010499]));
/// # Ok::<(), estimators::Error>(())
/// ```
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Arm {}

impl Kind for Arm {
    const NAME: &'static str = "arm";
    const FAMILY: Family = Family::ScoreFunction;
    const SUMMARY: &'static str = "antithetic pairs of bits, reparameterized";
    const SOURCE: &'static str = "Yin & Zhou 2019, arXiv:1807.11143";
    const VERSION: u32 = 2;

    fn build<E: Real>(self) -> Box<dyn Estimator<E>> {
        Box::new(self)
    }
}

impl<E: Real> Estimator<E> for Arm {
    fn estimate(
        &mut self,
        logits: Logits<E>,
        objective: &dyn Objective<E>,
        noise: &mut Noise,
    ) -> Result<Surrogate<E>> {
        let categorical = Categorical::new(logits)?;
        let dims = categorical.dims;
        let uniforms = noise.uniforms(dims.rows(), 1);
        let mut picks = Packed::zeros(dims.rows(), 2);
        let p = categorical.softmax(E::ONE);
        antithetic_bits(&p, &uniforms, &mut picks);
        let evaluated = Evaluated::new(categorical, picks, objective)?;
        let losses = row_means(&evaluated.f);
        let f = evaluated.f_of_latents();
        let mut vector = Packed::zeros(dims.rows(), 2);
        arm(&p, &f, &uniforms, E::of(1.0 / dims.batch as f64), &mut vector);
        evaluated.inject(Weights::Mean, vector, losses)
    }

    fn properties(&self, _: Dims) -> Properties {
        Properties {
            unbiased: Unbiased::Always,
            ..Properties::new(Domain::Vertices, Evaluations::vertices(2))
        }
    }

    fn refuses(&self, dims: Dims) -> Option<String> {
        binary_only(dims)
    }
}

/// The reason why other than two categories are refused.
pub(crate) fn binary_only(dims: Dims) -> Option<String> {
    (dims.categories != 2)
        .then(|| format!("it is defined for 2 categories, not for {}", dims.categories))
}

rowwise! {
    /// b = 1[1 − u < σ(φ)] and b̃ = 1[u < σ(φ)], with σ(φ) = p₁
    pub(crate) fn antithetic_bits(p, u => picks) {
        picks[0] = V::indicator((V::splat(E::ONE) - u[0]).less(p[1]));
        picks[1] = V::indicator(u[0].less(p[1]));
    }
}

rowwise! {
    /// (f(b) − f(b̃)) (u − ½), or 0 where the bit is certain: then other latents make the losses differ
    fn arm(p, f, u; scale => v) {
        let estimate = (f[0] - f[1]) * (u[0] - V::splat(E::of(0.5))) * scale;
        v[1] = rows::unless_zero(p[0].min(p[1]), estimate);
        v[0] = -v[1];
    }
}
