use super::prelude::*;
use crate::kinds::arm::{antithetic_bits, binary_only};
use crate::mechanisms::score::row_means;

/// ARM averaged over the uniform number, given the pair of bits.
///
/// **Estimates** ∇ E f(D) without bias, with at most the variance of `arm`.
///
/// **Formula** with the pair b, b̃ of `arm`, the gradient for φ is ½ (f(b) − f(b̃)) (−1)^b̃
/// 1[b ≠ b̃] σ(|φ|) for each latent; this is the gradient for θ₁, and its negative that for θ₀.
///
/// **Requires** losses at vertices; two categories.
///
/// **Costs** two losses.
///
/// **When to use** as the default for bits if two losses per row are affordable.
///
/// **Reference** Dong, Mnih & Tucker 2020, arXiv:2006.10680, eq. 6; independently U2G, Yin, Ho,
/// Yan, Qian & Zhou 2020.
///
/// ```
/// use estimators::{Dims, Kind, Noise, kinds::Disarm, mean_gradient, objectives::BitSumSquares};
/// // f = (b − 0.45)² of one bit b.
/// let objective = BitSumSquares { targets: vec![0.45] }.of(1);
/// let dims = Dims { batch: 1, latents: 1, categories: 2 };
/// let noise = &mut Noise::named(&["example"]);
/// let mut disarm = Disarm {}.build::<f64>();
/// let estimate = mean_gradient(&mut *disarm, &[0.0, 2.0], dims, &objective, 1000, noise)?;
/// // Unbiased: the mean is the gradient of the expected loss.
/// assert!(estimate.agrees_with(&[-0.010499, 0.010499]));
/// # Ok::<(), estimators::Error>(())
/// ```
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Disarm {}

impl Kind for Disarm {
    const NAME: &'static str = "disarm";
    const FAMILY: Family = Family::ScoreFunction;
    const SUMMARY: &'static str = "arm with the uniform number averaged out";
    const SOURCE: &'static str =
        "Dong, Mnih & Tucker 2020, arXiv:2006.10680; Yin et al. 2020 (U2G)";

    fn build<E: Real>(self) -> Box<dyn Estimator<E>> {
        Box::new(self)
    }
}

impl<E: Real> Estimator<E> for Disarm {
    fn estimate(
        &mut self,
        logits: Logits<E>,
        objective: &dyn Objective<E>,
        noise: &mut Noise,
    ) -> Result<Surrogate<E>> {
        let categorical = Categorical::new(logits)?;
        let (dims, p) = (categorical.dims, categorical.softmax(E::ONE));
        let uniforms = noise.uniforms(dims.rows(), 1);
        let mut picks = Packed::zeros(dims.rows(), 2);
        antithetic_bits(&p, &uniforms, &mut picks);
        let picks = Rc::new(picks);
        let evaluated = Evaluated::new(categorical, Rc::clone(&picks), objective)?;
        let losses = row_means(&evaluated.f);
        let f = evaluated.f_of_latents();
        let mut vector = Packed::zeros(dims.rows(), 2);
        disarm(&p, &picks, &f, E::of(0.5 / dims.batch as f64), &mut vector);
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

rowwise! {
    /// (f(b) − f(b̃)) (b − b̃) max(p₀, p₁): where they differ, (−1)^b̃ is b − b̃
    fn disarm(p, bits, f; scale => v) {
        v[1] = (f[0] - f[1]) * (bits[0] - bits[1]) * p[0].max(p[1]) * scale;
        v[0] = -v[1];
    }
}
