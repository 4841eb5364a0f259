//! Statistics of runs: pure functions from numbers to numbers, in `f64`.
//!
//! The unit of replication is the seed: a sample holds one number a seed.
//!
//! | question | answer |
//! |---|---|
//! | where do the final values lie? | [`interquartile_mean`] with [`Bootstrap::estimate`], or faster [`Resamples`] |
//! | where does a curve run? | [`curve_band`] |
//! | is it better than the reference? | [`paired_difference`], [`wilcoxon_signed_rank`], [`holm()`] |
//! | is it better across tasks? | [`probability_of_improvement`], [`performance_profile`] of [`pooled_ranks`] |
//! | how good is a gradient estimate? | [`GradientQuality`], [`relative_bias`] |
//!
//! # Conventions
//!
//! - **Lower is better.** Scores are losses.
//! - **A miss is `+∞`.** A run that diverged or failed stays in every statistic and ranks worst.
//!   NaN is a programming error of the caller and is taken for a miss, never dropped.
//! - **Opposite infinities cancel.** A difference is `±∞` where one side missed. An infinity stands
//!   for a miss of some large, common size M, and a mean is the limit of M → ∞: infinite with the
//!   sign of the majority, and the mean of what is finite where they balance. So no statistic is NaN.
//! - **Undefined is `None`**, such as the mean of nothing.
//! - **Samples of unequal length where equal ones are required** are a programming error and panic.
//! - **Reproducible.** Resampling is seeded and uses only `+ − × ÷ √` and comparisons, so that every
//!   platform gets the same bits. Only the tail of a Wilcoxon test with more than 50 differences
//!   calls the platform's `exp`.

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

pub use bootstrap::{Bootstrap, Estimate, Interval};
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
