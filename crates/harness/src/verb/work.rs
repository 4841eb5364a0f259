use super::quantities::{duration, size};
use super::{Exit, Selection};
use crate::Registries;
use crate::record::line;
use crate::run::{Limits, confine, execute};
use anyhow::{Context, Result, bail};
use clap::Args;
use std::io::{BufRead, Write};
use std::time::Duration;

/// Do runs for `sweep --isolate`: it names them on standard input, by their numbers in the plan, and reads
/// their records.
#[derive(Debug, Args)]
pub struct Work {
    #[command(flatten)]
    selection: Selection,
    #[arg(long, value_parser = duration)]
    timeout: Option<Duration>,
    #[arg(long, value_parser = size)]
    memory: Option<u64>,
}

impl Work {
    /// Does runs until there are no more.
    ///
    /// # Errors
    /// If the experiment cannot be read, or standard input or output fails.
    pub fn run(&self, registries: &Registries) -> Result<Exit> {
        confine(self.memory)?;
        let selected = self.selection.read(registries)?;
        let [(experiment, _)] = &selected[..] else {
            bail!("a process does runs of one experiment")
        };
        let runs = experiment.runs()?;
        let limits = Limits { timeout: self.timeout, stop: &|| false };
        let mut output = std::io::stdout();
        for number in std::io::stdin().lock().lines() {
            let number = number.context("standard input cannot be read")?;
            let run = number.parse().ok().and_then(|number: usize| runs.get(number));
            let run = run.with_context(|| format!("no run `{number}`"))?;
            if let Some(record) = execute(experiment, run, limits) {
                output.write_all(&line::write(&record)?).context("the sweep is gone")?;
                output.flush().context("the sweep is gone")?;
            }
        }
        Ok(Exit::Ok)
    }
}
