use super::prelude::*;
use crate::mechanisms::central_difference::{Pairs, central_difference};

/// Evolution strategies with antithetic pairs: differences of losses along random directions of the
/// logits.
///
/// **Estimates** the gradient of the expected loss at logits with Gaussian noise, which is close to
/// the gradient of the expected loss if σ is small.
///
/// **Formula** d_m ~ N(0, 1)ᴷ; D± = argmax(θ ± σ d_m + γ_m) with the same Gumbel noise; gradient
/// (1/M) Σ_m (f(D₊) − f(D₋)) d_m / (2σ).
///
/// **Requires** losses at vertices.
///
/// **Costs** 2M losses.
///
/// **When to use** as the floor of a comparison: it uses no knowledge of the distribution, not even
/// which categories were sampled.
///
/// **Reference** Salimans, Ho, Chen, Sidor & Sutskever 2017, arXiv:1703.03864; Wierstra et al.
/// 2014, JMLR 15.
///
/// ```
/// use estimators::{Dims, Kind, Noise, SquaredPick, kinds::AntitheticEs, mean_gradient};
/// let objective = SquaredPick::of(&[22.0, 30.0, 10.0], &[25.0]);
/// let logits = [0.1f64, 0.8, 0.1].map(f64::ln);
/// let dims = Dims { batch: 1, latents: 1, categories: 3 };
/// let noise = &mut Noise::named(&["example"]);
/// let mut estimator = AntitheticEs { sigma: 0.5, samples: 4 }.build();
/// let estimate = mean_gradient(&mut *estimator, &logits, dims, &objective, 1000, noise)?;
/// // Biased by the smoothing: the gradient of the expected loss is (−3.44, −14.72, 18.16).
/// assert!(estimate.agrees_with(&[-4.31, -15.15, 19.41]));
/// # Ok::<(), estimators::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct AntitheticEs {
    /// σ, the length of the step: above 0.
    pub sigma: f64,
    /// M, pairs of each row: from 1 up.
    pub samples: usize,
}

impl Default for AntitheticEs {
    fn default() -> Self {
        Self { sigma: 0.1, samples: 1 }
    }
}

impl Kind for AntitheticEs {
    const NAME: &'static str = "antithetic-es";
    const FAMILY: Family = Family::Perturbation;
    const SUMMARY: &'static str = "differences of losses along random directions";
    const SOURCE: &'static str = "Salimans, Ho, Chen, Sidor & Sutskever 2017, arXiv:1703.03864";
    const VERSION: u32 = 2;

    fn check(&self) -> Result<(), Fault> {
        ranges::positive("sigma", self.sigma)?;
        ranges::samples(self.samples, 1)
    }

    fn build<E: Real>(self) -> Box<dyn Estimator<E>> {
        Box::new(self)
    }
}

impl<E: Real> Estimator<E> for AntitheticEs {
    fn estimate(
        &mut self,
        logits: Logits<E>,
        objective: &dyn Objective<E>,
        noise: &mut Noise,
    ) -> Result<Surrogate<E>> {
        let Self { sigma, samples } = *self;
        let gaussian = |rows, columns, noise: &mut Noise| noise.gaussians(rows, columns);
        central_difference(logits, objective, Pairs { sigma, samples }, gaussian, noise)
    }

    fn properties(&self, _: Dims) -> Properties {
        Properties {
            unbiased: Unbiased::OtherObjective,
            sums_to_zero: false,
            ..Properties::new(Domain::Vertices, Evaluations::vertices(2 * self.samples as u64))
        }
    }
}
