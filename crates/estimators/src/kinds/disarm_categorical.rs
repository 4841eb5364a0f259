use crate::draw::{Opened, read_picks};
use crate::estimator::Logits;
use crate::score::{Asked, row_means};
use crate::sticks::{Sticks, antithetic};
use crate::{
    Dims, Domain, Estimator, Evaluations, Family, Kind, Objective, Properties, Result, Surrogate,
    Unbiased,
};
use kernels::tape::Weights;
use kernels::{Noise, Packed, Real};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// DisARM for categories: a pair of picks that is antithetic at every stick of a stick-breaking
/// construction, in ascending order of probability.
///
/// **Estimates** ∇ E f(D) without bias.
///
/// **Formula** sticks ℓ_i = θ_i − ln Σ_{j>i} exp θ_j of the sorted logits, q_i = σ(ℓ_i), picks z and z̃ from
/// uniform numbers u_i and 1 − u_i; m the first stick at which they part. `importance-weighted`:
/// ½ w (f − f̃)(s − s̃) with w = Π_{i<m} (1 − q_i)²/(1 − 2q_i) · (1 − q_m), the ratio of independent to coupled
/// probability, for each latent. `stick-breaking`: for each stick that both reach, DisARM's
/// ½ (f − f̃)(−1)^b̃ 1[b ≠ b̃] σ(|ℓ_i|); for one that a single pick reaches, its half of a two-sample
/// leave-one-out; then the chain rule from ℓ to θ.
///
/// **Requires** losses at vertices.
///
/// **Costs** two losses.
///
/// **When to use** where a row affords two losses; with more, `carms`. With two categories both forms are
/// `disarm`.
///
/// **Reference** Dong, Mnih & Tucker 2021, arXiv:2106.08056, §4.
///
/// ```
/// use estimators::{Dims, Kind, Noise, SquaredPick, gradient, kinds::DisarmCategorical};
/// // 4096 equal rows are 4096 draws; the gradient's rows add up to their mean.
/// let rows = 4096;
/// let objective = SquaredPick::of([22.0, 30.0, 10.0].repeat(rows), vec![25.0; rows])?;
/// let logits = [0.1f64, 0.8, 0.1].map(f64::ln).repeat(rows);
/// let dims = Dims { batch: rows, latents: 1, categories: 3 };
/// let mut estimator = DisarmCategorical::default().build();
/// let noise = &mut Noise::named(&["example"]);
/// let gradient = gradient(&mut *estimator, &logits, dims, &objective, None, noise)?;
/// let mean = |k: usize| gradient.logits.iter().skip(k).step_by(3).sum::<f64>();
/// // Without bias: (−3.44, −14.72, 18.16).
/// assert!((mean(1) + 14.72).abs() < 5.0);
/// # Ok::<(), estimators::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct DisarmCategorical {
    /// `importance-weighted` or `stick-breaking`.
    pub form: Form,
}

impl Default for DisarmCategorical {
    fn default() -> Self {
        Self { form: Form::ImportanceWeighted }
    }
}

impl Kind for DisarmCategorical {
    const NAME: &'static str = "disarm-categorical";
    const FAMILY: Family = Family::ScoreFunction;
    const SUMMARY: &'static str = "an antithetic pair of categories by stick breaking";
    const SOURCE: &'static str = "Dong, Mnih & Tucker 2021, arXiv:2106.08056";

    fn build<E: Real>(self) -> Box<dyn Estimator<E>> {
        Box::new(self)
    }
}

/// A form of the estimator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// A leave-one-out of two coupled samples, weighted.
    ImportanceWeighted,
    /// DisARM of every stick.
    StickBreaking,
}

impl<E: Real> Estimator<E> for DisarmCategorical {
    fn surrogate(
        &mut self,
        logits: Logits<E>,
        objective: &dyn Objective<E>,
        noise: &mut Noise,
    ) -> Result<Surrogate<E>> {
        let opened = Opened::new(logits)?;
        let (dims, p) = (opened.dims, opened.softmax(E::ONE));
        let sticks: Vec<Sticks> = (0..dims.rows()).map(|row| Sticks::new(&p, row)).collect();
        let mut taken = Vec::with_capacity(dims.rows());
        let mut picks = Packed::zeros(dims.rows(), 2);
        for (row, sticks) in sticks.iter().enumerate() {
            let uniforms: Vec<Vec<f64>> =
                (1..dims.categories).map(|_| antithetic(2, noise)).collect();
            let pair = sticks.take(&uniforms, 2);
            for (sample, &stick) in pair.iter().enumerate() {
                picks.set(row, sample, E::of(sticks.order[stick] as f64));
            }
            taken.push((pair[0], pair[1]));
        }
        let asked = Asked::new(opened, read_picks(&picks), objective)?;
        let losses = row_means(&asked.f);
        let mut vector = Packed::zeros(dims.rows(), dims.categories);
        for (row, (sticks, &pair)) in sticks.iter().zip(&taken).enumerate() {
            let loss = |sample: usize| asked.f.get(row / dims.latents, sample).widen();
            let half = 0.5 * (loss(0) - loss(1)) / dims.batch as f64;
            let gradient = match self.form {
                Form::ImportanceWeighted => weighted(sticks, pair),
                Form::StickBreaking => chained(sticks, pair),
            };
            for (stick, g) in gradient.into_iter().enumerate() {
                vector.set(row, sticks.order[stick], E::of(half * g));
            }
        }
        asked.inject(Weights::Mean, vector, losses)
    }

    fn properties(&self, _: Dims) -> Properties {
        Properties {
            unbiased: Unbiased::Always,
            ..Properties::new(Domain::Vertices, Evaluations::vertices(2))
        }
    }
}

/// w (s − s̃), stick by stick.
fn weighted(sticks: &Sticks, (a, b): (usize, usize)) -> Vec<f64> {
    let mut gradient = vec![0.0; sticks.p.len()];
    if a != b {
        let weight = sticks.weight(a, b, 2);
        (gradient[a], gradient[b]) = (weight, -weight);
    }
    gradient
}

/// What multiplies ½ (f − f̃) for each stick's logit, carried to the logits.
fn chained(sticks: &Sticks, (a, b): (usize, usize)) -> Vec<f64> {
    let count = sticks.p.len();
    let mut gradient = vec![0.0; count];
    for i in 0..count - 1 {
        let q = sticks.q(i);
        let factor = match (a >= i, b >= i) {
            (true, true) => (f64::from(a == i) - f64::from(b == i)) * (1.0 - q),
            (true, false) => f64::from(a == i) - q,
            (false, true) => q - f64::from(b == i),
            (false, false) => break,
        };
        // ℓ_i = θ_i − ln Σ_{j>i} exp θ_j
        gradient[i] += factor;
        if sticks.rest[i + 1] > 0.0 {
            for (slope, p) in gradient.iter_mut().zip(&sticks.p).skip(i + 1) {
                *slope -= factor * p / sticks.rest[i + 1];
            }
        }
    }
    gradient
}
