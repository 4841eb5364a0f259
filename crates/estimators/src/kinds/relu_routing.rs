use super::prelude::*;
use crate::mechanisms::score::row_means;
use crate::{Choice, Deployment};
use kernels::tape::{choose, inject};

/// The weight of the penalty before the first step.
const FIRST_WEIGHT: f64 = 1e-8;

/// Weights that are 0 for most categories, instead of a choice, so that nothing has to be estimated.
///
/// **Estimates** the gradient of another objective, exactly: outputs are Σ_k max(θ_k, 0) E_k, in training and when
/// deployed. No category is picked: each whose logit is above 0 is active, and a row may have several, or none.
/// It is an estimator here, and no property of a task, so that it is tuned and measured beside those that route
/// the same rows with the same experts; it says that it is deployed as it is trained, and a task that deploys the
/// most probable category for others deploys the active ones for it.
///
/// **Formula** weights m = max(θ, 0), and the gradient of the loss of these weights where θ > 0, plus that of
/// λ Σ_k f_k m_k, with the loads f_k = (K/t) · (share of rows where category k is active) as constants, so that a
/// busy category is pushed harder. After a step, λ ← λ α if more than t categories of a row were active, on the
/// mean; λ ← λ/α if fewer. That λ is 10⁻⁸ at first, and α 1.2, is our choice: we have not read what they are there.
///
/// **Requires** gradients at gated picks, of weights that are not bounded; one latent.
///
/// **Costs** one loss and its gradient for the weights of the active categories: of experts, those that are
/// active are evaluated, in training and when deployed. At first these are about half of all; later about t.
///
/// **When to use** for a mixture of experts that may use more experts for some rows than for others.
///
/// **Reference** Wang, Chen & Zhu 2024, arXiv:2412.14711: their sparsity 1 − t/K is the share of categories that
/// are not active.
///
/// ```
/// use estimators::{Dims, Kind, Noise, SquaredPick, kinds::ReluRouting, mean_gradient};
/// // L = (y − 0.7)², and E = 0.3, 1.1, −2.
/// let objective = SquaredPick::of(&[0.3, 1.1, -2.0], &[0.7]);
/// let dims = Dims { batch: 1, latents: 1, categories: 3 };
/// let noise = &mut Noise::named(&["example"]);
/// let mut estimator = ReluRouting::default().build();
/// let estimate = mean_gradient(&mut *estimator, &[1.0, 0.5, -0.2], dims, &objective, 1, noise)?;
/// // 2 (0.3 + 0.5 · 1.1 − 0.7) = 0.3 times E where a logit is above 0, and λ f = 3 · 10⁻⁸.
/// assert!(estimate.agrees_with(&[0.09 + 3e-8, 0.33 + 3e-8, 0.0]));
/// # Ok::<(), estimators::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct ReluRouting {
    /// t, how many categories of a row are to be active on the mean: above 0.
    pub target: f64,
    /// α, by which the weight of the penalty changes in a step: above 1.
    pub alpha: f64,
}

impl Default for ReluRouting {
    fn default() -> Self {
        Self { target: 1.0, alpha: 1.2 }
    }
}

impl Kind for ReluRouting {
    const NAME: &'static str = "relu-routing";
    const FAMILY: Family = Family::Routing;
    const SUMMARY: &'static str = "weights max(θ, 0), with a penalty that keeps few of them";
    const SOURCE: &'static str = "Wang, Chen & Zhu 2024, arXiv:2412.14711";

    fn check(&self) -> Result<(), Fault> {
        ranges::positive("target", self.target)?;
        let is_valid = self.alpha > 1.0 && self.alpha.is_finite();
        Fault::require(is_valid, "alpha", self.alpha, "a number above 1")
    }

    fn build<E: Real>(self) -> Box<dyn Estimator<E>> {
        Box::new(Rectifier { settings: self, weight: FIRST_WEIGHT, next: FIRST_WEIGHT })
    }
}

