use crate::mechanisms::logits::Opened;
use crate::mechanisms::perturbation::{NoiseKind, draw};
use crate::mechanisms::score::{Asked, row_means};
use crate::ranges::{positive, samples};
use crate::{
    Dims, Domain, Estimator, Evaluations, Family, Fault, Kind, Logits, Objective, Properties,
    Result, Surrogate, Unbiased,
};
use kernels::simd::Lanes;
use kernels::tape::Weights;
use kernels::{Noise, Packed, Real, rows, rowwise};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Evolution strategies with antithetic pairs: a difference of losses along a random direction of the
/// logits.
///
/// **Estimates** the gradient of the expected loss at logits with Gaussian noise, near that of the
/// expected loss where σ is small.
///
/// **Formula** d_m ~ N(0, 1)ᴷ; D± = argmax(θ ± σ d_m + γ_m) with the same Gumbel noise; gradient
/// (1/M) Σ_m (f(D₊) − f(D₋)) d_m / (2σ).
///
/// **Requires** losses at vertices.
///
/// **Costs** 2M losses.
///
/// **When to use** as the floor: it uses nothing of what is known about picks, not even which categories
/// were drawn.
///
/// **Reference** Salimans, Ho, Chen, Sidor & Sutskever 2017, arXiv:1703.03864; Wierstra et al. 2014,
/// JMLR 15.
///
/// ```
/// use estimators::{Dims, Kind, Noise, SquaredPick, gradient, kinds::AntitheticEs};
/// // 4096 equal rows are 4096 draws; the gradient's rows add up to their mean.
/// let rows = 4096;
/// let objective = SquaredPick::of(&[22.0, 30.0, 10.0].repeat(rows), &vec![25.0; rows]);
/// let logits = [0.1f64, 0.8, 0.1].map(f64::ln).repeat(rows);
/// let dims = Dims { batch: rows, latents: 1, categories: 3 };
/// let mut estimator = AntitheticEs { sigma: 0.5, samples: 4 }.build();
/// let noise = &mut Noise::named(&["example"]);
/// let gradient = gradient(&mut *estimator, &logits, dims, &objective, None, noise)?;
/// let mean = |k: usize| gradient.logits.iter().skip(k).step_by(3).sum::<f64>();
/// // Of the smoothed objective, near (−3.44, −14.72, 18.16), with much variance.
/// assert!((mean(1) + 14.72).abs() < 40.0);
/// # Ok::<(), estimators::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct AntitheticEs {
    /// σ: above 0.
    pub sigma: f64,
    /// M, pairs: from 1 up.
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

    fn check(&self) -> Result<(), Fault> {
        positive("sigma", self.sigma)?;
        samples("samples", self.samples, 1)
    }

    fn build<E: Real>(self) -> Box<dyn Estimator<E>> {
        Box::new(self)
    }
}

impl<E: Real> Estimator<E> for AntitheticEs {
    fn surrogate(
        &mut self,
        logits: Logits<E>,
        objective: &dyn Objective<E>,
        noise: &mut Noise,
    ) -> Result<Surrogate<E>> {
        let opened = Opened::new(logits)?;
        let (dims, width) = (opened.dims, self.samples * opened.dims.categories);
        let gumbels = noise.gumbels(dims.rows(), width);
        let directions = draw(NoiseKind::Gaussian, dims.rows(), width, noise);
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
    /// argmax(θ + σ d + γ) and argmax(θ − σ d + γ), pair after pair.
    pub(crate) fn antithetic(theta, gumbels, directions; sigma => picks) {
        let pairs = gumbels.chunks_exact(theta.len()).zip(directions.chunks_exact(theta.len()));
        for (m, (gamma, d)) in pairs.enumerate() {
            picks[2 * m] = perturbed_pick(theta, gamma, d, sigma);
            picks[2 * m + 1] = perturbed_pick(theta, gamma, d, -sigma);
        }
    }
}

/// argmax(θ + σ d + γ)
#[inline(always)]
fn perturbed_pick<E: Real, V: Lanes<E>>(theta: &[V], gamma: &[V], d: &[V], sigma: V) -> V {
    let (mut top, mut pick) = (sigma.mul_add(d[0], theta[0] + gamma[0]), V::zero());
    for k in 1..theta.len() {
        let x = sigma.mul_add(d[k], theta[k] + gamma[k]);
        pick = V::select(top.less(x), V::splat(E::of(k as f64)), pick);
        top = V::select(top.less(x), x, top);
    }
    pick
}

rowwise! {
    /// scale · Σ_m (f₊ − f₋) d_m, and 0 for masked categories
    pub(crate) fn differences(theta, f, directions; scale => v) {
        for (m, d) in directions.chunks_exact(theta.len()).enumerate() {
            let difference = (f[2 * m] - f[2 * m + 1]) * scale;
            for k in 0..theta.len() {
                v[k] += rows::unless_masked(theta[k], difference * d[k]);
            }
        }
    }
}
