use super::rows::table;
use super::selection::jobs;
use super::{Exit, Format};
use crate::Registries;
use crate::report::words::counted;
use crate::throughput::{Effort, Throughput, WORKLOADS, measure};
use anyhow::Result;
use clap::Args;
use clap::builder::PossibleValuesParser;
use registry::UnknownName;
use std::time::Duration;

/// Time the training steps of a fixed workload.
#[derive(Debug, Args)]
pub struct Bench {
    /// Workload to train
    #[arg(
        long, value_name = "NAME", default_value = WORKLOADS[0].name, value_parser = workloads()
    )]
    pub workload: String,
    /// Estimator to time; can be repeated [default: those of the workload]
    #[arg(long, value_name = "KIND")]
    pub estimator: Vec<String>,
    /// Number of runs at a time [default: one per core]
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub jobs: Option<u16>,
    /// Seconds to time each estimator for
    #[arg(long, value_name = "S", default_value_t = 2.0, value_parser = seconds)]
    pub seconds: f64,
    /// Output format
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
}

/// The names of the workloads.
fn workloads() -> PossibleValuesParser {
    PossibleValuesParser::new(WORKLOADS.iter().map(|workload| workload.name))
}

/// A number of seconds.
fn seconds(text: &str) -> Result<f64, String> {
    let expected = || "expected a number above 0, up to 3600".to_owned();
    let seconds: f64 = text.parse().map_err(|_| expected())?;
    if seconds > 0.0 && seconds <= 3600.0 { Ok(seconds) } else { Err(expected()) }
}

impl Bench {
    /// Times each estimator on a workload, and prints a line of JSON at once, or a table at the end.
    ///
    /// # Errors
    /// If an estimator is unknown or does not support the workload, or training fails.
    pub fn run(&self, registries: &Registries) -> Result<Exit> {
        let found = WORKLOADS.iter().find(|workload| workload.name == self.workload);
        let names = WORKLOADS.iter().map(|workload| workload.name);
        let workload = found.ok_or_else(|| UnknownName::new("workload", &self.workload, names))?;
        let time = Duration::from_secs_f64(self.seconds);
        let effort = Effort { jobs: jobs(self.jobs), time };
        let listed = || workload.estimators.iter().map(|(kind, _)| (*kind).to_owned()).collect();
        let kinds: Vec<String> =
            if self.estimator.is_empty() { listed() } else { self.estimator.clone() };
        let mut table = table(&["estimator", "µs per step and core", "steps/s", "loss"]);
        for kind in &kinds {
            let throughput = measure(workload, kind, effort, registries)?;
            match self.format {
                Format::Table => {
                    table.add_row(row(&throughput));
                }
                Format::Json => say!("{}", serde_json::to_string(&throughput)?),
            }
        }
        if self.format == Format::Table {
            say!("{}, {} at a time\n{table}", workload.name, effort.jobs);
        }
        Ok(Exit::Ok)
    }
}

fn row(throughput: &Throughput) -> [String; 4] {
    let error = throughput.validation_loss_error.map_or_else(String::new, |e| format!(" ± {e:.4}"));
    let Throughput { validation_loss: loss, runs, steps, .. } = throughput;
    [
        throughput.estimator.clone(),
        format!("{:.1}", throughput.us_per_step_per_core),
        format!("{:.0}", throughput.seed_steps_per_second),
        format!("{loss:.4}{error} after {steps} steps, {}", counted(*runs as u64, "run")),
    ]
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn seconds_are_positive_numbers() {
        assert_eq!(seconds("0.05"), Ok(0.05));
        for text in ["0", "-1", "NaN", "inf", "2s", "3601"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
