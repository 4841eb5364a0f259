use super::prelude::*;

/// The score function with a leave-one-out baseline: the mean loss of the other samples.
///
/// **Estimates** ∇ E f(D) without bias.
///
/// **Formula** (1/S) Σ_i (f_i − mean_{j≠i} f_j) s_i = (1/(S−1)) Σ_i (f_i − f̄) s_i over S
/// independent samples of each row.
///
/// **Requires** losses at vertices.
///
/// **Costs** S losses.
///
/// **When to use** as the unbiased default if a few losses per row are affordable. It has no
/// parameter but S and no state, and each row has its own baseline, while a running mean is one
/// number for all rows.
///
/// **Reference** Kool, van Hoof & Welling 2019, "Buy 4 REINFORCE samples, get a baseline for
/// free!".
///
/// ```
/// use estimators::{Dims, Kind, Noise, SquaredPick, kinds::ReinforceLoo, mean_gradient};
/// let objective = SquaredPick::of(&[22.0, 30.0, 10.0], &[25.0]);
/// let logits = [0.1f64, 0.8, 0.1].map(f64::ln);
/// let dims = Dims { batch: 1, latents: 1, categories: 3 };
/// let noise = &mut Noise::named(&["example"]);
/// let mut estimator = ReinforceLoo { samples: 4 }.build();
/// let estimate = mean_gradient(&mut *estimator, &logits, dims, &objective, 1000, noise)?;
/// // Unbiased: the mean is the gradient of the expected loss.
/// assert!(estimate.agrees_with(&[-3.44, -14.72, 18.16]));
/// # Ok::<(), estimators::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct ReinforceLoo {
    /// S, samples of each row: at least 2.
    pub samples: usize,
}

impl Default for ReinforceLoo {
    fn default() -> Self {
        Self { samples: 4 }
    }
}

impl Kind for ReinforceLoo {
    const NAME: &'static str = "reinforce-loo";
    const FAMILY: Family = Family::ScoreFunction;
    const SUMMARY: &'static str = "score function, the other samples as baseline";
    const SOURCE: &'static str = "Kool, van Hoof & Welling 2019";
    const VERSION: u32 = 2;

    fn check(&self) -> Result<(), Fault> {
        ranges::samples(self.samples, 2)
    }

    fn build<E: Real>(self) -> Box<dyn Estimator<E>> {
        Box::new(self)
    }
}

impl<E: Real> Estimator<E> for ReinforceLoo {
    fn estimate(
        &mut self,
        logits: Logits<E>,
        objective: &dyn Objective<E>,
        noise: &mut Noise,
    ) -> Result<Surrogate<E>> {
        let categorical = Categorical::new(logits)?;
        let p = categorical.softmax(E::ONE);
        let picks = Rc::new(rows::categorical(&p, self.samples, noise));
        let evaluated = Evaluated::new(categorical, Rc::clone(&picks), objective)?;
        let rest = self.samples as f64 - 1.0;
        let advantages = centered(&evaluated.f, E::of(1.0 / rest));
        evaluated.score(&p, &picks, advantages)
    }

    fn properties(&self, _: Dims) -> Properties {
        Properties {
            unbiased: Unbiased::Always,
            ..Properties::new(Domain::Vertices, Evaluations::vertices(self.samples as u64))
        }
    }
}

/// c (f_i − f̄), [B, S].
pub(super) fn centered<E: Real>(f: &Packed<E>, c: E) -> Packed<E> {
    rowwise! {
        fn advantages(f; inverse_samples, scale => a) {
            // Differences to a rounded mean are exact if the losses are close to each other.
            let rounded = rows::sum(f) * inverse_samples;
            for i in 0..f.len() {
                a[i] = f[i] - rounded;
            }
            let rest = rows::sum(a) * inverse_samples;
            for i in 0..f.len() {
                a[i] = (a[i] - rest) * scale;
            }
        }
    }
    let mut a = Packed::zeros(f.rows(), f.columns());
    advantages(f, E::of(1.0 / f.columns() as f64), c, &mut a);
    a
}
