//! Statistics of runs: pure functions from numbers to numbers, in `f64`.
//!
//! The unit of replication is the seed: a sample holds one number per seed.
//!
//! | question | answer |
//! |---|---|
//! | where are the final values? | [`interquartile_mean`], with its interval: [`Resamples::estimate`] |
//! | where is a curve at each step? | [`curve_band`] |
//! | is an estimator better than the reference? | [`paired_difference`], [`wilcoxon_signed_rank`], [`holm()`] |
//! | is an estimator better across tasks? | [`probability_of_improvement`], [`performance_profile`] of [`pooled_ranks`] |
//! | what does tuning reach? | [`expected_best_of`] n settings |
//! | how good is a gradient estimate? | [`GradientQuality`], [`relative_bias`] |
//!
//! # Conventions
//!
//! - **Lower is better.** Scores are losses.
//! - **A failed run is `+∞`.** A run that diverged or failed stays in every statistic and ranks
//!   worst. NaN is a bug in the caller; it counts as a failed run and is never dropped.
//! - **Opposite infinities cancel.** A difference is `±∞` if one side failed. An infinity stands for
//!   one large value M that all failed runs share, and a mean is its limit for M → ∞: infinite with
//!   the sign of the majority, or Σ (finite values) / n if as many are `+∞` as `−∞`. So no statistic
//!   is NaN.
//! - **An undefined statistic is `None`**, such as the mean of an empty sample, or the interval of
//!   fewer than [`FEWEST_RUNS`] runs.
//! - **Functions that need samples of equal length panic if the lengths differ.** That is a bug in
//!   the caller.
//! - **Reproducible.** Resampling is seeded and uses only `+ − × ÷ √` and comparisons, so every
//!   platform gets the same bits. Only the Wilcoxon test of more than 50 differences calls the
//!   platform's `exp`.

mod best_of;
mod bootstrap;
#[cfg(test)]
mod coverage;
mod curve;
mod gradient;
mod holm;
mod improvement;
mod location;
mod normal;
mod paired;
mod profile;
mod ranks;
#[cfg(test)]
mod reference;
mod resamples;
mod wilcoxon;

pub use best_of::expected_best_of;
pub use bootstrap::{Bootstrap, Estimate, FEWEST_RUNS, Interval};
pub use curve::curve_band;
pub use gradient::{GradientQuality, GradientSummary, relative_bias};
pub use holm::holm;
pub use improvement::probability_of_improvement;
pub use location::{interquartile_mean, mean, quantile, sample_variance};
pub use normal::upper_tail;
pub use paired::{differences, paired_difference};
pub use profile::performance_profile;
pub use ranks::pooled_ranks;
pub use resamples::Resamples;
pub use wilcoxon::wilcoxon_signed_rank;
