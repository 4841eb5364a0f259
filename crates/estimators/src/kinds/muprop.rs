use super::prelude::*;
use crate::mechanisms::score::{scores, value_and_gradient};

/// The score function of the residual of a linear expansion of the loss at p, plus the gradient of
/// the expansion in closed form.
///
/// **Estimates** ∇ E f(D) without bias; without variance if the loss is linear.
///
/// **Formula** (f(D) − f(p) − Σ_n ⟨∇_n f(p), s_n⟩) s + J(p) ∇f(p).
///
/// **Requires** losses at vertices, and the loss and its gradient inside the simplex, at p.
///
/// **Costs** one loss, and one relaxed loss with its gradient.
///
/// **When to use** if the loss is smooth and nearly linear around p. For a quadratic loss the
/// residual does not depend on the target, so its variance is the same for all targets.
///
/// **Reference** Gu, Levine, Sutskever & Mnih 2016, arXiv:1511.05176, eq. 6.
///
/// ```
/// use estimators::{Dims, Kind, Noise, SquaredPick, kinds::MuProp, mean_gradient};
/// let objective = SquaredPick::of(&[22.0, 30.0, 10.0], &[25.0]);
/// let logits = [0.1f64, 0.8, 0.1].map(f64::ln);
/// let dims = Dims { batch: 1, latents: 1, categories: 3 };
/// let noise = &mut Noise::named(&["example"]);
/// let mut estimator = MuProp {}.build();
/// let estimate = mean_gradient(&mut *estimator, &logits, dims, &objective, 1000, noise)?;
/// // Unbiased: the mean is the gradient of the expected loss.
/// assert!(estimate.agrees_with(&[-3.44, -14.72, 18.16]));
/// # Ok::<(), estimators::Error>(())
/// ```
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct MuProp {}

impl Kind for MuProp {
    const NAME: &'static str = "muprop";
    const FAMILY: Family = Family::ScoreFunction;
    const SUMMARY: &'static str = "score function of the residual of a linear expansion";
    const SOURCE: &'static str = "Gu, Levine, Sutskever & Mnih 2016, arXiv:1511.05176";

    fn build<E: Real>(self) -> Box<dyn Estimator<E>> {
        Box::new(self)
    }
}

impl<E: Real> Estimator<E> for MuProp {
    fn estimate(
        &mut self,
        logits: Logits<E>,
        objective: &dyn Objective<E>,
        noise: &mut Noise,
    ) -> Result<Surrogate<E>> {
        let categorical = Categorical::new(logits)?;
        let (dims, p) = (categorical.dims, categorical.softmax(E::ONE));
        let picks = Rc::new(rows::categorical(&p, 1, noise));
        let (f, g) = value_and_gradient(objective, &p, dims)?;
        let evaluated = Evaluated::new(categorical, Rc::clone(&picks), objective)?;
        let mut along = Packed::zeros(dims.rows(), 1);
        slope_along_score(&p, &picks, &g, &mut along);
        let along = along.sum_rows(dims.latents);
        let mut advantages = Packed::zeros(dims.batch, 1);
        residual(&evaluated.f, &f, &along, &mut advantages);
        let mut vector = scores(&p, &picks, advantages, dims);
        add_mean_field(&p, &g, E::of(1.0 / dims.batch as f64), &mut vector);
        let losses = (*evaluated.f).clone();
        evaluated.inject(Weights::Mean, vector, losses)
    }

    fn properties(&self, _: Dims) -> Properties {
        let evaluations = Evaluations { hard: 1, ..Evaluations::interior(1) };
        Properties { unbiased: Unbiased::Always, ..Properties::new(Domain::Interior, evaluations) }
    }
}

rowwise! {
    /// ⟨g, D − p⟩
    fn slope_along_score(p, pick, g => along) {
        along[0] = V::zero();
        for k in 0..p.len() {
            along[0] += g[k] * (rows::one_hot(pick[0], k) - p[k]);
        }
    }
}

rowwise! {
    fn residual(f, at_mean, along => a) {
        a[0] = f[0] - at_mean[0] - along[0];
    }
}

rowwise! {
    fn add_mean_field(p, g; scale => v) {
        rows::add_jacobian_product(p, g, scale, v);
    }
}
