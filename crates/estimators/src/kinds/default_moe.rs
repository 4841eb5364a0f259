use super::prelude::*;
use crate::mechanisms::gate::gate_weights;
use crate::mechanisms::score::row_means;
use crate::{Choice, StandIns};
use kernels::tape::weigh;

/// `dense-mixer` with averages of past outputs for the experts that are not picked, so that one is evaluated.
///
/// **Estimates** what `dense-mixer` does, as far as an expert's outputs are like their average. It is biased.
///
/// **Formula** D = argmax θ; output y = p_D E_D; gradient Σ_i ⟨∂L/∂y, Ê_i⟩ ∇p_i with Ê_D = E_D, the output itself,
/// and running means Ê_i of other experts: Ê_i ← ρ Ê_i + (1 − ρ) m_i after a step, where m_i is the mean output of
/// the rows that picked i. It stays as it is if none did, starts at the first m_i, and is 0 before. Experts learn
/// from y alone.
///
/// **Requires** gradients at gated picks, and experts whose outputs the objective reports (`Choice::filling`), as
/// `SquaredPick` and the task `mixture-of-experts` do. For other objectives every output is its own, and it is
/// `dense-mixer`.
///
/// **Costs** one loss and its gradient for the output: one expert is evaluated, and K products with averages.
///
/// **When to use** for a mixture of many experts, whose router should hear of each of them.
///
/// **Reference** Panda, Baherwani, Sarwar et al. 2025, arXiv:2504.12463. What the decay is there we have not
/// read, nor where its averages start; 0.9 is our choice.
///
/// ```
/// use estimators::{Dims, Kind, Noise, SquaredPick, kinds::DefaultMoe, mean_gradient};
/// // L = (y − 0.7)², and E = 0.3, 1.1. The second is picked, of the first nothing is known yet.
/// let objective = SquaredPick::of(&[0.3, 1.1], &[0.7]);
/// let dims = Dims { batch: 1, latents: 1, categories: 2 };
/// let noise = &mut Noise::named(&["example"]);
/// let mut estimator = DefaultMoe::default().build();
/// let logits = [0.25f64, 0.75].map(f64::ln);
/// let estimate = mean_gradient(&mut *estimator, &logits, dims, &objective, 1, noise)?;
/// // 2 (0.75 · 1.1 − 0.7) (1.1 − 0) · 0.75 · 0.25 for the second
/// assert!(estimate.agrees_with(&[-0.0515625, 0.0515625]));
/// # Ok::<(), estimators::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct DefaultMoe {
    /// ρ, the decay of the running means: from 0 up, below 1.
    pub decay: f64,
}

impl Default for DefaultMoe {
    fn default() -> Self {
        Self { decay: 0.9 }
    }
}

impl Kind for DefaultMoe {
    const NAME: &'static str = "default-moe";
    const FAMILY: Family = Family::Routing;
    const SUMMARY: &'static str = "the picked expert forward, averages of the others backward";
    const SOURCE: &'static str = "Panda, Baherwani, Sarwar et al. 2025, arXiv:2504.12463";

    fn check(&self) -> Result<(), Fault> {
        let is_valid = (0.0..1.0).contains(&self.decay);
        Fault::require(is_valid, "decay", self.decay, "a number from 0 up and below 1")
    }

    fn build<E: Real>(self) -> Box<dyn Estimator<E>> {
        Box::new(Averaging { decay: self.decay, means: vec![], last: None })
    }
}

struct Averaging<E> {
    decay: f64,
    /// Ê of each expert that was picked in a step.
    means: Vec<Option<Vec<E>>>,
    /// What the last estimate has seen.
    last: Option<Rc<StandIns<E>>>,
}

impl<E: Real> Averaging<E> {
    /// ρ Ê + (1 − ρ) m
    fn moved(&self, mean: &[E], seen: &[E]) -> Vec<E> {
        let (rho, rest) = (E::of(self.decay), E::of(1.0 - self.decay));
        mean.iter().zip(seen).map(|(&mean, &seen)| rho * mean + rest * seen).collect()
    }
}

impl<E: Real> Estimator<E> for Averaging<E> {
    fn estimate(
        &mut self,
        logits: Logits<E>,
        objective: &dyn Objective<E>,
        _: &mut Noise,
    ) -> Result<Surrogate<E>> {
        let categorical = Categorical::new(logits)?;
        let p = Rc::new(categorical.softmax(E::ONE));
        let picks = rows::argmax(&categorical.theta);
        let (weights, dims, tape) = gate_weights(categorical, &p, &picks);
        let stand_ins = Rc::new(StandIns::new(self.means.clone()));
        self.last = Some(Rc::clone(&stand_ins));
        let choice = Choice::filled(Rc::new(picks), weights, stand_ins, dims, tape);
        let (node, tape) = objective.loss(choice)?.into_node();
        let losses = row_means(&node);
        Ok(Surrogate { scalar: weigh(tape, node, Weights::Mean)?, losses })
    }

    fn properties(&self, _: Dims) -> Properties {
        Properties {
            stochastic: false,
            ..Properties::new(Domain::GatedGradients, Evaluations::gated_filled(1))
        }
    }

    fn advance(&mut self) -> Result<()> {
        let Some(last) = self.last.take() else { return Ok(()) };
        let seen = last.seen();
        self.means.resize(seen.len().max(self.means.len()), None);
        for (k, seen) in seen.into_iter().enumerate() {
            if let Some(seen) = seen {
                let moved = self.means[k].as_ref().map(|mean| self.moved(mean, &seen));
                self.means[k] = Some(moved.unwrap_or(seen));
            }
        }
        Ok(())
    }
}