struct Rectifier {
    settings: ReluRouting,
    /// λ
    weight: f64,
    /// λ after the last estimate.
    next: f64,
}

impl Rectifier {
    /// λ after a step in which so many categories of a row were active, on the mean.
    fn after(&self, active: f64) -> f64 {
        let ReluRouting { target, alpha } = self.settings;
        let next = match active {
            active if active > target => self.weight * alpha,
            active if active < target => self.weight / alpha,
            _ => self.weight,
        };
        // Of a finite number of steps; a product that over- or underflows would never come back.
        if (next as f32).is_normal() { next } else { self.weight }
    }
}

/// In how many rows each category has a weight above 0.
fn counts<E: Real>(weights: &Packed<E>) -> Vec<f64> {
    let is_active = |row: usize, k: usize| weights.get(row, k) > E::ZERO;
    let rows = 0..weights.rows();
    let count = |k| rows.clone().filter(|&row| is_active(row, k)).count() as f64;
    (0..weights.columns()).map(count).collect()
}

impl<E: Real> Estimator<E> for Rectifier {
    fn estimate(
        &mut self,
        logits: Logits<E>,
        objective: &dyn Objective<E>,
        _: &mut Noise,
    ) -> Result<Surrogate<E>> {
        rowwise! {
            /// max(x, 0) of logits x, and 0 for masked categories.
            fn rectify(theta, x => m) {
                for k in 0..x.len() {
                    m[k] = rows::unless_masked(theta[k], x[k].max(V::zero()));
                }
            }
        }
        rowwise! {
            /// v += g where a category is active
            fn add_active(m, g => v) {
                for k in 0..m.len() {
                    v[k] += V::select(V::zero().less(m[k]), g[k], V::zero());
                }
            }
        }
        let categorical = Categorical::new(logits)?;
        // A bias of the pick has no part in weights.
        let logits = categorical.of_gates().clone();
        let Categorical { dims, mut tape, theta, .. } = categorical;
        let mut m = Packed::scratch(dims.rows(), dims.categories);
        rectify(&theta, &logits, &mut m);
        let counts = counts(&m);
        let m = Rc::new(m);
        let batch = dims.batch as f64;
        self.next = self.after(counts.iter().sum::<f64>() / batch);
        let share = dims.categories as f64 / self.settings.target / batch;
        let slope = |count: &f64| E::of(self.weight * share * count / batch);
        let slopes: Vec<E> = counts.iter().map(slope).collect();
        let slopes = Packed::pack(&slopes.repeat(dims.rows()), dims.categories);
        let mut penalty = Packed::zeros(dims.rows(), dims.categories);
        add_active(&m, &slopes, &mut penalty);
        let of_slopes = Rc::clone(&m);
        let weights = choose(&mut tape, &logits, (*m).clone(), move |g, v| {
            add_active(&of_slopes, g, v);
        });
        let (node, tape) = objective.loss(Choice::active(weights, dims, tape))?.into_node();
        let losses = row_means(&node);
        Ok(Surrogate { scalar: inject(tape, node, Weights::Mean, logits, penalty)?, losses })
    }

    fn properties(&self, _: Dims) -> Properties {
        Properties {
            unbiased: Unbiased::OtherObjective,
            stochastic: false,
            at_most: true,
            sums_to_zero: false,
            ignores_shifts: false,
            ..Properties::new(Domain::GatedGradients, Evaluations::gated_gradients(1))
        }
    }

    fn refuses(&self, dims: Dims) -> Option<String> {
        let why = "it weights the outputs of one choice of a row, and these rows have several";
        (dims.latents > 1).then(|| why.to_owned())
    }

    fn deployment(&self) -> Deployment {
        Deployment::Rectified
    }

    fn advance(&mut self) -> Result<()> {
        self.weight = self.next;
        Ok(())
    }
}
