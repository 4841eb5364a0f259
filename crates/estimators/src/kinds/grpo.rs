use super::prelude::*;
use super::reinforce_loo::centered;

/// The group baseline of language models: losses less their mean, divided by their standard deviation.
///
/// **Estimates** no multiple of the gradient. A component may even have the wrong sign: with S = 2 samples
/// an advantage is ±1 wherever two losses differ, however little. Then, for θ = (0.5, −0.3, 0.2, −1) and
/// f = exp⟨a, z⟩ with a = (0.3, 1.1, −0.4, 0.7), the mean is (+0.0117, 0.1515, −0.2127, 0.0495), but the
/// gradient is (−0.0666, 0.2781, −0.2580, 0.0465). With S = 8 that component has the right sign. And each row
/// is divided by a scale of its own: rows whose losses are a hundred times larger count a hundred times in
/// the gradient, and once here. No number of rows or steps reduces this bias; more samples do not remove it.
///
/// **Formula** (1/S) Σ_i (f_i − f̄)/(σ + ε) s_i over S independent samples of each row, with the mean f̄ of
/// their losses, and their standard deviation σ (divided by S); 0 where all losses are equal.
///
/// **Requires** losses at vertices.
///
/// **Costs** S losses.
///
/// **When to use** if losses have unknown scales that say nothing, or to repeat what others did. Its variance,
/// relative to its mean, was above that of `reinforce-loo` on the example above for S = 2, 4 and 8.
///
/// **Reference** Shao et al. 2024, arXiv:2402.03300 (GRPO), §4.1, for one step of a decision, without the
/// clipping of ratios, which are 1 where each sample is used once, and without the divergence from a
/// reference. Liu et al. 2025, arXiv:2503.20783, describe the bias between rows.
///
/// ```
/// use estimators::{Dims, Kind, Noise, SquaredPick, kinds::Grpo, mean_gradient};
/// let objective = SquaredPick::of(&[22.0, 30.0, 10.0], &[25.0]);
/// let logits = [0.1f64, 0.8, 0.1].map(f64::ln);
/// let dims = Dims { batch: 1, latents: 1, categories: 3 };
/// let noise = &mut Noise::named(&["example"]);
/// let mut estimator = Grpo { samples: 2, epsilon: 0.0 }.build();
/// let estimate = mean_gradient(&mut *estimator, &logits, dims, &objective, 1000, noise)?;
/// // The gradient of the expected loss is (−3.44, −14.72, 18.16).
/// assert!(estimate.agrees_with(&[-0.09, 0.0, 0.09]));
/// # Ok::<(), estimators::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Grpo {
    /// S, samples of each row: at least 2.
    pub samples: usize,
    /// ε, which is added to the standard deviation: from 0 up.
    pub epsilon: f64,
}

impl Default for Grpo {
    fn default() -> Self {
        Self { samples: 4, epsilon: 1e-4 }
    }
}

impl Kind for Grpo {
    const NAME: &'static str = "grpo";
    const FAMILY: Family = Family::ScoreFunction;
    const SUMMARY: &'static str = "group-mean, divided by the deviation of the losses";
    const SOURCE: &'static str = "Shao et al. 2024, arXiv:2402.03300, §4.1";

    fn check(&self) -> Result<(), Fault> {
        ranges::samples(self.samples, 2)?;
        let holds = self.epsilon >= 0.0 && self.epsilon.is_finite();
        Fault::require(holds, "epsilon", self.epsilon, "a number from 0 up")
    }

    fn build<E: Real>(self) -> Box<dyn Estimator<E>> {
        Box::new(self)
    }
}

impl<E: Real> Estimator<E> for Grpo {
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
        let mut advantages = centered(&evaluated.f, E::ONE);
        let inverse_samples = E::of(1.0 / self.samples as f64);
        normalize(inverse_samples, E::of(self.epsilon), &mut advantages);
        evaluated.score(&p, &picks, advantages)
    }

    fn properties(&self, _: Dims) -> Properties {
        Properties::new(Domain::Vertices, Evaluations::vertices(self.samples as u64))
    }
}

rowwise! {
    /// a / (S (σ + ε)), or 0 where σ is 0, for numbers a whose mean is 0.
    fn normalize(; inverse_samples, epsilon => a) {
        // Squares of numbers up to 1 do not overflow, nor do all of them underflow.
        let mut largest = V::zero();
        for i in 0..a.len() {
            largest = largest.max(a[i].abs());
        }
        let mut squares = V::zero();
        for i in 0..a.len() {
            let part = rows::unless_zero(largest, a[i] / largest);
            squares = part.mul_add(part, squares);
        }
        let deviation = largest * (squares * inverse_samples).sqrt();
        for i in 0..a.len() {
            let normalized = a[i] / (deviation + epsilon) * inverse_samples;
            a[i] = rows::unless_zero(deviation, normalized);
        }
    }
}
