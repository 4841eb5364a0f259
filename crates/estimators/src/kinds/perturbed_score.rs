use super::prelude::*;
use crate::mechanisms::perturbation::{NoiseDistribution, Perturbations};
use crate::mechanisms::score::row_means;

/// The score function of the noise instead of the categories.
///
/// **Estimates** ∇ E f(D) without bias with Gumbel noise and σ = 1; otherwise the gradient of the
/// expected loss of the perturbed argmax.
///
/// **Formula** D_m = argmax(θ + σ ε_m) for M draws ε_m of the noise; gradient (1/(σM)) Σ_m f(D_m)
/// ν(ε_m) with ν(ε) = 1 − exp(−ε) for Gumbel noise and ν(ε) = ε for Gaussian noise.
///
/// **Requires** losses at vertices.
///
/// **Costs** M losses.
///
/// **When to use** if the argmax is a solver, so that there is no probability whose score could be
/// taken. For categories `reinforce` is the same with the noise averaged out: less variance at no
/// cost.
///
/// **Reference** Berthet, Blondel, Teboul, Cuturi, Vert & Bach 2020, arXiv:2002.08676, Proposition
/// 3.1.
///
/// ```
/// use estimators::{Dims, Kind, Noise, SquaredPick, kinds::PerturbedScore, mean_gradient};
/// let objective = SquaredPick::of(&[22.0, 30.0, 10.0], &[25.0]);
/// let logits = [0.1f64, 0.8, 0.1].map(f64::ln);
/// let dims = Dims { batch: 1, latents: 1, categories: 3 };
/// let noise = &mut Noise::named(&["example"]);
/// let mut estimator = PerturbedScore::default().build();
/// let estimate = mean_gradient(&mut *estimator, &logits, dims, &objective, 1000, noise)?;
/// // Unbiased with Gumbel noise and σ = 1: the mean is the gradient of the expected loss.
/// assert!(estimate.agrees_with(&[-3.44, -14.72, 18.16]));
/// # Ok::<(), estimators::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct PerturbedScore {
    /// The noise: `gumbel` or `gaussian`.
    pub noise: NoiseDistribution,
    /// σ, the scale of the noise: above 0.
    pub sigma: f64,
    /// M, perturbations of each row: from 1 up.
    pub samples: usize,
}

impl Default for PerturbedScore {
    fn default() -> Self {
        Self { noise: NoiseDistribution::Gumbel, sigma: 1.0, samples: 10 }
    }
}

impl Kind for PerturbedScore {
    const NAME: &'static str = "perturbed-score";
    const FAMILY: Family = Family::Perturbation;
    const SUMMARY: &'static str = "losses of perturbed argmaxes, times the noise's score";
    const SOURCE: &'static str =
        "Berthet, Blondel, Teboul, Cuturi, Vert & Bach 2020, arXiv:2002.08676";
    const VERSION: u32 = 2;

    fn check(&self) -> Result<(), Fault> {
        ranges::positive("sigma", self.sigma)?;
        ranges::samples(self.samples, 1)
    }

    fn build<E: Real>(self) -> Box<dyn Estimator<E>> {
        Box::new(self)
    }
}

impl<E: Real> Estimator<E> for PerturbedScore {
    fn estimate(
        &mut self,
        logits: Logits<E>,
        objective: &dyn Objective<E>,
        noise: &mut Noise,
    ) -> Result<Surrogate<E>> {
        let categorical = Categorical::new(logits)?;
        let (dims, sigma) = (categorical.dims, E::of(self.sigma));
        let drawn = Perturbations::draw(&categorical.theta, self.noise, self.samples, sigma, noise);
        let evaluated = Evaluated::new(categorical, drawn.picks, objective)?;
        let losses = row_means(&evaluated.f);
        let scale = 1.0 / (self.sigma * (self.samples * dims.batch) as f64);
        let mut vector = Packed::zeros(dims.rows(), dims.categories);
        let f = evaluated.f_of_latents();
        scores_times_losses(&f, &drawn.scores, E::of(scale), &mut vector);
        evaluated.inject(Weights::Mean, vector, losses)
    }

    fn properties(&self, _: Dims) -> Properties {
        let is_exact = self.noise == NoiseDistribution::Gumbel && self.sigma == 1.0;
        Properties {
            unbiased: if is_exact { Unbiased::Always } else { Unbiased::OtherObjective },
            sums_to_zero: false,
            ..Properties::new(Domain::Vertices, Evaluations::vertices(self.samples as u64))
        }
    }
}

rowwise! {
    /// scale · Σ_m f_m ν_m
    fn scores_times_losses(f, scores; scale => v) {
        for (m, nu) in scores.chunks_exact(v.len()).enumerate() {
            for k in 0..v.len() {
                v[k] = (f[m] * scale).mul_add(nu[k], v[k]);
            }
        }
    }
}
