use super::prelude::*;
use crate::mechanisms::differentiated::{Jacobian, in_interior};
use crate::mechanisms::perturbation::{NoiseDistribution, Perturbations};

/// A layer that averages the argmaxes of perturbed logits, and estimates its Jacobian from the same
/// noise.
///
/// **Estimates** the gradient of another objective: the loss of the mean of perturbed argmaxes.
///
/// **Formula** D_m = argmax(θ + σ ε_m) for M draws ε_m of the noise; x = (1/M) Σ_m D_m; loss f(x);
/// gradient (1/(σM)) Σ_m ν(ε_m) ⟨D_m, ∇f(x)⟩ with ν(ε) = 1 − exp(−ε) for Gumbel noise and ν(ε) = ε
/// for Gaussian noise. With Gumbel noise and σ = 1 the mean of x is softmax θ.
///
/// **Requires** the loss and its gradient inside the simplex.
///
/// **Costs** one relaxed loss and its gradient, and M argmaxes.
///
/// **When to use** if the argmax is a solver that cannot be relaxed (a path, a matching), so that
/// only its results can be used. For categories `gumbel-softmax` has far less variance: that of
/// this Jacobian grows without bound as σ falls.
///
/// **Reference** Berthet, Blondel, Teboul, Cuturi, Vert & Bach 2020, arXiv:2002.08676, Proposition
/// 3.1.
///
/// ```
/// use estimators::{Dims, Kind, Noise, SquaredPick, kinds::Perturbed, mean_gradient};
/// let objective = SquaredPick::of(&[22.0, 30.0, 10.0], &[25.0]);
/// let logits = [0.1f64, 0.8, 0.1].map(f64::ln);
/// let dims = Dims { batch: 1, latents: 1, categories: 3 };
/// let noise = &mut Noise::named(&["example"]);
/// let mut estimator = Perturbed { samples: 10, ..Default::default() }.build();
/// let estimate = mean_gradient(&mut *estimator, &logits, dims, &objective, 1000, noise)?;
/// // The gradient of another objective: that of the expected loss is (−3.44, −14.72, 18.16).
/// assert!(estimate.agrees_with(&[-5.38, 17.12, -11.81]));
/// # Ok::<(), estimators::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Perturbed {
    /// The noise: `gumbel` or `gaussian`.
    pub noise: NoiseDistribution,
    /// σ, the scale of the noise: above 0.
    pub sigma: f64,
    /// M, perturbations of each row: from 1 up.
    pub samples: usize,
}

impl Default for Perturbed {
    fn default() -> Self {
        Self { noise: NoiseDistribution::Gumbel, sigma: 1.0, samples: 10 }
    }
}

impl Kind for Perturbed {
    const NAME: &'static str = "perturbed";
    const FAMILY: Family = Family::Perturbation;
    const SUMMARY: &'static str = "the mean of argmaxes of perturbed logits";
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

impl<E: Real> Estimator<E> for Perturbed {
    fn estimate(
        &mut self,
        logits: Logits<E>,
        objective: &dyn Objective<E>,
        noise: &mut Noise,
    ) -> Result<Surrogate<E>> {
        let categorical = Categorical::new(logits)?;
        let (count, sigma) = (self.samples, E::of(self.sigma));
        let drawn = Perturbations::draw(&categorical.theta, self.noise, count, sigma, noise);
        let mut points = Packed::zeros(categorical.theta.rows(), categorical.theta.columns());
        frequencies(&drawn.picks, E::of(1.0 / count as f64), &mut points);
        let scale = E::ONE / (sigma * E::of(count as f64));
        in_interior(categorical, Rc::new(points), objective, PerturbationJacobian { drawn, scale })
    }

    fn properties(&self, _: Dims) -> Properties {
        Properties {
            unbiased: Unbiased::OtherObjective,
            sums_to_zero: false,
            ..Properties::new(Domain::Interior, Evaluations::interior(1))
        }
    }
}

rowwise! {
    /// The mean of the one-hot argmaxes.
    fn frequencies(picks; share => points) {
        for k in 0..points.len() {
            points[k] = V::zero();
            for &pick in picks {
                points[k] += rows::one_hot(pick, k);
            }
            points[k] = points[k] * share;
        }
    }
}

struct PerturbationJacobian<E: Real> {
    drawn: Perturbations<E>,
    scale: E,
}

impl<E: Real> Jacobian<E> for PerturbationJacobian<E> {
    /// v += scale · Σ_m ν(ε_m) ⟨D_m, g⟩
    #[inline(always)]
    fn product<V: Lanes<E>>(&self, block: usize, g: &[V], v: &mut [V]) {
        let picks = self.drawn.picks.block::<V>(block);
        let scores = self.drawn.scores.block::<V>(block).chunks_exact(g.len());
        for (&pick, nu) in picks.iter().zip(scores) {
            let mut along = V::zero();
            for (k, &g) in g.iter().enumerate() {
                along += rows::one_hot(pick, k) * g;
            }
            let along = along * V::splat(self.scale);
            for k in 0..g.len() {
                v[k] = nu[k].mul_add(along, v[k]);
            }
        }
    }
}
