use super::prelude::*;
use crate::mechanisms::gate::{mask_by_ratio, random_factors, through_gate};

/// The gradient of a gated output from one expert, at the gate or at half of it.
///
/// **Estimates** the gradient of the expected loss Σ_i p_i F_i(p_i) of gated outputs, where F_i(m) is the loss
/// if category i is picked and its output is scaled by a gate m: without bias for losses that are quadratic in
/// the output, if there are neither a mask nor an exception. As published there are both; here the mask is off
/// by default.
///
/// **Formula** Categories k with (max θ − θ_k)/max(|θ_k|, max θ) > 2ε are masked; D ~ Cat(p), with p the softmax
/// of the others. The gate is m = p_D or, with probability ½, p_D/2; at the most probable category it is always
/// p_D if `argmax-exception` is true. Gradient 2 F_D′(m) ∇p_D. The two gates are the two parts of the gradient:
/// F′(p) of the gate itself, and F′(p/2) p = F(p) − F(0), the midpoint rule, of how often the category is
/// picked.
///
/// **Requires** values and derivatives of gated picks: a network whose output is p_D E_D. The mask
/// compares logits with 0, so that a constant in all of them changes it.
///
/// **Costs** one loss and its derivative along the pick: one expert is evaluated.
///
/// **When to use** instead of `switch` for a mixture of experts of which only one can be evaluated. Without the
/// mask it explores as any sampling does.
///
/// **Reference** Liu, Dong, Liu, Yu & Gao 2023, arXiv:2310.00811; mask, exception and ε as in the authors'
/// program (microsoft/SparseMixer, `sparsemixer.py`). Its learned scale ω of the outputs belongs to the network.
///
/// ```
/// use estimators::{Dims, Kind, Noise, SquaredPick, kinds::SparseMixer, mean_gradient};
/// // F_i(m) = (m v_i − 0.7)²
/// let objective = SquaredPick::of(&[0.3, 1.1], &[0.7]);
/// let dims = Dims { batch: 1, latents: 1, categories: 2 };
/// let noise = &mut Noise::named(&["example"]);
/// let mut estimator = SparseMixer { argmax_exception: false, mask: None }.build();
/// let logits = [0.25f64, 0.75].map(f64::ln);
/// let estimate = mean_gradient(&mut *estimator, &logits, dims, &objective, 4000, noise)?;
/// // (F₁(p₁) + p₁ F₁′(p₁) − F₂(p₂) − p₂ F₂′(p₂)) p₁ p₂
/// assert!(estimate.agrees_with(&[0.0140625, -0.0140625]));
/// # Ok::<(), estimators::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct SparseMixer {
    /// Whether the gate of the most probable category is never halved.
    pub argmax_exception: bool,
    /// ε of the mask: from 0 up; 0.1 as published. None unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mask: Option<f64>,
}

impl Default for SparseMixer {
    fn default() -> Self {
        Self { argmax_exception: true, mask: None }
    }
}

impl Kind for SparseMixer {
    const NAME: &'static str = "sparsemixer";
    const FAMILY: Family = Family::Routing;
    const SUMMARY: &'static str = "one expert, at its gate or at half of it";
    const SOURCE: &'static str = "Liu, Dong, Liu, Yu & Gao 2023, arXiv:2310.00811";

    fn check(&self) -> Result<(), Fault> {
        check_mask(self.mask)
    }

    fn build<E: Real>(self) -> Box<dyn Estimator<E>> {
        Box::new(self)
    }
}

/// Rejects an ε of a mask that is negative or not a number.
pub(super) fn check_mask(epsilon: Option<f64>) -> Result<(), Fault> {
    let Some(epsilon) = epsilon else { return Ok(()) };
    let is_valid = epsilon >= 0.0 && epsilon.is_finite();
    Fault::require(is_valid, "mask", epsilon, "a number from 0 up")
}

/// θ, with −∞ for what is masked.
pub(super) fn masked<E: Real>(categorical: &Categorical<E>, epsilon: Option<f64>) -> Rc<Packed<E>> {
    let theta = &categorical.theta;
    match epsilon {
        None => Rc::clone(theta),
        Some(epsilon) => Rc::new(mask_by_ratio(theta, &categorical.logits, E::of(epsilon))),
    }
}

impl<E: Real> Estimator<E> for SparseMixer {
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
        let (half, two) = (E::of(0.5), E::of(2.0));
        let factors = random_factors(&theta, &picks, (half, half), self.argmax_exception, uniforms);
        let gates = categorical.gates_of(&p);
        through_gate(categorical, gates, picks, &factors, two, objective)
    }

    fn properties(&self, dims: Dims) -> Properties {
        let is_midpoint = !self.argmax_exception && self.mask.is_none();
        Properties {
            unbiased: match is_midpoint && dims.latents == 1 {
                true => Unbiased::Quadratic,
                false => Unbiased::Never,
            },
            ignores_shifts: self.mask.is_none(),
            ..Properties::new(Domain::GatedPicks, Evaluations::gated_picks(1))
        }
    }
}
