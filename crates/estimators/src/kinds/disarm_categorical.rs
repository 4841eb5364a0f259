use super::prelude::*;
use crate::mechanisms::score::row_means;
use crate::mechanisms::stick_breaking::{StickBreaking, Sticks};

/// DisARM for categories: two samples by stick breaking that are antithetic at every stick, in
/// ascending order of probability.
///
/// **Estimates** ∇ E f(D) without bias.
///
/// **Formula** the sticks of the sorted logits are ℓ_i = θ_i − ln Σ_{j>i} exp θ_j, with
/// q_i = σ(ℓ_i). The samples z and z̃ come from uniform numbers u_i and 1 − u_i; m is the first
/// stick at which they differ. `importance-weighted`: ½ w (f − f̃)(s − s̃) for each latent, with
/// w = Π_{i<m} (1 − q_i)²/(1 − 2q_i) · (1 − q_m), the ratio of the independent probability to the
/// coupled one. `stick-breaking`: for each stick that both reach, DisARM's ½ (f − f̃)(−1)^b̃
/// 1[b ≠ b̃] σ(|ℓ_i|); for one that only one of them reaches, its half of a two-sample
/// leave-one-out; then the chain rule from ℓ to θ.
///
/// **Requires** losses at vertices.
///
/// **Costs** two losses.
///
/// **When to use** if two losses per row are affordable; with more, use `carms`. With two
/// categories both forms are `disarm`.
///
/// **Reference** Dong, Mnih & Tucker 2021, arXiv:2106.08056, §4.
///
/// ```
/// use estimators::{Dims, Kind, Noise, SquaredPick, kinds::DisarmCategorical, mean_gradient};
/// let objective = SquaredPick::of(&[22.0, 30.0, 10.0], &[25.0]);
/// let logits = [0.1f64, 0.8, 0.1].map(f64::ln);
/// let dims = Dims { batch: 1, latents: 1, categories: 3 };
/// let noise = &mut Noise::named(&["example"]);
/// let mut estimator = DisarmCategorical::default().build();
/// let estimate = mean_gradient(&mut *estimator, &logits, dims, &objective, 1000, noise)?;
/// // Unbiased: the mean is the gradient of the expected loss.
/// assert!(estimate.agrees_with(&[-3.44, -14.72, 18.16]));
/// # Ok::<(), estimators::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct DisarmCategorical {
    /// The form of the estimator: `importance-weighted` or `stick-breaking`.
    pub form: DisarmForm,
}

impl Default for DisarmCategorical {
    fn default() -> Self {
        Self { form: DisarmForm::ImportanceWeighted }
    }
}

impl Kind for DisarmCategorical {
    const NAME: &'static str = "disarm-categorical";
    const FAMILY: Family = Family::ScoreFunction;
    const SUMMARY: &'static str = "an antithetic pair of categories by stick breaking";
    const SOURCE: &'static str = "Dong, Mnih & Tucker 2021, arXiv:2106.08056";
    const VERSION: u32 = 2;

    fn build<E: Real>(self) -> Box<dyn Estimator<E>> {
        Box::new(self)
    }
}

/// A form of [`DisarmCategorical`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DisarmForm {
    /// A weighted leave-one-out of two coupled samples.
    ImportanceWeighted,
    /// DisARM at every stick.
    StickBreaking,
}

