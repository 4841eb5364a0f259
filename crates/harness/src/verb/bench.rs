//! `bench`: how fast estimators train.

use super::Exit;
use crate::Registries;
use crate::bench::{Effort, Throughput, WORKLOADS, measure};
use crate::cli::{Bench, Format};
use anyhow::Result;
use comfy_table::{Table, presets};
use registry::UnknownName;
use std::time::Duration;

/// Times each estimator on a workload: a line of JSON as soon as it is there, or a table.
///
/// # Errors
/// If there is no such estimator, it cannot serve the workload, or training fails.
pub fn bench(arguments: &Bench, registries: &Registries) -> Result<Exit> {
    let found = WORKLOADS.iter().find(|workload| workload.name == arguments.workload);
    let names = WORKLOADS.iter().map(|workload| workload.name);
    let workload = found.ok_or_else(|| UnknownName::new("workload", &arguments.workload, names))?;
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    let effort = Effort {
        jobs: arguments.jobs.map_or_else(cores, usize::from),
        time: Duration::from_secs_f64(arguments.seconds),
    };
    let listed = || workload.estimators.iter().map(|(kind, _)| (*kind).to_owned()).collect();
    let asked = &arguments.estimator;
    let kinds: Vec<String> = if asked.is_empty() { listed() } else { asked.clone() };
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header([
        "estimator",
        "µs a step and core",
        "steps a second",
        "validation loss",
    ]);
    for kind in &kinds {
        let throughput = measure(workload, kind, effort, registries)?;
        match arguments.format {
            Format::Table => {
                table.add_row(row(&throughput));
            }
            Format::Json => say!("{}", serde_json::to_string(&throughput)?),
        }
    }
    if arguments.format == Format::Table {
        say!("{}, {} at a time\n{table}", workload.name, effort.jobs);
    }
    Ok(Exit::Ok)
}

fn row(throughput: &Throughput) -> [String; 4] {
    let error = throughput.validation_loss_error.map_or_else(String::new, |e| format!(" ± {e:.4}"));
    let Throughput { validation_loss: loss, runs, steps, .. } = throughput;
    [
        throughput.estimator.clone(),
        format!("{:.1}", throughput.us_per_step_per_core),
        format!("{:.0}", throughput.seed_steps_per_second),
        format!("{loss:.4}{error} after {steps} steps, {runs} runs"),
    ]
}
