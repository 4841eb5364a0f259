mod balance;
mod data;
mod grouped;
mod judge;
mod loaded;
mod mnist_1d;
mod network;
mod parameters;
mod references;
mod seeded;
#[cfg(test)]
mod tests;

pub use loaded::Loaded;
pub use parameters::{ExpertData, MixtureOfExperts};

use super::TaskKind;
use crate::data::Folders;
use crate::{Result, ranges};
use registry::Fault;

impl TaskKind for MixtureOfExperts {
    const NAME: &'static str = "mixture-of-experts";
    const SUMMARY: &'static str = "which of several networks computes a row";
    const VERSION: u32 = 2;
    type Task = Loaded;

    fn check(&self) -> Result<(), Fault> {
        ranges::count("experts", self.experts, 1)?;
        ranges::count("picks", self.picks, 1)?;
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

    fn load(self, folders: &Folders) -> Result<Loaded> {
        Loaded::new(self, folders)
    }
}
