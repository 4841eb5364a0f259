use super::prelude::*;
use crate::mechanisms::score::{divide, ignore_impossible, row_sums};

/// The CatLog derivative for independent latents: the categories of each latent in turn are summed
/// out, given a sample of the others.
///
/// **Estimates** ∇ E f(D) without bias; exactly with one latent.
///
/// **Formula** M joint samples D^m; for latent n, J(p_n) φ with φ_c = (1/M)
/// Σ_m f(D^m with z_n := c). All latents use the same samples.
///
/// **Requires** losses at vertices.
///
/// **Costs** M·L·K losses, in one call of the objective.
///
/// **When to use** with several latents, if the losses can be computed in large batches: it removes
/// each latent's own variance at the price of K losses. Also known as the local expectation
/// gradient.
///
/// **Reference** De Smet, Sansone & Zuidberg Dos Martires 2023, arXiv:2311.12569, Theorem 1;
/// Titsias & Lázaro-Gredilla 2015.
///
/// ```
/// use estimators::{Dims, Kind, Noise, SquaredPick, kinds::Indecater, mean_gradient};
/// let objective = SquaredPick::of(&[22.0, 30.0, 10.0], &[25.0]);
/// let logits = [0.1f64, 0.8, 0.1].map(f64::ln);
/// let dims = Dims { batch: 1, latents: 1, categories: 3 };
/// let noise = &mut Noise::named(&["example"]);
/// let mut estimator = Indecater { samples: 1 }.build();
/// let estimate = mean_gradient(&mut *estimator, &logits, dims, &objective, 1000, noise)?;
/// // With one latent it is exact.
/// assert!(estimate.agrees_with(&[-3.44, -14.72, 18.16]));
/// # Ok::<(), estimators::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Indecater {
    /// M, joint samples of each row: from 1 up.
    pub samples: usize,
}

impl Default for Indecater {
    fn default() -> Self {
        Self { samples: 1 }
    }
}

impl Kind for Indecater {
    const NAME: &'static str = "indecater";
    const FAMILY: Family = Family::ScoreFunction;
    const SUMMARY: &'static str = "each latent in turn summed out, the others sampled";
    const SOURCE: &'static str = "De Smet, Sansone & Zuidberg Dos Martires 2023, arXiv:2311.12569";
    const VERSION: u32 = 2;

    fn check(&self) -> Result<(), Fault> {
        ranges::samples(self.samples, 1)
    }

    fn build<E: Real>(self) -> Box<dyn Estimator<E>> {
        Box::new(self)
    }
}

impl<E: Real> Estimator<E> for Indecater {
    fn estimate(
        &mut self,
        logits: Logits<E>,
        objective: &dyn Objective<E>,
        noise: &mut Noise,
    ) -> Result<Surrogate<E>> {
        let categorical = Categorical::new(logits)?;
        let (dims, p) = (categorical.dims, categorical.softmax(E::ONE));
        let drawn = rows::categorical(&p, self.samples, noise);
        let evaluated = Evaluated::new(categorical, self.substituted(&drawn, dims), objective)?;
        let reference = Self::reference_losses(&p, &evaluated.f, dims);
        let mut phi = self.means(&evaluated.f, &reference, dims);
        ignore_impossible(&p, &mut phi);
        let scale = E::of(1.0 / dims.batch as f64);
        let mut vector = Packed::zeros(dims.rows(), dims.categories);
        expected_gradient(&p, &phi, scale, &mut vector);
        let expected = p.row_dots(&phi).sum_rows(dims.latents);
        let mut losses = row_sums(&expected);
        divide(E::of(dims.latents as f64), &mut losses);
        losses.add(&reference);
        let weights = self.weights(&p, dims);
        evaluated.inject(Weights::Each(weights), vector, losses)
    }

    fn properties(&self, dims: Dims) -> Properties {
        let losses = (self.samples * dims.latents * dims.categories) as u64;
        let draws = dims.latents > 1;
        Properties {
            unbiased: Unbiased::Always,
            stochastic: draws,
            ..Properties::new(Domain::Vertices, Evaluations::vertices(losses))
        }
    }
}

impl Indecater {
    /// Each sample with each latent set to each category, [B·L, M·L·K].
    fn substituted<E: Real>(&self, drawn: &Packed<E>, dims: Dims) -> Packed<E> {
        let mut picks = Vec::with_capacity(self.samples * dims.elements() * dims.latents);
        for sample in 0..self.samples {
            for latent in 0..dims.latents {
                for category in 0..dims.categories {
                    picks.extend((0..dims.rows()).map(|row| match row % dims.latents {
                        other if other == latent => E::of(category as f64),
                        _ => drawn.get(row, sample),
                    }));
                }
            }
        }
        Packed::from_columns(&picks, dims.rows())
    }

    /// The loss of the first sample with the most probable category of the first latent, [B, 1], of
    /// losses [B, M·L·K].
    fn reference_losses<E: Real>(p: &Packed<E>, f: &Packed<E>, dims: Dims) -> Packed<E> {
        let modes = rows::argmax(p);
        let category = |row: usize| modes.get(row * dims.latents, 0).widen() as usize;
        let losses: Vec<E> = (0..dims.batch).map(|row| f.get(row, category(row))).collect();
        Packed::from_columns(&losses, dims.batch)
    }

    /// φ less a loss of the row, so that a large constant in all losses costs no precision: [B·L, K], of
    /// losses [B, M·L·K].
    fn means<E: Real>(&self, f: &Packed<E>, reference: &Packed<E>, dims: Dims) -> Packed<E> {
        let Dims { batch, latents, categories } = dims;
        let share = E::of(1.0 / self.samples as f64);
        let mut phi = Packed::zeros(batch * latents, categories);
        for row in 0..batch {
            for latent in 0..latents {
                for category in 0..categories {
                    let place = |sample| (sample * latents + latent) * categories + category;
                    let losses = (0..self.samples)
                        .map(|sample| f.get(row, place(sample)) - reference.get(row, 0));
                    phi.set(row * latents + latent, category, losses.sum::<E>() * share);
                }
            }
        }
        phi
    }

    /// p_n(c)/(M·L·B) of each loss, [B, M·L·K].
    fn weights<E: Real>(&self, p: &Packed<E>, dims: Dims) -> Packed<E> {
        let Dims { batch, latents, categories } = dims;
        let scale = E::of(1.0 / (self.samples * latents * batch) as f64);
        let mut weights = Vec::with_capacity(self.samples * dims.elements());
        for _ in 0..self.samples {
            for latent in 0..latents {
                for category in 0..categories {
                    let row = |row: usize| p.get(row * latents + latent, category) * scale;
                    weights.extend((0..batch).map(row));
                }
            }
        }
        Packed::from_columns(&weights, batch)
    }
}

rowwise! {
    fn expected_gradient(p, phi; scale => v) {
        rows::add_jacobian_product(p, phi, scale, v);
    }
}
