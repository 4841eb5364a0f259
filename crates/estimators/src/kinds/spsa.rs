use crate::kinds::antithetic_es::{antithetic, differences};
use crate::mechanisms::logits::Opened;
use crate::mechanisms::score::{Asked, row_means};
use crate::ranges::{positive, samples};
use crate::{
    Dims, Domain, Estimator, Evaluations, Family, Fault, Kind, Logits, Objective, Properties,
    Result, Surrogate, Unbiased,
};
use kernels::tape::Weights;
use kernels::{Noise, Packed, Real, rowwise};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Simultaneous perturbation: a difference of losses along random signs of the logits.
///
/// **Estimates** the gradient of the expected loss at logits with noise of random signs, near that of the
/// expected loss where σ is small.
///
/// **Formula** d_m ∈ {−1, 1}ᴷ; D± = argmax(θ ± σ d_m + γ_m) with the same Gumbel noise; gradient
/// (1/M) Σ_m (f(D₊) − f(D₋)) d_m / (2σ), as 1/d = d.
///
/// **Requires** losses at vertices.
///
/// **Costs** 2M losses.
///
/// **When to use** as the floor, beside `antithetic-es`.
///
/// **Reference** Spall 1992, IEEE Transactions on Automatic Control 37, eq. 2.2.
///
/// ```
/// use estimators::{Dims, Kind, Noise, SquaredPick, gradient, kinds::Spsa};
/// // 4096 equal rows are 4096 draws; the gradient's rows add up to their mean.
/// let rows = 4096;
/// let objective = SquaredPick::of(&[22.0, 30.0, 10.0].repeat(rows), &vec![25.0; rows]);
/// let logits = [0.1f64, 0.8, 0.1].map(f64::ln).repeat(rows);
/// let dims = Dims { batch: rows, latents: 1, categories: 3 };
/// let mut estimator = Spsa { sigma: 0.5, samples: 4 }.build();
/// let noise = &mut Noise::named(&["example"]);
/// let gradient = gradient(&mut *estimator, &logits, dims, &objective, None, noise)?;
/// let mean = |k: usize| gradient.logits.iter().skip(k).step_by(3).sum::<f64>();
/// // Of the smoothed objective, near (−3.44, −14.72, 18.16), with much variance.
/// assert!((mean(1) + 14.72).abs() < 40.0);
/// # Ok::<(), estimators::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Spsa {
    /// σ: above 0.
    pub sigma: f64,
    /// M, pairs: from 1 up.
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

    fn check(&self) -> Result<(), Fault> {
        positive("sigma", self.sigma)?;
        samples("samples", self.samples, 1)
    }

    fn build<E: Real>(self) -> Box<dyn Estimator<E>> {
        Box::new(self)
    }
}

impl<E: Real> Estimator<E> for Spsa {
    fn surrogate(
        &mut self,
        logits: Logits<E>,
        objective: &dyn Objective<E>,
        noise: &mut Noise,
    ) -> Result<Surrogate<E>> {
        let opened = Opened::new(logits)?;
        let (dims, width) = (opened.dims, self.samples * opened.dims.categories);
        let gumbels = noise.gumbels(dims.rows(), width);
        let mut directions = noise.uniforms(dims.rows(), width);
        signs(&mut directions);
        let mut picks = Packed::zeros(dims.rows(), 2 * self.samples);
        antithetic(&opened.theta, &gumbels, &directions, E::of(self.sigma), &mut picks);
        let theta = opened.theta.clone();
        let asked = Asked::new(opened, picks, objective)?;
        let losses = row_means(&asked.f);
        let f = asked.f_of_latents();
        let scale = 1.0 / (2.0 * self.sigma * (self.samples * dims.batch) as f64);
        let mut vector = Packed::zeros(dims.rows(), dims.categories);
        differences(&theta, &f, &directions, E::of(scale), &mut vector);
        asked.inject(Weights::Mean, vector, losses)
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
