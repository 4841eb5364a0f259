use crate::mechanisms::logits::Opened;
use crate::mechanisms::without_replacement::{Order, Subsets, Weighting, too_many};
use crate::ranges::samples;
use crate::{
    Dims, Domain, Estimator, Evaluations, Family, Fault, Kind, Logits, Objective, Properties,
    Result, Surrogate, Unbiased,
};
use kernels::{Noise, Real};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A random set of outcomes summed exactly, and one sample for all the rest.
///
/// **Estimates** ∇ E f(D) without bias; with all outcomes, exactly.
///
/// **Formula** k joint outcomes drawn without replacement; the first k − 1 count p_x f_x s_x each, the last
/// stands for all that is left: (1 − Σ p) f s.
///
/// **Requires** losses at vertices.
///
/// **Costs** k losses.
///
/// **When to use** where the most probable outcomes are not known, as with many latents; else
/// `sum-and-sample`.
///
/// **Reference** Kool, van Hoof & Welling 2020, arXiv:2002.06043, §4.3; Liu, Regier, Tripuraneni, Jordan &
/// McAuliffe 2019, arXiv:1810.04777.
///
/// ```
/// use estimators::{Dims, Kind, Noise, SquaredPick, gradient, kinds::StochasticSumAndSample};
/// // 4096 equal rows are 4096 draws; the gradient's rows add up to their mean.
/// let rows = 4096;
/// let objective = SquaredPick::of(&[22.0, 30.0, 10.0].repeat(rows), &vec![25.0; rows]);
/// let logits = [0.1f64, 0.8, 0.1].map(f64::ln).repeat(rows);
/// let dims = Dims { batch: rows, latents: 1, categories: 3 };
/// let mut estimator = StochasticSumAndSample { samples: 2 }.build();
/// let noise = &mut Noise::named(&["example"]);
/// let gradient = gradient(&mut *estimator, &logits, dims, &objective, None, noise)?;
/// let mean = |k: usize| gradient.logits.iter().skip(k).step_by(3).sum::<f64>();
/// // Without bias: (−3.44, −14.72, 18.16).
/// assert!((mean(1) + 14.72).abs() < 8.0);
/// # Ok::<(), estimators::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct StochasticSumAndSample {
    /// k, different joint outcomes a row: from 1 up.
    pub samples: usize,
}

impl Default for StochasticSumAndSample {
    fn default() -> Self {
        Self { samples: 4 }
    }
}

impl Kind for StochasticSumAndSample {
    const NAME: &'static str = "stochastic-sum-and-sample";
    const FAMILY: Family = Family::ScoreFunction;
    const SUMMARY: &'static str = "sum-and-sample over a random set";
    const SOURCE: &'static str =
        "Kool, van Hoof & Welling 2020, arXiv:2002.06043; Liu et al. 2019, arXiv:1810.04777";
    const VERSION: u32 = 2;

    fn check(&self) -> Result<(), Fault> {
        samples("samples", self.samples, 1)
    }

    fn build<E: Real>(self) -> Box<dyn Estimator<E>> {
        Box::new(self)
    }
}

impl<E: Real> Estimator<E> for StochasticSumAndSample {
    fn surrogate(
        &mut self,
        logits: Logits<E>,
        objective: &dyn Objective<E>,
        noise: &mut Noise,
    ) -> Result<Surrogate<E>> {
        let opened = Opened::new(logits)?;
        let subsets = Subsets::without_replacement(&opened, self.samples, Order::Drawn, noise);
        subsets.surrogate(opened, Weighting::Sum, objective)
    }

    fn properties(&self, _: Dims) -> Properties {
        Properties {
            unbiased: Unbiased::Always,
            ..Properties::new(Domain::Vertices, Evaluations::vertices(self.samples as u64))
        }
    }

    fn refuses(&self, dims: Dims) -> Option<String> {
        too_many(self.samples, dims)
    }
}
