mod balance;
mod data;
mod grouped;
mod judge;
mod mnist_1d;
mod network;
mod parameters;
mod references;
mod seeded;
#[cfg(test)]
mod tests;

pub use parameters::{ExpertData, MixtureOfExperts};
pub use seeded::Seeded;

use super::{Streams, Task, TaskKind};
use crate::data::Folders;
use crate::metric::{ENTROPY, TRAINING_LOSS};
use crate::{Metric, Reference, Result, ranges};
use data::Split;
use estimators::{Dims, Domain};
use judge::Predicted;
use kernels::{Parameters, Real};
use network::Network;
use registry::Fault;

impl TaskKind for MixtureOfExperts {
    const NAME: &'static str = "mixture-of-experts";
    const SUMMARY: &'static str = "which of several networks computes a row";
    const VERSION: u32 = 2;
    type Task = Self;

    fn check(&self) -> Result<(), Fault> {
        ranges::count("experts", self.experts, 1)?;
        ranges::widths("expert-hidden", &self.expert_hidden)?;
        ranges::widths("router-hidden", &self.router_hidden)?;
        ranges::not_negative("balance-loss", self.balance_loss)?;
        ranges::not_negative("z-loss", self.z_loss)?;
        ranges::not_negative("balance-bias", self.balance_bias)?;
        ranges::count("inputs", self.inputs, 1)?;
        ranges::count("clusters", self.clusters, 1)?;
        ranges::not_negative("separation", self.separation)?;
        ranges::not_negative("noise", self.noise)?;
        ranges::count("rows", self.rows, 1)?;
        ranges::count("validation-rows", self.validation_rows, 1)?;
        ranges::count("test-rows", self.test_rows, 1)
    }

    fn load(self, _: &Folders) -> Result<Self> {
        Ok(self)
    }
}

impl Task for MixtureOfExperts {
    type Instance = Seeded;

    fn metrics(&self) -> Vec<Metric> {
        let deployed = "with the experts that are deployed";
        let loss = |name, label| Metric::lower(name, label).with_note(deployed);
        let accuracy =
            |name, label| Metric::higher(name, label).with_note(deployed).bounded_by(0.0);
        let mut metrics = match judge::predicted(self.data) {
            Predicted::Number => vec![
                loss("test-loss", "test loss").chosen_by("validation-loss"),
                loss("validation-loss", "validation loss"),
            ],
            Predicted::Class(_) => vec![
                accuracy("test-accuracy", "test accuracy").chosen_by("validation-accuracy"),
                accuracy("validation-accuracy", "validation accuracy"),
                loss("test-loss", "test loss").in_unit("nats"),
            ],
        };
        metrics.extend([
            Metric::neutral("soft-hard-gap", "soft–hard gap")
                .with_note("the deployed loss minus that of the mixture of all experts"),
            Metric::neutral("experts-per-row", "experts per row")
                .with_note("the experts that are evaluated for a row, when deployed"),
            Metric::lower("load-variation", "variation of loads")
                .with_note("the standard deviation of the experts' rows divided by their mean")
                .bounded_by((self.experts as f64 - 1.0).sqrt()),
            Metric::lower("dead-experts", "dead experts")
                .with_note("the share of experts that no row goes to")
                .bounded_by(1.0),
        ]);
        if self.data == ExpertData::Clusters {
            let note = "the share of rows that go to the expert of their cluster";
            let recovered = Metric::higher("recovered-share", "recovered share").with_note(note);
            metrics.push(recovered.bounded_by(0.0));
        }
        metrics.extend([TRAINING_LOSS, ENTROPY]);
        metrics
    }

    fn references(&self) -> Vec<Reference> {
        references::declared(self)
    }

    fn dims(&self, batch: usize) -> Dims {
        Dims { batch, latents: 1, categories: self.experts }
    }

    fn domain(&self) -> Domain {
        if self.gated { Domain::GatedGradients } else { Domain::Interior }
    }

    fn instance<E: Real>(&self, streams: &Streams) -> (Seeded, Parameters<E>) {
        let split = Split::draw(self, &mut streams.named("data"));
        let (network, parameters) = Network::new(self, &mut streams.named("init"));
        (Seeded { task: self.clone(), network, split }, parameters)
    }
}
