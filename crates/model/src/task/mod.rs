//! Tasks: one file or folder each, and their registry.
//!
//! A [`Task`] is data, a network, an objective and its metrics, and nothing else: taking steps,
//! measuring gradients, streams of noise and the metrics of every classifier are written once, for
//! all tasks, in this crate. To add one, implement three traits in one file and add one line
//! to [`Registry::standard`]:
//!
//! - [`TaskKind`] for the struct of its parameters: its name, the ranges of its values, and how its
//!   data files are read;
//! - [`Task`] for the result: its metrics, its dimensions, and the data and first parameters of a
//!   seed;
//! - [`Instance`] for those: the batch of a step, the logits and the objective of a batch, and the
//!   values of the metrics.

mod any;
mod argmax_index;
pub mod autoencoder;
mod bernoulli_toy;
mod categorical_vae;
mod feature_selection;
#[cfg(test)]
mod gradients;
mod kind;
mod mixture_of_experts;
mod mnist;
mod references;
mod registry;
mod separable;
mod structured_prediction;
mod trained;
mod traits;
mod vae;

pub use any::AnyTask;
pub use argmax_index::{
    ArgmaxIndex, Cells, Column, CombinedNetwork, Encoder, Feature, FeatureKind, Missing, Origin,
    Parts, Predicted, Prediction, Predictor, Reading, RegimeRows, Regimes, Standardize, Table,
    Target, TargetKind, Value, Weights, matched_accuracy,
};
pub use autoencoder::{Autoencoder, Codes, Reconstruction};
pub use bernoulli_toy::BernoulliToy;
pub use categorical_vae::CategoricalVae;
pub use feature_selection::{DataSet, FeatureSelection};
pub use kind::{Load, TaskKind};
pub use mixture_of_experts::{ExpertData, MixtureOfExperts};
pub use mnist::{Batches, Pixels};
pub use references::{Budget, GoOn};
pub use registry::{Entry, Registry};
pub use separable::{ArsmToy, Goal, Polynomial, QuadraticToy};
pub use structured_prediction::StructuredPrediction;
pub use traits::{Instance, Streams, Task};
pub use vae::{Between, FirstParameters, Vae};

impl Registry {
    /// The tasks of this crate.
    pub fn standard() -> Self {
        Self::empty()
            .with::<ArgmaxIndex>()
            .with::<ArsmToy>()
            .with::<BernoulliToy>()
            .with::<CategoricalVae>()
            .with::<FeatureSelection>()
            .with::<MixtureOfExperts>()
            .with::<Polynomial>()
            .with::<QuadraticToy>()
            .with::<StructuredPrediction>()
            .with::<Vae>()
    }
}
