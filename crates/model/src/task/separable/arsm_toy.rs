use super::{Goal, Separable, Start};
use crate::data::Folders;
use crate::task::TaskKind;
use crate::{Result, ranges};
use registry::Fault;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One choice among many categories whose rewards hardly differ.
///
/// Category z, from 0 to K − 1, has the reward 1/2 + (z + 1)/(K R), which is maximized. The K logits start at 0
/// and are all that is learned. The univariate toy of Yin, Yue & Zhou 2019, arXiv:1905.01413, with K = R = 30.
///
/// Metrics: `regret`, how far the expected reward is from the best one; `reward`, the expected one, exactly;
/// `training-loss`, the mean of the losses (negative rewards) that the estimator met since the evaluation
/// before; `entropy`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct ArsmToy {
    /// K: from 2 up.
    pub categories: usize,
    /// R, which divides the differences of rewards: a number above 0.
    pub divisor: f64,
}

impl Default for ArsmToy {
    fn default() -> Self {
        Self { categories: 30, divisor: 30.0 }
    }
}

impl TaskKind for ArsmToy {
    const NAME: &'static str = "arsm-toy";
    const SUMMARY: &'static str = "one choice among rewards that hardly differ";
    const VERSION: u32 = 1;
    type Task = Separable;

    fn check(&self) -> Result<(), Fault> {
        ranges::count("categories", self.categories, 2)?;
        ranges::positive("divisor", self.divisor)
    }

    fn load(self, _: &Folders) -> Result<Separable> {
        let Self { categories, divisor } = self;
        let share = |z: usize| (z + 1) as f64 / (categories as f64 * divisor);
        Ok(Separable {
            latents: 1,
            values: (0..categories).map(share).collect(),
            target: -0.5,
            power: 1.0,
            goal: Goal::Maximize,
            free: categories,
            start: Start::Uniform(0.0),
            by_regret: true,
        })
    }
}
