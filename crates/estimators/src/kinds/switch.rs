use super::prelude::*;
use crate::mechanisms::gate::through_gate;

/// The gradient that passes through the gate of the picked expert, and no other.
///
/// **Estimates** half of the gradient of the expected loss Σ_i p_i F_i(p_i) of gated outputs, where F_i(m) is
/// the loss if category i is picked and its output is scaled by a gate m: that its probability is its gate is
/// differentiated, and that its probability decides how often it is picked is not. Of quadratic losses, the
/// missing part is about as large.
///
/// **Formula** D = argmax θ, or D ~ Cat(p) if `sample` is true; gradient F_D′(p_D) ∇p_D, with
/// ∇p_D = p_D (e_D − p).
///
/// **Requires** values and derivatives of gated picks: a network whose output is p_D E_D.
///
/// **Costs** one loss and its derivative along the pick: one expert is evaluated.
///
/// **When to use** as the baseline of a mixture of experts: it is how they are trained.
///
/// **Reference** Fedus, Zoph & Shazeer 2022, arXiv:2101.03961, eq. 1–2; the random factors of logits or inputs
/// (jitter) are not taken.
///
/// ```
/// use estimators::{Dims, Kind, Noise, SquaredPick, kinds::Switch, mean_gradient};
/// // F_i(m) = (m v_i − 0.7)²
/// let objective = SquaredPick::of(&[0.3, 1.1], &[0.7]);
/// let dims = Dims { batch: 1, latents: 1, categories: 2 };
/// let (mut estimator, noise) = (Switch { sample: false }.build(), &mut Noise::named(&["example"]));
/// let logits = [0.25f64, 0.75].map(f64::ln);
/// let estimate = mean_gradient(&mut *estimator, &logits, dims, &objective, 1, noise)?;
/// // 2 · 1.1 (0.75 · 1.1 − 0.7) · 0.75 · 0.25 for the second, which is picked.
/// assert!(estimate.agrees_with(&[-0.0515625, 0.0515625]));
/// # Ok::<(), estimators::Error>(())
/// ```
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Switch {
    /// Whether to sample the category (true) or take the most probable one (false).
    pub sample: bool,
}

impl Kind for Switch {
    const NAME: &'static str = "switch";
    const FAMILY: Family = Family::Routing;
    const SUMMARY: &'static str = "only the gate of the picked expert";
    const SOURCE: &'static str = "Fedus, Zoph & Shazeer 2022, arXiv:2101.03961";

    fn build<E: Real>(self) -> Box<dyn Estimator<E>> {
        Box::new(self)
    }
}

impl<E: Real> Estimator<E> for Switch {
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
        let factors = Packed::filled(p.rows(), 1, E::ONE);
        let gates = categorical.gates_of(&p);
        through_gate(categorical, gates, Rc::new(picks), &factors, E::ONE, objective)
    }

    fn properties(&self, _: Dims) -> Properties {
        Properties {
            stochastic: self.sample,
            ..Properties::new(Domain::GatedPicks, Evaluations::gated_picks(1))
        }
    }
}
