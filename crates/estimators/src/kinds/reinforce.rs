use super::prelude::*;
use crate::mechanisms::enumeration::too_many_outcomes;
use crate::mechanisms::score::{losses_at, subtract_column};
use baseline::{BaselineRule, BaselineValues};
use learned::Learned;
use oracle::Oracle;
use running::{RunningDeviation, RunningMean};

mod baseline;
mod learned;
mod oracle;
mod running;

/// The score function: the loss of a sample times its score.
///
/// **Estimates** ∇ E f(D) without bias for every baseline, because none depends on the sample. With
/// `normalise` it keeps the direction but not the scale.
///
/// **Formula** (f(D) − b) s. The baseline b is `none`, 0; `ema`, a running mean of losses that
/// starts at 0 and that each step's loss enters after the step; `learned` (NVIL), a small network
/// that predicts a row's loss from the objective's context, or from the row's logits if there is no
/// context; `greedy`, the loss of the row's most probable categories; or one of three oracles that
/// evaluate every outcome: `mean`, E f; `optimal`, E(f ‖s‖²)/E ‖s‖²; `optimal-per-component`,
/// E(f s_k²)/E s_k² for each component. With `normalise`, f − b is divided by max(1, σ): σ² is the
/// running variance v ← ρ v + (1 − ρ) (V + ρ (M − m)²) of f − b, where M and V are the mean and the
/// variance of a batch, and m ← ρ m + (1 − ρ) M is their running mean, which starts at the first
/// batch's. Rows whose loss is not finite do not enter what is learned.
///
/// **Requires** losses at vertices; for the oracles, at most 65,536 joint outcomes.
///
/// **Costs** one loss; two with `greedy`; 1 + Kᴸ with an oracle.
///
/// **When to use** if only one loss per row is affordable and the loss has no gradient. With two or
/// more, `reinforce-loo` is better. Published comparisons in which the score function loses have
/// often used `none`; `greedy` can be worse than `none`. The oracles show how much a baseline can
/// achieve.
///
/// **Reference** Williams 1992, Machine Learning 8; `learned` and `normalise`: Mnih & Gregor 2014,
/// arXiv:1402.0030, where V alone enters, which is 0 for a batch of one row; `greedy`: Rennie et al.
/// 2017, arXiv:1612.00563; `optimal`: Weaver & Tao 2001.
///
/// ```
/// use estimators::{Dims, Kind, Noise, SquaredPick, kinds::{Baseline, Reinforce}, mean_gradient};
/// let objective = SquaredPick::of(&[22.0, 30.0, 10.0], &[25.0]);
/// let logits = [0.1f64, 0.8, 0.1].map(f64::ln);
/// let dims = Dims { batch: 1, latents: 1, categories: 3 };
/// let noise = &mut Noise::named(&["example"]);
/// let mut estimator = Reinforce { baseline: Baseline::Greedy, ..Default::default() }.build();
/// let estimate = mean_gradient(&mut *estimator, &logits, dims, &objective, 1000, noise)?;
/// // Unbiased: the mean is the gradient of the expected loss.
/// assert!(estimate.agrees_with(&[-3.44, -14.72, 18.16]));
/// # Ok::<(), estimators::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Reinforce {
    /// The baseline, which is subtracted from the loss.
    pub baseline: Baseline,
    /// ρ of the running mean b ← ρ b + (1 − ρ) f: from 0 up, below 1.
    pub decay: f64,
    /// Step size of the learned baseline's optimizer, Adam: above 0.
    pub learning_rate: f64,
    /// Width of the learned baseline's hidden layer: from 1 up.
    pub hidden: usize,
    /// Whether to divide f − b by max(1, its running standard deviation, which decays with ρ). Not with
    /// `optimal-per-component`.
    pub normalise: bool,
}

/// The baseline of [`Reinforce`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Baseline {
    /// No baseline.
    None,
    /// A running mean of losses.
    Ema,
    /// A small network's prediction of the row's loss.
    Learned,
    /// The loss of the row's most probable categories.
    Greedy,
    /// The expected loss of the row.
    Mean,
    /// The constant that minimizes the total variance.
    Optimal,
    /// For each component of the score, the constant that minimizes its variance.
    OptimalPerComponent,
}

impl Default for Reinforce {
    fn default() -> Self {
        Self {
            baseline: Baseline::Ema,
            decay: 0.95,
            learning_rate: 0.01,
            hidden: 32,
            normalise: false,
        }
    }
}

impl Kind for Reinforce {
    const NAME: &'static str = "reinforce";
    const FAMILY: Family = Family::ScoreFunction;
    const SUMMARY: &'static str = "score function of one sample, with a baseline";
    const SOURCE: &'static str = "Williams 1992; Mnih & Gregor 2014, arXiv:1402.0030";
    const VERSION: u32 = 3;

    fn check(&self) -> Result<(), Fault> {
        let Self { decay, learning_rate: rate, hidden, .. } = *self;
        Fault::require((0.0..1.0).contains(&decay), "decay", decay, "a number from 0 up, below 1")?;
        ranges::positive("learning-rate", rate)?;
        ranges::hidden(hidden)?;
        // There is no f − b of a row to divide.
        let is_allowed = !(self.normalise && self.baseline == Baseline::OptimalPerComponent);
        Fault::require(is_allowed, "normalise", true, "false with optimal-per-component")
    }

