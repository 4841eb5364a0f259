use super::prelude::*;
use crate::mechanisms::score::weights_of_one;
use crate::mechanisms::swaps::Swaps;

/// Augment–REINFORCE–swap: losses after each swap with one reference component of the noise behind
/// a sample.
///
/// **Estimates** ∇ E f(D) without bias; with two categories it is ARM.
///
/// **Formula** π ~ Dirichlet(1_K) for each latent; f^{c} is the loss at z = argmin_k (ln π_k − θ_k)
/// after components c and j of π are swapped, where j is the reference. The gradient for θ_c is
/// (f^c − (1/K) Σ_m f^m) (1 − K π_j).
///
/// **Requires** losses at vertices.
///
/// **Costs** K losses.
///
/// **When to use** instead of `arsm` if K (K − 1)/2 losses are too many. With one latent, `exact`
/// costs the same K losses and has no variance.
///
/// **Reference** Yin, Yue & Zhou 2019, arXiv:1905.01413, eq. 13.
///
/// ```
/// use estimators::{Dims, Kind, Noise, SquaredPick, kinds::Ars, mean_gradient};
/// let objective = SquaredPick::of(&[22.0, 30.0, 10.0], &[25.0]);
/// let logits = [0.1f64, 0.8, 0.1].map(f64::ln);
/// let dims = Dims { batch: 1, latents: 1, categories: 3 };
/// let noise = &mut Noise::named(&["example"]);
/// let mut estimator = Ars { reference: 0 }.build();
/// let estimate = mean_gradient(&mut *estimator, &logits, dims, &objective, 1000, noise)?;
/// // Unbiased: the mean is the gradient of the expected loss.
/// assert!(estimate.agrees_with(&[-3.44, -14.72, 18.16]));
/// # Ok::<(), estimators::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[derive(Default)]
pub struct Ars {
    /// j, the category whose noise is swapped with that of each other one: below K.
    pub reference: usize,
}

impl Kind for Ars {
    const NAME: &'static str = "ars";
    const FAMILY: Family = Family::ScoreFunction;
    const SUMMARY: &'static str = "losses after swaps with one category's noise";
    const SOURCE: &'static str = "Yin, Yue & Zhou 2019, arXiv:1905.01413";
    const VERSION: u32 = 2;

    fn check(&self) -> Result<(), Fault> {
        Fault::require(
            self.reference < 1_000_000,
            "reference",
            self.reference,
            "a category number below 1000000",
        )
    }

    fn build<E: Real>(self) -> Box<dyn Estimator<E>> {
        Box::new(self)
    }
}

impl<E: Real> Estimator<E> for Ars {
    fn estimate(
        &mut self,
        logits: Logits<E>,
        objective: &dyn Objective<E>,
        noise: &mut Noise,
    ) -> Result<Surrogate<E>> {
        let categorical = Categorical::new(logits)?;
        let (dims, j) = (categorical.dims, self.reference);
        let pairs: Vec<(usize, usize)> = (0..dims.categories).map(|c| (c, j)).collect();
        let swaps = Swaps::draw(&categorical.theta, &pairs, noise);
        let theta = Rc::clone(&categorical.theta);
        let evaluated = Evaluated::new(categorical, swaps.picks, objective)?;
        // The loss of the original sample: the swap of j with itself.
        let losses = evaluated.f.column(j);
        let f = evaluated.differences_of_latents();
        let mut vector = Packed::zeros(dims.rows(), dims.categories);
        let scale = E::of(1.0 / dims.batch as f64);
        swap(&theta, &swaps.exponentials, &f, E::of(j as f64), scale, &mut vector);
        let weights = weights_of_one(j, evaluated.f.columns(), dims);
        evaluated.inject(weights, vector, losses)
    }

    fn properties(&self, dims: Dims) -> Properties {
        Properties {
            unbiased: Unbiased::Always,
            ..Properties::new(Domain::Vertices, Evaluations::vertices(dims.categories as u64))
        }
    }

    fn refuses(&self, dims: Dims) -> Option<String> {
        let (j, k) = (self.reference, dims.categories);
        (j >= k)
            .then(|| format!("its reference is category {j}, but there are only {k} categories"))
    }
}

rowwise! {
    /// (f^c − (1/K) Σ_m f^m) (1 − K π_j)
    fn swap(theta, e, f; reference, scale => v) {
        let mut chosen = V::zero();
        for k in 0..e.len() {
            chosen = V::select(reference.equal(V::splat(E::of(k as f64))), e[k], chosen);
        }
        let categories = V::splat(E::of(e.len() as f64));
        let weight = V::splat(E::ONE) - categories * chosen / rows::sum(e);
        let mean = rows::sum(f) / categories;
        for c in 0..v.len() {
            v[c] = rows::unless_masked(theta[c], (f[c] - mean) * weight * scale);
        }
    }
}
