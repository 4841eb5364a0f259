use super::prelude::*;
use crate::mechanisms::central_difference::{Pairs, central_difference};

/// Simultaneous perturbation: differences of losses along random signs of the logits.
///
/// **Estimates** the gradient of the expected loss at logits with noise of random signs, which is
/// close to the gradient of the expected loss if σ is small.
///
/// **Formula** d_m ∈ {−1, 1}ᴷ; D± = argmax(θ ± σ d_m + γ_m) with the same Gumbel noise; gradient
/// (1/M) Σ_m (f(D₊) − f(D₋)) d_m / (2σ), as 1/d = d.
///
/// **Requires** losses at vertices.
///
/// **Costs** 2M losses.
///
/// **When to use** as the floor of a comparison, like `antithetic-es`.
///
/// **Reference** Spall 1992, IEEE Transactions on Automatic Control 37, eq. 2.2.
///
/// ```
/// use estimators::{Dims, Kind, Noise, SquaredPick, kinds::Spsa, mean_gradient};
/// let objective = SquaredPick::of(&[22.0, 30.0, 10.0], &[25.0]);
/// let logits = [0.1f64, 0.8, 0.1].map(f64::ln);
/// let dims = Dims { batch: 1, latents: 1, categories: 3 };
/// let noise = &mut Noise::named(&["example"]);
/// let mut estimator = Spsa { sigma: 0.5, samples: 4 }.build();
/// let estimate = mean_gradient(&mut *estimator, &logits, dims, &objective, 1000, noise)?;
/// // Biased by the smoothing: the gradient of the expected loss is (−3.44, −14.72, 18.16).
/// assert!(estimate.agrees_with(&[-4.17, -15.23, 18.91]));
/// # Ok::<(), estimators::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Spsa {
    /// σ, the length of the step: above 0.
    pub sigma: f64,
    /// M, pairs of each row: from 1 up.
    pub samples: usize,
}

impl Default for Spsa {
    fn default() -> Self {
        Self { sigma: 0.1, samples: 1 }
    }
}

impl Kind for Spsa {
    const NAME: &'static str = "spsa";
    const FAMILY: Family = Family::Perturbation;
    const SUMMARY: &'static str = "differences of losses along random signs";
    const SOURCE: &'static str = "Spall 1992, IEEE Transactions on Automatic Control 37";
    const VERSION: u32 = 2;

    fn check(&self) -> Result<(), Fault> {
        ranges::positive("sigma", self.sigma)?;
        ranges::samples(self.samples, 1)
    }

    fn build<E: Real>(self) -> Box<dyn Estimator<E>> {
        Box::new(self)
    }
}

impl<E: Real> Estimator<E> for Spsa {
    fn estimate(
        &mut self,
        logits: Logits<E>,
        objective: &dyn Objective<E>,
        noise: &mut Noise,
    ) -> Result<Surrogate<E>> {
        let Self { sigma, samples } = *self;
        let signs = |rows, columns, noise: &mut Noise| {
            let mut directions = noise.uniforms(rows, columns);
            signs(&mut directions);
            directions
        };
        central_difference(logits, objective, Pairs { sigma, samples }, signs, noise)
    }

    fn properties(&self, _: Dims) -> Properties {
        Properties {
            unbiased: Unbiased::OtherObjective,
            sums_to_zero: false,
            ..Properties::new(Domain::Vertices, Evaluations::vertices(2 * self.samples as u64))
        }
    }
}

rowwise! {
    /// −1 below ½, else 1
    fn signs(=> d) {
        let half = V::splat(E::of(0.5));
        for d in d {
            *d = V::select(d.less(half), V::splat(-E::ONE), V::splat(E::ONE));
        }
    }
}
