//! The files of a results folder that are made from its records.

mod artifacts;
mod figures;
mod manifest;
mod page;
mod ranking;
mod readme;
mod tables;
mod words;

pub use manifest::digest;
pub use ranking::markdown;
pub use readme::{mark, splice};

use crate::Program;
use crate::files::replace;
use crate::results::Summary;
use anyhow::Result;
use serde_json::Value;
use std::path::Path;

/// Writes tables, figures and report of an experiment into its folder.
///
/// # Errors
/// If a file cannot be written.
pub fn write(summary: &Summary<'_>, folder: &Path, program: Program) -> Result<()> {
    let experiment = summary.experiment;
    summary.estimate();
    let mut changed = false;
    let mut put = |name: &str, content: &[u8]| -> Result<()> {
        changed |= replace(&folder.join(name), content)?;
        Ok(())
    };
    let across = summary.across_tasks();
    let figures = figures::draw(summary, &across);
    let artifacts = artifacts::artifacts(summary)?;
    put("experiment.toml", toml::to_string_pretty(&experiment.resolved)?.as_bytes())?;
    put("table.csv", &tables::finals(summary)?)?;
    if experiment.trains() {
        put("curves.csv", &tables::curves(summary)?)?;
    }
    if !experiment.expected.is_empty() {
        put("expected.csv", &tables::expected(&summary.deviations())?)?;
    }
    put("timing.csv", &tables::timing(summary)?)?;
    put("summary.json", &json(&ranking::json(summary))?)?;
    for figure in &figures {
        put(&format!("plots/{}.svg", figure.name), figure.svg.as_bytes())?;
    }
    for artifact in &artifacts {
        put(&format!("artifacts/{}.png", artifact.file), &artifact.png)?;
    }
    put("report.html", page::render(summary, &across, &figures, &artifacts, program)?.as_bytes())?;
    // Last, so that a manifest stands for a whole set of files. Where nothing has changed, the one
    // that is there stays true.
    let path = folder.join("manifest.json");
    if changed || !path.exists() {
        replace(&path, &json(&manifest::manifest(summary, program)?)?)?;
    }
    Ok(())
}

fn json(value: &Value) -> Result<Vec<u8>> {
    let mut text = serde_json::to_vec_pretty(value)?;
    text.push(b'\n');
    Ok(text)
}
