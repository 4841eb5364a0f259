//! A gradient estimator in a crate of its own, written with dfdx operations.

use dfdx::prelude::*;
use estimators::mechanisms::Categorical;
use estimators::{
    Choice, Dims, Domain, Estimator, Evaluations, Family, Fault, Kind, Logits, Noise, Objective,
    Properties, Real, Result, Surrogate, Unbiased, ranges,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The argmax forward, the Jacobian of a tempered softmax backward.
///
/// **Formula** z = onehot(argmax θ); gradient J(p_τ) ∇f(z) / τ with p_τ = softmax(θ/τ).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct HardArgmax {
    /// τ: above 0.
    pub temperature: f64,
}

impl Default for HardArgmax {
    fn default() -> Self {
        Self { temperature: 1.0 }
    }
}

impl Kind for HardArgmax {
    const NAME: &'static str = "hard-argmax";
    const FAMILY: Family = Family::StraightThrough;
    const SUMMARY: &'static str = "argmax forward, tempered softmax backward";
    const SOURCE: &'static str = "Bengio, Léonard & Courville 2013, arXiv:1308.3432";

    fn check(&self) -> Result<(), Fault> {
        ranges::temperature("temperature", self.temperature)
    }

    fn build<E: Real>(self) -> Box<dyn Estimator<E>> {
        Box::new(self)
    }
}

impl<E: Real> Estimator<E> for HardArgmax {
    fn estimate(
        &mut self,
        logits: Logits<E>,
        objective: &dyn Objective<E>,
        _: &mut Noise,
    ) -> Result<Surrogate<E>> {
        let dims = logits.dims();
        // [B, L, K], with −∞ for masked categories. Invalid logits are errors.
        let theta = Categorical::new(logits)?.into_tensor()?;
        let p = theta.try_div(E::of(self.temperature))?.try_softmax::<Axis<2>>()?;
        // One sample of each row.
        let points = p.try_reshape_like(&(1, dims.batch, dims.latents, dims.categories))?;
        Surrogate::of(objective.loss(Choice::of_vertices(points, dims)?)?)
    }

    fn properties(&self, _: Dims) -> Properties {
        Properties {
            unbiased: Unbiased::Never,
            stochastic: false,
            ..Properties::new(Domain::VertexGradients, Evaluations::differentiated(1))
        }
    }
}