    fn build<E: Real>(self) -> Box<dyn Estimator<E>> {
        fn of<E: Real>(
            settings: &Reinforce,
            baseline: impl BaselineRule<E> + 'static,
        ) -> Box<dyn Estimator<E>> {
            let scale = settings.normalise.then(|| RunningDeviation::new(settings.decay));
            Box::new(ScoreFunction { baseline, scale })
        }
        match self.baseline {
            Baseline::None => of(&self, NoBaseline),
            Baseline::Ema => of(&self, RunningMean::new(self.decay)),
            Baseline::Learned => of(&self, Learned::<E>::new(self.hidden, self.learning_rate)),
            Baseline::Greedy => of(&self, Greedy),
            Baseline::Mean => of(&self, Oracle::Mean),
            Baseline::Optimal => of(&self, Oracle::Optimal),
            Baseline::OptimalPerComponent => of(&self, Oracle::PerComponent),
        }
    }
}

/// (f(D) − b) s with one sample per row.
struct ScoreFunction<B> {
    baseline: B,
    scale: Option<RunningDeviation>,
}

impl<E: Real, B: BaselineRule<E>> Estimator<E> for ScoreFunction<B> {
    fn estimate(
        &mut self,
        logits: Logits<E>,
        objective: &dyn Objective<E>,
        noise: &mut Noise,
    ) -> Result<Surrogate<E>> {
        let categorical = Categorical::new(logits)?;
        let p = categorical.softmax(E::ONE);
        let picks = Rc::new(rows::categorical(&p, 1, noise));
        let baseline = self.baseline.values(&categorical, objective, noise)?;
        let evaluated = Evaluated::new(categorical, Rc::clone(&picks), objective)?;
        self.baseline.observe(&evaluated.f);
        match baseline {
            BaselineValues::Rows { reference, b: mut advantages } => {
                match reference {
                    None => less_baseline(&evaluated.f, &mut advantages),
                    Some(reference) => {
                        let mut f = (*evaluated.f).clone();
                        subtract_column(&reference, &mut f);
                        less_baseline(&f, &mut advantages);
                    }
                }
                if let Some(scale) = &mut self.scale {
                    scale.apply(&mut advantages);
                }
                evaluated.score(&p, &picks, advantages)
            }
            BaselineValues::Components { reference, b } => {
                let (dims, losses) = (evaluated.dims, (*evaluated.f).clone());
                let mut f = losses.clone();
                subtract_column(&reference, &mut f);
                let f = f.repeat_rows(dims.latents);
                let mut vector = Packed::zeros(dims.rows(), dims.categories);
                let scale = E::of(1.0 / dims.batch as f64);
                by_component(&p, &picks, &f, &b, scale, &mut vector);
                evaluated.inject(Weights::Mean, vector, losses)
            }
        }
    }

    fn properties(&self, dims: Dims) -> Properties {
        let losses = self.baseline.evaluations(dims).saturating_add(1);
        Properties {
            unbiased: if self.scale.is_none() { Unbiased::Always } else { Unbiased::Never },
            sums_to_zero: !self.baseline.is_per_component(),
            ..Properties::new(Domain::Vertices, Evaluations::vertices(losses))
        }
    }

    fn refuses(&self, dims: Dims) -> Option<String> {
        if self.baseline.evaluations(dims) > 1 { too_many_outcomes(dims) } else { None }
    }

    fn advance(&mut self) -> Result<()> {
        if let Some(scale) = &mut self.scale {
            scale.advance();
        }
        self.baseline.advance()
    }
}

rowwise! {
    /// a ← f − a, where a is the baseline at first.
    fn less_baseline(f => a) {
        a[0] = f[0] - a[0];
    }
}

rowwise! {
    /// (f − b_k)(D_k − p_k)
    fn by_component(p, pick, f, b; scale => v) {
        for k in 0..p.len() {
            v[k] = (f[0] - b[k]) * (rows::one_hot(pick[0], k) - p[k]) * scale;
        }
    }
}

struct NoBaseline;

impl<E: Real> BaselineRule<E> for NoBaseline {
    fn values(
        &mut self,
        categorical: &Categorical<E>,
        _: &dyn Objective<E>,
        _: &Noise,
    ) -> Result<BaselineValues<E>> {
        Ok(BaselineValues::rows(Packed::zeros(categorical.dims.batch, 1)))
    }
}

struct Greedy;

impl<E: Real> BaselineRule<E> for Greedy {
    fn values(
        &mut self,
        categorical: &Categorical<E>,
        objective: &dyn Objective<E>,
        _: &Noise,
    ) -> Result<BaselineValues<E>> {
        Ok(BaselineValues::rows(losses_at(
            objective,
            rows::argmax(&categorical.theta),
            categorical.dims,
        )?))
    }

    fn evaluations(&self, _: Dims) -> u64 {
        1
    }
}
