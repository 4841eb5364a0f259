use super::prelude::*;
use crate::mechanisms::score::{divide, scores};

/// The accepted answer to this project's question, exactly as posted. A negative control.
///
/// **Estimates** nothing meaningful. It takes the argmax and minimizes −ln p(argmax) · f(argmax)
/// with nothing detached. It has three faults: the loss has the sign of a reward, so a choice with
/// a large loss becomes *more* probable; nothing is sampled, so nothing is explored; and the
/// objective's own gradient is weighted by −ln p.
///
/// **Formula** D = argmax θ; surrogate −ln p(D) · f(D); gradient −f(D) (D − p), and −ln p(D) ∇f for
/// the objective's parameters.
///
/// **Requires** losses at vertices.
///
/// **Costs** one loss.
///
/// **When to use** never: `reinforce` is what it was meant to be.
///
/// **Reference** the accepted answer on Stack Exchange, as posted.
///
/// ```
/// use estimators::{Dims, Kind, Noise, SquaredPick, gradient, kinds::PostedScoreFunction};
/// let objective = SquaredPick::of(&[22.0, 30.0, 10.0], &[25.0]);
/// let logits = [0.1f64, 0.8, 0.1].map(f64::ln);
/// let dims = Dims { batch: 1, latents: 1, categories: 3 };
/// let mut posted = PostedScoreFunction {}.build();
/// let noise = &mut Noise::named(&["example"]);
/// let gradient = gradient(&mut *posted, &logits, dims, &objective, None, noise)?;
/// // The value of the argmax is off by 5, yet a step against this gradient makes it more probable.
/// assert!((gradient.logits[1] + 25.0 * 0.2).abs() < 1e-12);
/// # Ok::<(), estimators::Error>(())
/// ```
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct PostedScoreFunction {}

impl Kind for PostedScoreFunction {
    const NAME: &'static str = "posted-score-function";
    const FAMILY: Family = Family::ScoreFunction;
    const SUMMARY: &'static str = "the accepted answer as posted: a negative control";
    const SOURCE: &'static str = "Stack Exchange, the accepted answer to the seed question";

    fn build<E: Real>(self) -> Box<dyn Estimator<E>> {
        Box::new(self)
    }
}

impl<E: Real> Estimator<E> for PostedScoreFunction {
    fn estimate(
        &mut self,
        logits: Logits<E>,
        objective: &dyn Objective<E>,
        _: &mut Noise,
    ) -> Result<Surrogate<E>> {
        let categorical = Categorical::new(logits)?;
        let dims = categorical.dims;
        let log_p = rows::log_softmax(&categorical.theta, E::ONE);
        let (p, picks) = (categorical.softmax(E::ONE), Rc::new(rows::argmax(&categorical.theta)));
        let evaluated = Evaluated::new(categorical, Rc::clone(&picks), objective)?;
        let mut weights = Packed::zeros(dims.rows(), 1);
        surprise(&log_p, &picks, &mut weights);
        let mut weights = weights.sum_rows(dims.latents);
        divide(E::of(dims.batch as f64), &mut weights);
        let mut advantages = Packed::zeros(dims.batch, 1);
        negate(&evaluated.f, &mut advantages);
        let (vector, losses) = (scores(&p, &picks, advantages, dims), (*evaluated.f).clone());
        evaluated.inject(Weights::Each(weights), vector, losses)
    }

    fn properties(&self, _: Dims) -> Properties {
        Properties {
            stochastic: false,
            ..Properties::new(Domain::Vertices, Evaluations::vertices(1))
        }
    }
}

rowwise! {
    /// −ln p(D)
    fn surprise(log_p, picks => surprise) {
        surprise[0] = V::zero();
        for k in 0..log_p.len() {
            let log_p = V::select(picks[0].equal(V::splat(E::of(k as f64))), log_p[k], V::zero());
            surprise[0] = surprise[0] - log_p;
        }
    }
}

rowwise! {
    fn negate(x => y) {
        for k in 0..x.len() {
            y[k] = -x[k];
        }
    }
}
