use super::prelude::*;
use crate::mechanisms::score::row_means;
use crate::mechanisms::stick_breaking::StickBreaking;

/// Leave-one-out over several antithetic samples of a row.
///
/// **Estimates** ∇ E f(D) without bias.
///
/// **Formula** n samples by stick breaking in ascending order of probability, from antithetic
/// uniform numbers (a Dirichlet copula) at every stick. The gradient for each latent is
/// (1/(n(n−1))) Σ_{i<j} [p(z_i) p(z_j) / P(z_i, z_j)] (f_i − f_j)(D_i − D_j). The ratio is a
/// product over the sticks up to the first of the two. It is never clipped, because clipping would
/// bias the estimate. Of the paper's two constructions, this is the one in which all pairs have positive
/// probability; the other, which inverts the distribution function along cyclic orders, never draws
/// some pairs of rare categories and is then biased.
///
/// **Requires** losses at vertices.
///
/// **Costs** n losses.
///
/// **When to use** instead of `reinforce-loo`, with as many losses. The fewer categories and
/// samples, the larger the gain. With two of each it is `disarm`.
///
/// **Reference** Dimitriev & Zhou 2021, arXiv:2110.14002, eq. 8; the copula: arXiv:2105.14141.
///
/// ```
/// use estimators::{Dims, Kind, Noise, SquaredPick, kinds::Carms, mean_gradient};
/// let objective = SquaredPick::of(&[22.0, 30.0, 10.0], &[25.0]);
/// let logits = [0.1f64, 0.8, 0.1].map(f64::ln);
/// let dims = Dims { batch: 1, latents: 1, categories: 3 };
/// let noise = &mut Noise::named(&["example"]);
/// let mut estimator = Carms { samples: 4 }.build();
/// let estimate = mean_gradient(&mut *estimator, &logits, dims, &objective, 1000, noise)?;
/// // Unbiased: the mean is the gradient of the expected loss.
/// assert!(estimate.agrees_with(&[-3.44, -14.72, 18.16]));
/// # Ok::<(), estimators::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Carms {
    /// n, samples of each row: at least 2.
    pub samples: usize,
}

impl Default for Carms {
    fn default() -> Self {
        Self { samples: 4 }
    }
}

impl Kind for Carms {
    const NAME: &'static str = "carms";
    const FAMILY: Family = Family::ScoreFunction;
    const SUMMARY: &'static str = "leave-one-out of antithetic categories";
    const SOURCE: &'static str = "Dimitriev & Zhou 2021, arXiv:2110.14002";

    fn check(&self) -> Result<(), Fault> {
        ranges::samples(self.samples, 2)
    }

    fn build<E: Real>(self) -> Box<dyn Estimator<E>> {
        Box::new(self)
    }
}

impl<E: Real> Estimator<E> for Carms {
    fn estimate(
        &mut self,
        logits: Logits<E>,
        objective: &dyn Objective<E>,
        noise: &mut Noise,
    ) -> Result<Surrogate<E>> {
        let categorical = Categorical::new(logits)?;
        let (dims, n, p) = (categorical.dims, self.samples, categorical.softmax(E::ONE));
        let breaking = StickBreaking::new(&p);
        let (taken, picks) = breaking.take::<E>(n, noise);
        let evaluated = Evaluated::new(categorical, picks, objective)?;
        let losses = row_means(&evaluated.f);
        let scale = 1.0 / (n * (n - 1) * dims.batch) as f64;
        let mut vector = Packed::zeros(dims.rows(), dims.categories);
        let (mut f, mut weights) = (vec![0.0; n], vec![0.0; n]);
        // By stick; nonzero only for sticks that a sample took.
        let mut gradient = vec![0.0; dims.categories];
        for (row, (sticks, chosen)) in breaking.rows().zip(taken.chunks_exact(n)).enumerate() {
            sticks.weights(chosen, &mut weights);
            for (sample, f) in f.iter_mut().enumerate() {
                *f = evaluated.f.get(row / dims.latents, sample).widen();
            }
            for i in 0..n {
                for j in i + 1..n {
                    let (a, b) = (chosen[i], chosen[j]);
                    if a != b {
                        let weight = if a < b { weights[i] } else { weights[j] };
                        let term = weight * (f[i] - f[j]) * scale;
                        gradient[a] += term;
                        gradient[b] -= term;
                    }
                }
            }
            for &stick in chosen {
                vector.set(row, sticks.order[stick], E::of(gradient[stick]));
            }
            for &stick in chosen {
                gradient[stick] = 0.0;
            }
        }
        evaluated.inject(Weights::Mean, vector, losses)
    }

    fn properties(&self, _: Dims) -> Properties {
        Properties {
            unbiased: Unbiased::Always,
            ..Properties::new(Domain::Vertices, Evaluations::vertices(self.samples as u64))
        }
    }
}
