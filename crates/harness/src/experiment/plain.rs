//! The single values of a file.

use super::file::{File, MOST_STEPS, within};
use super::protocol::Protocol;
use anyhow::{Result, bail};

/// The single values of a file, with their defaults.
pub(super) struct Plain {
    pub(super) seeds: u64,
    pub(super) batch: usize,
    /// Absent where no steps are taken.
    pub(super) steps: Option<u64>,
    pub(super) evaluate_every: u64,
    pub(super) tuned: Vec<String>,
}

impl Plain {
    pub(super) fn read(file: &File, protocol: &Protocol) -> Result<Self> {
        let trains = *protocol == Protocol::Training;
        if !trains {
            reject_training_keys(file)?;
        }
        let (seeds, batch) = (file.seeds.unwrap_or(10), file.batch.unwrap_or(128));
        let (steps, every) = (file.steps.unwrap_or(2000), file.evaluate_every.unwrap_or(50));
        within("seeds", seeds, 1..=100_000)?;
        within("batch", batch, 1..=1_000_000)?;
        within("steps", steps, 1..=MOST_STEPS)?;
        within("evaluate-every", every, 1..=MOST_STEPS)?;
        if file.tuned.is_some() && file.tuning.is_some() {
            bail!(
                "`tuned` is for experiments without `tuning`, which names the tuned parameters itself"
            );
        }
        let tuned = file.tuned.clone();
        Ok(Self {
            seeds,
            batch: batch as usize,
            steps: trains.then_some(steps),
            evaluate_every: every,
            tuned: match trains {
                true => tuned.unwrap_or_else(|| vec!["optimizer.learning-rate".to_owned()]),
                false => vec![],
            },
        })
    }
}

/// Rejects keys about training, which the gradient protocol does not do.
fn reject_training_keys(file: &File) -> Result<()> {
    let given = [
        ("steps", file.steps.is_some()),
        ("evaluate-every", file.evaluate_every.is_some()),
        ("tuned", file.tuned.is_some()),
        ("tuning", file.tuning.is_some()),
        ("threshold", file.threshold.is_some()),
        ("optimizer", file.optimizer.is_some()),
        ("gradient", file.gradient.is_some()),
    ];
    match given.into_iter().find(|&(_, is_given)| is_given) {
        Some((key, _)) => {
            bail!("`{key}` is for training, but the protocol `gradient` does not train")
        }
        None => Ok(()),
    }
}
