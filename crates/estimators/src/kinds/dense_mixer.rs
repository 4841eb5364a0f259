use super::prelude::*;
use crate::Choice;
use crate::mechanisms::gate::gate_weights;
use crate::mechanisms::score::row_means;
use kernels::tape::weigh;

/// Straight-through on a gated output: the picked expert forward, all experts backward.
///
/// **Estimates** the gradient as if outputs were the mixture Σ_i p_i E_i, with the slope of the loss at the
/// output p_D E_D of the pick. It is biased also for linear losses.
///
/// **Formula** D = argmax θ, or D ~ Cat(p) if `sample` is true; output y = p_D E_D; gradient
/// Σ_i ⟨∂L/∂y, E_i⟩ ∇p_i. Experts learn from y alone: those that are not picked do not.
///
/// **Requires** gradients at gated picks: a network whose output is p_D E_D, and all experts.
///
/// **Costs** one loss and its gradient for the weights of all categories: every expert is evaluated in training,
/// and one when deployed.
///
/// **When to use** for a mixture of few or cheap experts, whose router should hear of each of them.
///
/// **Reference** Yao, Cui, Zhang et al. 2025 (DenseMixer), as in their program (yaof20/DenseMixer,
/// `olmoe_custom.py`), for the first expert.
///
/// ```
/// use estimators::{Dims, Kind, Noise, SquaredPick, kinds::DenseMixer, mean_gradient};
/// // L = (y − 0.7)², and E = 0.3, 1.1.
/// let objective = SquaredPick::of(&[0.3, 1.1], &[0.7]);
/// let dims = Dims { batch: 1, latents: 1, categories: 2 };
/// let noise = &mut Noise::named(&["example"]);
/// let mut estimator = DenseMixer { sample: false }.build();
/// let logits = [0.25f64, 0.75].map(f64::ln);
/// let estimate = mean_gradient(&mut *estimator, &logits, dims, &objective, 1, noise)?;
/// // 2 (0.75 · 1.1 − 0.7) (1.1 − 0.3) · 0.75 · 0.25 for the second
/// assert!(estimate.agrees_with(&[-0.0375, 0.0375]));
/// # Ok::<(), estimators::Error>(())
/// ```
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct DenseMixer {
    /// Whether to sample the category (true) or take the most probable one (false).
    pub sample: bool,
}

impl Kind for DenseMixer {
    const NAME: &'static str = "dense-mixer";
    const FAMILY: Family = Family::Routing;
    const SUMMARY: &'static str = "the picked expert forward, all experts backward";
    const SOURCE: &'static str = "Yao, Cui, Zhang et al. 2025, yaof20/DenseMixer";

    fn build<E: Real>(self) -> Box<dyn Estimator<E>> {
        Box::new(self)
    }
}

impl<E: Real> Estimator<E> for DenseMixer {
    fn estimate(
        &mut self,
        logits: Logits<E>,
        objective: &dyn Objective<E>,
        noise: &mut Noise,
    ) -> Result<Surrogate<E>> {
        let categorical = Categorical::new(logits)?;
        let p = Rc::new(categorical.softmax(E::ONE));
        let picks = match self.sample {
            true => rows::categorical(&p, 1, noise),
            false => rows::argmax(&categorical.theta),
        };
        let (weights, dims, tape) = gate_weights(categorical, &p, &picks);
        let (node, tape) = objective.loss(Choice::weighted(weights, dims, tape))?.into_node();
        let losses = row_means(&node);
        Ok(Surrogate { scalar: weigh(tape, node, Weights::Mean)?, losses })
    }

    fn properties(&self, _: Dims) -> Properties {
        Properties {
            stochastic: self.sample,
            ..Properties::new(Domain::GatedGradients, Evaluations::gated_gradients(1))
        }
    }
}
