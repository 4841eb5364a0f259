use super::{Goal, Separable, Start};
use crate::data::Folders;
use crate::task::TaskKind;
use crate::{Result, ranges};
use registry::Fault;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Polynomial programming: independent latents, each of which has to choose the value nearest to a target.
///
/// The loss of a row is (1/L) Σ_n |v_n − c|ᵖ, where v_n is the value of the category that latent n has
/// chosen. All rows of a batch share the logits, [L, K], which are all that is learned, and start uniformly.
/// The problem of Liu et al. 2023, arXiv:2304.08612, with two categories of the values 0 and 1, and of Hooper
/// & Shekhovtsov 2026, "Generalized and Optimal Straight-Through Estimators" (AISTATS), with four.
///
/// Metrics: `expected-loss`, exactly, as latents are independent; `regret`, its distance from the least that
/// is possible; `training-loss`, the mean of the losses that the estimator met since the evaluation before,
/// which is what is published as the loss of an epoch; `entropy` of the latents.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Polynomial {
    /// L, latents of a row: from 1 up.
    pub latents: usize,
    /// K, categories of a latent: from 2 up.
    pub categories: usize,
    /// p: from 1 to 100.
    pub power: f64,
    /// c: a number.
    pub target: f64,
    /// v, one for each category; k/(K − 1) for k = 0, 1, … unless given.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<f64>,
    /// The greatest size of a logit at the start: from 0 up.
    pub initial_scale: f64,
}

impl Default for Polynomial {
    fn default() -> Self {
        let (latents, categories, values) = (128, 2, vec![]);
        Self { latents, categories, power: 2.0, target: 0.45, values, initial_scale: 0.01 }
    }
}

impl TaskKind for Polynomial {
    const NAME: &'static str = "polynomial";
    const SUMMARY: &'static str = "latents that choose the value nearest to a target";
    const VERSION: u32 = 1;
    type Task = Separable;

    fn check(&self) -> Result<(), Fault> {
        ranges::count("latents", self.latents, 1)?;
        ranges::count("categories", self.categories, 2)?;
        Fault::require((1.0..=100.0).contains(&self.power), "power", self.power, "from 1 to 100")?;
        super::check_finite("target", self.target)?;
        let (given, categories) = (self.values.len(), self.categories);
        let expected = format!("{categories} numbers, one for each category, or none");
        let found = format!("{given} numbers");
        Fault::require(given == 0 || given == categories, "values", found, expected)?;
        self.values.iter().try_for_each(|&value| super::check_finite("values", value))?;
        ranges::not_negative("initial-scale", self.initial_scale)
    }

    fn load(self, _: &Folders) -> Result<Separable> {
        let Self { latents, categories, power, target, values, initial_scale } = self;
        let number = |k: usize| k as f64 / (categories - 1) as f64;
        let values = if values.is_empty() { (0..categories).map(number).collect() } else { values };
        Ok(Separable {
            latents,
            values: values.into(),
            target,
            power,
            goal: Goal::Minimize,
            free: categories,
            start: Start::Uniform(initial_scale),
            by_regret: false,
        })
    }
}