impl<E: Real> Estimator<E> for DisarmCategorical {
    fn estimate(
        &mut self,
        logits: Logits<E>,
        objective: &dyn Objective<E>,
        noise: &mut Noise,
    ) -> Result<Surrogate<E>> {
        let categorical = Categorical::new(logits)?;
        let (dims, p) = (categorical.dims, categorical.softmax(E::ONE));
        let breaking = StickBreaking::new(&p);
        let (taken, picks) = breaking.take::<E>(2, noise);
        let evaluated = Evaluated::new(categorical, picks, objective)?;
        let losses = row_means(&evaluated.f);
        let mut vector = Packed::zeros(dims.rows(), dims.categories);
        let mut gradient = vec![0.0; dims.categories];
        for (row, (sticks, pair)) in breaking.rows().zip(taken.chunks_exact(2)).enumerate() {
            let loss = |sample: usize| evaluated.f.get(row / dims.latents, sample).widen();
            let half = 0.5 * (loss(0) - loss(1)) / dims.batch as f64;
            let (a, b) = (pair[0], pair[1]);
            match self.form {
                DisarmForm::ImportanceWeighted if a == b => {}
                DisarmForm::ImportanceWeighted => {
                    // w (s − s̃)
                    let mut weights = [0.0; 2];
                    sticks.weights(pair, &mut weights);
                    let weight = weights[usize::from(b < a)];
                    vector.set(row, sticks.order[a], E::of(half * weight));
                    vector.set(row, sticks.order[b], E::of(half * -weight));
                }
                DisarmForm::StickBreaking => {
                    chain_rule(sticks, (a, b), &mut gradient);
                    for (g, &category) in gradient.iter().zip(sticks.order) {
                        vector.set(row, category, E::of(half * g));
                    }
                }
            }
        }
        evaluated.inject(Weights::Mean, vector, losses)
    }

    fn properties(&self, _: Dims) -> Properties {
        Properties {
            unbiased: Unbiased::Always,
            ..Properties::new(Domain::Vertices, Evaluations::vertices(2))
        }
    }
}

/// The factor of ½ (f − f̃) in the gradient for the sorted logits θ: that for each stick's logit ℓ,
/// through the chain rule.
fn chain_rule(sticks: Sticks<'_>, (a, b): (usize, usize), gradient: &mut [f64]) {
    let last = gradient.len() - 1;
    // ℓ_i = θ_i − ln Σ_{j>i} exp θ_j, so ∂ℓ_i/∂θ_j = −p_j/Σ_{k>i} p_k for every j after i.
    let mut before = 0.0;
    for (i, slope) in gradient.iter_mut().enumerate() {
        let q = sticks.q(i);
        let factor = match (a >= i, b >= i) {
            _ if i == last => 0.0,
            (true, true) => (f64::from(a == i) - f64::from(b == i)) * (1.0 - q),
            (true, false) => f64::from(a == i) - q,
            (false, true) => q - f64::from(b == i),
            (false, false) => 0.0,
        };
        *slope = factor - before * sticks.p[i];
        if i < last && sticks.rest[i + 1] > 0.0 {
            before += factor / sticks.rest[i + 1];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The chain rule stick by stick, from each to all logits after it.
    fn stick_by_stick(sticks: Sticks<'_>, (a, b): (usize, usize)) -> Vec<f64> {
        let count = sticks.p.len();
        let mut gradient = vec![0.0; count];
        for i in 0..count - 1 {
            let q = sticks.q(i);
            let side = |pick: usize| if pick >= i { f64::from(pick == i) - q } else { 0.0 };
            let both = a >= i && b >= i;
            let equal = f64::from(a == i) - f64::from(b == i);
            let factor = if both { equal * (1.0 - q) } else { side(a) - side(b) };
            gradient[i] += factor;
            if sticks.rest[i + 1] > 0.0 {
                for (slope, p) in gradient.iter_mut().zip(sticks.p).skip(i + 1) {
                    *slope -= factor * p / sticks.rest[i + 1];
                }
            }
        }
        gradient
    }

    #[test]
    fn the_chain_rule_in_one_pass_is_that_of_every_stick() {
        let noise = &mut Noise::named(&["chained"]);
        for k in [1, 2, 3, 20] {
            let logits: Vec<f64> = noise.normals(40 * k).iter().map(|z| 9.0 * z).collect();
            let masked = |(i, x)| if i % k % 3 == 1 { f64::NEG_INFINITY } else { x };
            let logits: Vec<f64> = logits.into_iter().enumerate().map(masked).collect();
            let breaking = StickBreaking::new(&rows::softmax(&Packed::pack(&logits, k), 1.0));
            for sticks in breaking.rows() {
                let mut pick = || noise.index(k as u32) as usize;
                let pair = (pick(), pick());
                let mut gradient = vec![f64::NAN; k];
                chain_rule(sticks, pair, &mut gradient);
                for (a, b) in gradient.iter().zip(stick_by_stick(sticks, pair)) {
                    assert!((a - b).abs() < 1e-13, "{pair:?}: {a} {b}");
                }
            }
        }
    }
}
