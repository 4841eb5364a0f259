//! `plan`: what a sweep would do.

use super::Exit;
use crate::cli::{Format, Plan};
use crate::execute::refusal;
use crate::experiment::Experiment;
use crate::record::Outcome;
use crate::results::Summary;
use crate::{Registries, report};
use anyhow::Result;
use comfy_table::{Table, presets};
use serde_json::json;

/// One cell of a plan.
struct Line {
    task: String,
    estimator: String,
    optimizer: String,
    runs: u64,
    done: usize,
    failed: usize,
    missing: u64,
    refused: Option<String>,
}

/// Shows every cell with the runs that are done, failed and missing.
///
/// # Errors
/// If something cannot be read.
pub fn plan(arguments: &Plan, registries: &Registries) -> Result<Exit> {
    let mut plans = vec![];
    for (experiment, folder) in arguments.selection.read(registries)? {
        let records = report::stored(&folder, &experiment)?;
        let runs = experiment.runs(registries)?;
        let summary = Summary::new(&experiment, &runs, &records);
        plans.push((experiment.name.clone(), lines(&summary, &experiment, registries)?));
    }
    match arguments.format {
        Format::Table => plans.iter().for_each(|(name, lines)| print(name, lines)),
        Format::Json => say!("{}", serde_json::to_string_pretty(&as_json(&plans))?),
    }
    Ok(Exit::Ok)
}

fn lines(
    summary: &Summary<'_>,
    experiment: &Experiment,
    registries: &Registries,
) -> Result<Vec<Line>> {
    let mut lines = vec![];
    for cell in &summary.cells {
        let task = &experiment.tasks[cell.cell.task].task;
        let place = task.place(0, experiment.batch)?;
        let entry = registries.estimators.get(&cell.cell.estimator.kind)?;
        let estimator = entry.build(cell.cell.estimator.parameters.clone())?.build_f64();
        let done = cell.records().iter().filter(|record| record.outcome == Outcome::Done).count();
        lines.push(Line {
            task: cell.task.clone(),
            estimator: cell.cell.estimator.label(),
            optimizer: cell.cell.optimizer.label(),
            runs: experiment.seeds,
            done,
            failed: cell.failures(),
            missing: experiment.seeds - cell.runs.len() as u64,
            refused: refusal(&*estimator, place.dims(), place.domain()),
        });
    }
    Ok(lines)
}

fn print(name: &str, lines: &[Line]) {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["task", "estimator", "optimizer", "runs", "done", "failed", "missing", ""]);
    for line in lines {
        table.add_row([
            line.task.clone(),
            line.estimator.clone(),
            line.optimizer.clone(),
            line.runs.to_string(),
            line.done.to_string(),
            line.failed.to_string(),
            line.missing.to_string(),
            line.refused.as_ref().map_or_else(String::new, |why| format!("refused: {why}")),
        ]);
    }
    say!("{table}");
    let sum = |number: fn(&Line) -> u64| lines.iter().map(number).sum::<u64>();
    say!(
        "{name}: {} cells, {} runs: {} done, {} failed, {} missing",
        lines.len(),
        sum(|line| line.runs),
        sum(|line| line.done as u64),
        sum(|line| line.failed as u64),
        sum(|line| line.missing)
    );
}

fn as_json(plans: &[(String, Vec<Line>)]) -> serde_json::Value {
    let cell = |line: &Line| {
        json!({
            "task": line.task,
            "estimator": line.estimator,
            "optimizer": line.optimizer,
            "runs": line.runs,
            "done": line.done,
            "failed": line.failed,
            "missing": line.missing,
            "refused": line.refused,
        })
    };
    let plan = |(name, lines): &(String, Vec<Line>)| json!({ "experiment": name, "cells": lines.iter().map(cell).collect::<Vec<_>>() });
    plans.iter().map(plan).collect()
}
