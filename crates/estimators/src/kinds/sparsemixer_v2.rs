use super::prelude::*;
use super::sparsemixer::{check_mask, masked};
use crate::mechanisms::gate::{random_factors, through_gate};

/// The part of the gradient of a gated output that is due to how often an expert is picked, from one expert.
///
/// **Estimates** Σ_i F_i(p_i) ∇p_i, where F_i(m) is the loss if category i is picked and its output is scaled by
/// a gate m: without bias for losses that are cubic in the output, if there are neither a mask nor an exception.
/// As published there are both; here the mask is off by default. The gradient of the expected loss
/// Σ_i p_i F_i(p_i) of gated outputs has another part, Σ_i p_i F_i′(p_i) ∇p_i, of the gates themselves, which is
/// missing: gates count as constants.
///
/// **Formula** Categories k with (max θ − θ_k)/max(|θ_k|, max θ) > 2ε are masked; D ~ Cat(p), with p the softmax
/// of the others. The gate is m = p_D with probability ¼, else p_D/3; at the most probable category it is always
/// p_D if `argmax-exception` is true. Gradient F_D′(m) ∇p_D: Heun's rule of third order,
/// F(p) − F(0) = p (¼ F′(p) + ¾ F′(p/3)).
///
/// **Requires** values and derivatives of gated picks: a network whose output is p_D E_D. The mask
/// compares logits with 0, so that a constant in all of them changes it.
///
/// **Costs** one loss and its derivative along the pick: one expert is evaluated.
///
/// **When to use** to compare with `sparsemixer`. Outputs that are scaled by p_D/3 most of the time train
/// experts for gates that are not deployed.
///
/// **Reference** Liu, Kim, Wang et al. 2024 (GRIN), arXiv:2409.12136; as in the authors' program
/// (microsoft/SparseMixer, `sparsemixer_v2.py`), for the first of its experts.
///
/// ```
/// use estimators::{Dims, Kind, Noise, SquaredPick, kinds::SparseMixerV2, mean_gradient};
/// // F_i(m) = (m v_i − 0.7)²
/// let objective = SquaredPick::of(&[0.3, 1.1], &[0.7]);
/// let dims = Dims { batch: 1, latents: 1, categories: 2 };
/// let noise = &mut Noise::named(&["example"]);
/// let mut estimator = SparseMixerV2 { argmax_exception: false, mask: None }.build();
/// let logits = [0.25f64, 0.75].map(f64::ln);
/// let estimate = mean_gradient(&mut *estimator, &logits, dims, &objective, 4000, noise)?;
/// // (F₁(p₁) − F₂(p₂)) p₁ p₂
/// assert!(estimate.agrees_with(&[0.0703125, -0.0703125]));
/// # Ok::<(), estimators::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct SparseMixerV2 {
    /// Whether the gate of the most probable category is never reduced.
    pub argmax_exception: bool,
    /// ε of the mask: from 0 up; 0.1 as published. None unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mask: Option<f64>,
}

impl Default for SparseMixerV2 {
    fn default() -> Self {
        Self { argmax_exception: true, mask: None }
    }
}

impl Kind for SparseMixerV2 {
    const NAME: &'static str = "sparsemixer-v2";
    const FAMILY: Family = Family::Routing;
    const SUMMARY: &'static str = "one expert, at its gate or at a third of it";
    const SOURCE: &'static str = "Liu, Kim, Wang et al. 2024, arXiv:2409.12136";

    fn check(&self) -> Result<(), Fault> {
        check_mask(self.mask)
    }

    fn build<E: Real>(self) -> Box<dyn Estimator<E>> {
        Box::new(self)
    }
}

impl<E: Real> Estimator<E> for SparseMixerV2 {
    fn estimate(
        &mut self,
        logits: Logits<E>,
        objective: &dyn Objective<E>,
        noise: &mut Noise,
    ) -> Result<Surrogate<E>> {
        let categorical = Categorical::new(logits)?;
        let theta = masked(&categorical, self.mask);
        let p = Rc::new(rows::softmax(&theta, E::ONE));
        let picks = Rc::new(rows::categorical(&p, 1, noise));
        let uniforms = noise.uniforms(p.rows(), 1);
        let heun = (E::of(0.25), E::of(1.0 / 3.0));
        let factors = random_factors(&theta, &picks, heun, self.argmax_exception, uniforms);
        let gates = categorical.gates_of(&p);
        through_gate(categorical, gates, picks, &factors, E::ONE, objective)
    }

    fn properties(&self, _: Dims) -> Properties {
        Properties {
            ignores_shifts: self.mask.is_none(),
            ..Properties::new(Domain::GatedPicks, Evaluations::gated_picks(1))
        }
    }
}
