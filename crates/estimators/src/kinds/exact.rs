use super::prelude::*;
use crate::Factory;
use crate::mechanisms::enumeration::{lexicographic, outcome_probabilities, too_many_outcomes};
use crate::mechanisms::score::{divide, scores, weighted_differences};

/// The exact gradient of the expected loss, by enumeration of all joint outcomes.
///
/// **Estimates** ∇ E f(D) exactly; the variance is 0.
///
/// **Formula** for latent n, J(p_n) φ_n with φ_n(c) = E[f | z_n = c]. With one latent: p_k
/// (f_k − Σ_j p_j f_j).
///
/// **Requires** losses at vertices; at most 65,536 joint outcomes Kᴸ.
///
/// **Costs** Kᴸ losses.
///
/// **When to use** whenever the loss is cheap compared with the network that computes the logits.
/// With one latent and a linear head, as in this project's question, the K losses cost almost
/// nothing, and no other estimator has an advantage. It is also the ground truth that the other
/// estimators are compared with.
///
/// **Reference** elementary; "Dense" in Correia et al. 2020, arXiv:2007.01919.
///
/// ```
/// use estimators::{Dims, Kind, Noise, SquaredPick, gradient, kinds::Exact};
/// let objective = SquaredPick::of(&[22.0, 30.0, 10.0], &[25.0]);
/// let logits = [0.1f64, 0.8, 0.1].map(f64::ln);
/// let dims = Dims { batch: 1, latents: 1, categories: 3 };
/// let mut exact = Exact {}.build();
/// let noise = &mut Noise::named(&["example"]);
/// let gradient = gradient(&mut *exact, &logits, dims, &objective, None, noise)?;
/// for (g, truth) in gradient.logits.iter().zip([-3.44, -14.72, 18.16]) {
///     assert!((g - truth).abs() < 1e-12);
/// }
/// # Ok::<(), estimators::Error>(())
/// ```
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Exact {}

impl Exact {
    /// A factory of it whose estimators are compiled in this crate, whatever profile the caller's has.
    pub fn factory() -> Box<dyn Factory> {
        Box::new(Self {})
    }
}

impl Kind for Exact {
    const NAME: &'static str = "exact";
    const FAMILY: Family = Family::ExactAndRelaxed;
    const SUMMARY: &'static str = "the exact gradient, by enumeration";
    const SOURCE: &'static str = "elementary";
    const VERSION: u32 = 2;

    fn build<E: Real>(self) -> Box<dyn Estimator<E>> {
        Box::new(self)
    }
}

impl<E: Real> Estimator<E> for Exact {
    fn estimate(
        &mut self,
        logits: Logits<E>,
        objective: &dyn Objective<E>,
        _: &mut Noise,
    ) -> Result<Surrogate<E>> {
        let categorical = Categorical::new(logits)?;
        let (dims, p) = (categorical.dims, categorical.softmax(E::ONE));
        if dims.latents == 1 {
            one_latent(categorical, &p, objective)
        } else {
            joint(categorical, &p, objective)
        }
    }

    fn properties(&self, dims: Dims) -> Properties {
        let outcomes = dims.outcomes().map_or(u64::MAX, |n| n as u64);
        Properties {
            unbiased: Unbiased::Always,
            stochastic: false,
            ..Properties::new(Domain::Vertices, Evaluations::vertices(outcomes))
        }
    }

    fn refuses(&self, dims: Dims) -> Option<String> {
        too_many_outcomes(dims)
    }
}

/// p_k (f_k − Σ_j p_j f_j), from one loss per category.
fn one_latent<E: Real>(
    categorical: Categorical<E>,
    p: &Packed<E>,
    objective: &dyn Objective<E>,
) -> Result<Surrogate<E>> {
    let Dims { batch, categories, .. } = categorical.dims;
    let evaluated = Evaluated::every(categorical, objective)?;
    let scale = E::ONE / E::of(batch as f64);
    let mut v = Packed::scratch(batch, categories);
    let mut means = Packed::scratch(batch, 1);
    let mut shares = Packed::scratch(batch, categories);
    one_latent_rows(p, &evaluated.f, scale, &mut v, &mut shares, &mut means);
    evaluated.inject(Weights::Each(shares), v, means)
}

rowwise! {
    fn one_latent_rows(p, f; scale => v, share, mean) {
        // The differences to a rounded mean are exact where the losses are close to each other, as
        // with a large constant in all of them.
        let rounded = expectation(p, f);
        let mut rest = V::zero();
        for k in 0..p.len() {
            v[k] = rows::unless_zero(p[k], f[k] - rounded);
            rest = p[k].mul_add(v[k], rest);
        }
        for k in 0..p.len() {
            v[k] = p[k] * (v[k] - rest) * scale;
            share[k] = p[k] * scale;
        }
        mean[0] = rounded + rest;
    }
}

/// Σ_k p_k f_k; a category of probability 0 does not count, whatever its loss.
#[inline(always)]
fn expectation<E: Real, V: Lanes<E>>(p: &[V], f: &[V]) -> V {
    let mut sum = V::zero();
    for (&p, &f) in p.iter().zip(f) {
        sum += rows::unless_zero(p, p * f);
    }
    sum
}

/// Σ_{outcomes with z_n = c} w f − p_n(c) Σ w f, from one loss per joint outcome, of probability w.
fn joint<E: Real>(
    categorical: Categorical<E>,
    p: &Packed<E>,
    objective: &dyn Objective<E>,
) -> Result<Surrogate<E>> {
    let dims = categorical.dims;
    let picks = Rc::new(lexicographic(dims, dims.outcomes().unwrap_or(0)));
    let evaluated = Evaluated::new(categorical, Rc::clone(&picks), objective)?;
    let w = outcome_probabilities(p, &picks, dims);
    let (weighted, losses) = weighted_differences(&w, &evaluated.f);
    // The sum of a score function, with w f as the advantage.
    let vector = scores(p, &picks, weighted, dims);
    let mut shares = w;
    divide(E::of(dims.batch as f64), &mut shares);
    evaluated.inject(Weights::Each(shares), vector, losses)
}
