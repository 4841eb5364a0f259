//! The files of a results folder that are made from its records.

mod page;
mod ranking;
mod readme;

pub use ranking::markdown;
pub use readme::{mark, splice};

use crate::experiment::Experiment;
use crate::results::{Summary, curves, expected, finals, timing};
use crate::store::{Records, replace};
use crate::{Registries, figures, manifest};
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::path::Path;

/// Writes tables, figures and report of an experiment into its folder.
///
/// # Errors
/// If a file cannot be written.
pub fn write(summary: &Summary<'_>, folder: &Path, registries: &Registries) -> Result<()> {
    let experiment = summary.experiment;
    summary.estimate();
    let mut changed = false;
    let mut put = |name: &str, content: &[u8]| -> Result<()> {
        changed |= replace(&folder.join(name), content)?;
        Ok(())
    };
    let figures = figures::draw(summary, registries);
    put("experiment.toml", toml::to_string_pretty(&experiment.resolved)?.as_bytes())?;
    put("table.csv", &finals(summary)?)?;
    if experiment.takes_steps() {
        put("curves.csv", &curves(summary)?)?;
    }
    if !experiment.expected.is_empty() {
        put("expected.csv", &expected(&summary.held())?)?;
    }
    put("timing.csv", &timing(summary)?)?;
    put("summary.json", &json(&ranking::json(summary))?)?;
    for (name, svg) in &figures {
        put(&format!("plots/{name}.svg"), svg.as_bytes())?;
    }
    put("report.html", page::render(summary, &figures)?.as_bytes())?;
    // Last, so that a manifest stands for a whole set of files; and where nothing has changed, what
    // it says of their making stays true.
    let path = folder.join("manifest.json");
    if changed || !path.exists() {
        replace(&path, &json(&manifest::manifest(summary)?)?)?;
    }
    Ok(())
}

fn json(value: &Value) -> Result<Vec<u8>> {
    let mut text = serde_json::to_vec_pretty(value)?;
    text.push(b'\n');
    Ok(text)
}

/// Refuses a folder that holds the results of another experiment or another version.
///
/// # Errors
/// If it does, or its manifest cannot be read.
pub fn check_folder(folder: &Path, experiment: &Experiment) -> Result<()> {
    let path = folder.join("manifest.json");
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => {
            return Err(error).with_context(|| format!("{} cannot be read", path.display()));
        }
    };
    let manifest: Value = serde_json::from_str(&text)
        .with_context(|| format!("{} is no manifest; move the folder away", path.display()))?;
    let other = manifest["experiment"].as_str().unwrap_or_default();
    if other != experiment.name {
        bail!(
            "{} holds the results of experiment `{other}`, not of `{}`; \
             choose another folder with --results, or move it away",
            folder.display(),
            experiment.name
        );
    }
    let format = manifest["format"].as_u64();
    if format != Some(u64::from(crate::record::FORMAT)) {
        bail!(
            "{} was written in format {}, this program's is {}; \
             choose another folder with --results, or move it away",
            folder.display(),
            manifest["format"],
            crate::record::FORMAT
        );
    }
    Ok(())
}

/// The stored runs of an experiment's folder, and a warning for each torn line.
///
/// # Errors
/// If the folder belongs to another experiment, or a record cannot be read.
pub fn stored(folder: &Path, experiment: &Experiment) -> Result<Records> {
    check_folder(folder, experiment)?;
    let records = Records::read(folder)?;
    for path in &records.torn {
        eprintln!(
            "note: the last line of {} is torn, as an interruption leaves it; it does not count",
            path.display()
        );
    }
    Ok(records)
}
