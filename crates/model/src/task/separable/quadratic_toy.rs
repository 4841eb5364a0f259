use super::{Separable, Start};
use crate::data::Folders;
use crate::task::TaskKind;
use crate::{Result, ranges};
use registry::Fault;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Bits whose values hardly differ: a target near a half leaves little to gain.
///
/// The loss of a row is (1/L) Σ_n (b_n − t)² of L bits b_n, or what is maximized. All rows of a batch share the
/// logits. With one bit it is the toy of Tucker et al. 2017, arXiv:1703.07370, and Grathwohl et al. 2018,
/// arXiv:1711.00123; with 200 bits, maximized, that of Titsias & Shi 2022, arXiv:2111.05300, and of De Smet,
/// Sansone & Zuidberg Dos Martires 2023, arXiv:2311.12569.
///
/// Metrics: `regret`, how far the expected loss or reward is from the best that is possible; `expected-loss`
/// or `reward`, exactly, as bits are independent; `training-loss`, the mean of the losses that the estimator
/// met since the evaluation before (of what is maximized, negative); `entropy` of the bits.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct QuadraticToy {
    /// L, bits: from 1 up.
    pub latents: usize,
    /// t: a number.
    pub target: f64,
    /// What is done with the mean: `minimize` or `maximize`.
    pub goal: Goal,
    /// Logits of a bit: 1, the log-odds of a 1; or 2, one for each of its values.
    pub logits_per_bit: usize,
    /// The standard deviation of the logits at the start: from 0 up.
    pub initial_scale: f64,
}

/// What is done with a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Goal {
    /// It is a loss.
    Minimize,
    /// It is a reward: the loss is its negative.
    Maximize,
}

impl Goal {
    /// What the function is multiplied by to become a loss.
    pub(super) fn sign(self) -> f64 {
        match self {
            Self::Minimize => 1.0,
            Self::Maximize => -1.0,
        }
    }
}

impl Default for QuadraticToy {
    fn default() -> Self {
        let (latents, goal) = (1, Goal::Minimize);
        Self { latents, target: 0.499, goal, logits_per_bit: 1, initial_scale: 0.0 }
    }
}

impl TaskKind for QuadraticToy {
    const NAME: &'static str = "quadratic-toy";
    const SUMMARY: &'static str = "bits and a target near a half";
    const VERSION: u32 = 1;
    type Task = Separable;

    fn check(&self) -> Result<(), Fault> {
        ranges::count("latents", self.latents, 1)?;
        super::check_finite("target", self.target)?;
        let count = self.logits_per_bit;
        Fault::require((1..=2).contains(&count), "logits-per-bit", count, "1 or 2")?;
        ranges::not_negative("initial-scale", self.initial_scale)
    }

    fn load(self, _: &Folders) -> Result<Separable> {
        let Self { latents, target, goal, logits_per_bit, initial_scale } = self;
        Ok(Separable {
            latents,
            values: [0.0, 1.0].into(),
            target,
            power: 2.0,
            goal,
            free: logits_per_bit,
            start: Start::Normal(initial_scale),
            by_regret: true,
        })
    }
}
