use super::prelude::*;
use crate::mechanisms::score::weights_of_one;
use crate::mechanisms::swaps::Swaps;

/// Augment–REINFORCE–swap–merge: losses after every swap of two components of the noise behind a
/// sample.
///
/// **Estimates** ∇ E f(D) without bias; with two categories it is ARM.
///
/// **Formula** π ~ Dirichlet(1_K) for each latent; f^{c,j} is the loss at z = argmin_k
/// (ln π_k − θ_k) after components c and j of π are swapped in all latents at once. The gradient
/// for θ_c is Σ_j (f^{c,j} − (1/K) Σ_m f^{m,j}) (1/K − π_j).
///
/// **Requires** losses at vertices; at most 256 categories.
///
/// **Costs** K (K − 1)/2 + 1 losses. Most swaps do not change the sample, so an objective that
/// caches its losses computes only a few of them.
///
/// **When to use** if many losses per row are cheap and gradients are not available. With the same
/// number of losses, `reinforce-loo` and `unordered-set` are better.
///
/// **Reference** Yin, Yue & Zhou 2019, arXiv:1905.01413, Theorem 1.
///
/// ```
/// use estimators::{Dims, Kind, Noise, SquaredPick, kinds::Arsm, mean_gradient};
/// let objective = SquaredPick::of(&[22.0, 30.0, 10.0], &[25.0]);
/// let logits = [0.1f64, 0.8, 0.1].map(f64::ln);
/// let dims = Dims { batch: 1, latents: 1, categories: 3 };
/// let noise = &mut Noise::named(&["example"]);
/// let mut estimator = Arsm {}.build();
/// let estimate = mean_gradient(&mut *estimator, &logits, dims, &objective, 1000, noise)?;
/// // Unbiased: the mean is the gradient of the expected loss.
/// assert!(estimate.agrees_with(&[-3.44, -14.72, 18.16]));
/// # Ok::<(), estimators::Error>(())
/// ```
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Arsm {}

impl Kind for Arsm {
    const NAME: &'static str = "arsm";
    const FAMILY: Family = Family::ScoreFunction;
    const SUMMARY: &'static str = "losses after swaps of Dirichlet noise, merged";
    const SOURCE: &'static str = "Yin, Yue & Zhou 2019, arXiv:1905.01413";
    const VERSION: u32 = 2;

    fn build<E: Real>(self) -> Box<dyn Estimator<E>> {
        Box::new(self)
    }
}

impl<E: Real> Estimator<E> for Arsm {
    fn estimate(
        &mut self,
        logits: Logits<E>,
        objective: &dyn Objective<E>,
        noise: &mut Noise,
    ) -> Result<Surrogate<E>> {
        let categorical = Categorical::new(logits)?;
        let (dims, pairs) = (categorical.dims, all_pairs(categorical.dims.categories));
        let swaps = Swaps::draw(&categorical.theta, &pairs, noise);
        let theta = Rc::clone(&categorical.theta);
        let evaluated = Evaluated::new(categorical, swaps.picks, objective)?;
        // The loss of the original sample.
        let losses = evaluated.f.column(0);
        let f = evaluated.differences_of_latents();
        let mut vector = Packed::zeros(dims.rows(), dims.categories);
        merge(&theta, &swaps.exponentials, &f, E::of(1.0 / dims.batch as f64), &mut vector);
        let weights = weights_of_one(0, evaluated.f.columns(), dims);
        evaluated.inject(weights, vector, losses)
    }

    fn properties(&self, dims: Dims) -> Properties {
        let losses = losses(dims.categories as u64);
        Properties {
            unbiased: Unbiased::Always,
            ..Properties::new(Domain::Vertices, Evaluations::vertices(losses))
        }
    }

    fn refuses(&self, dims: Dims) -> Option<String> {
        let k = dims.categories;
        (k > MOST_CATEGORIES).then(|| {
            format!(
                "{k} categories need {} losses per row; at most {MOST_CATEGORIES} categories are supported",
                losses(k as u64)
            )
        })
    }
}

/// The largest number of categories for which every swap is evaluated.
const MOST_CATEGORIES: usize = 256;

/// One loss without a swap, and one for every pair.
fn losses(categories: u64) -> u64 {
    categories * (categories - 1) / 2 + 1
}

/// First no swap, then every pair a < b in order.
fn all_pairs(categories: usize) -> Vec<(usize, usize)> {
    let pairs = (0..categories).flat_map(|b| (0..b).map(move |a| (a, b)));
    std::iter::once((0, 0)).chain(pairs).collect()
}

/// The column of the loss after the swap of two categories, as [`all_pairs`] orders them.
#[inline(always)]
pub(crate) fn swap_column(a: usize, b: usize) -> usize {
    let (low, high) = (a.min(b), a.max(b));
    if low == high { 0 } else { 1 + high * (high - 1) / 2 + low }
}

rowwise! {
    /// Σ_j (f^{c,j} − (1/K) Σ_m f^{m,j}) (1/K − π_j)
    fn merge(theta, e, f; scale => v) {
        let share = V::splat(E::of(1.0 / v.len() as f64));
        let inverse = V::splat(E::ONE) / rows::sum(e);
        for j in 0..v.len() {
            let mean = mean_over_swaps(f, j, v.len());
            let weight = (share - e[j] * inverse) * scale;
            for c in 0..v.len() {
                let term = (f[swap_column(c, j)] - mean) * weight;
                v[c] += rows::unless_masked(theta[c], term);
            }
        }
    }
}

/// (1/K) Σ_m f^{m,j}
#[inline(always)]
pub(crate) fn mean_over_swaps<E: Real, V: Lanes<E>>(f: &[V], j: usize, categories: usize) -> V {
    let mut total = V::zero();
    for m in 0..categories {
        total += f[swap_column(m, j)];
    }
    total * V::splat(E::of(1.0 / categories as f64))
}
