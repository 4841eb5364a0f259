//! The files of a results folder that are made from its records.

mod artifacts;
mod computed;
mod deviations;
mod figures;
mod manifest;
mod overview;
mod page;
mod published;
mod ranking;
mod reading;
mod readme;
mod settings;
mod shown;
mod tables;
pub(crate) mod words;

pub use figures::{Excerpt, excerpt};
pub use manifest::digest;
pub use ranking::markdown;
pub use reading::{render as render_reading, typed_numbers};
pub use readme::{marks, splice};
pub use shown::Reading;
pub(crate) use tables::MISS;

use crate::Program;
use crate::files::{remove_abandoned, replace, with_extension};
use crate::results::Summary;
use anyhow::{Context, Result};
use computed::{Computed, json};
use serde_json::Value;
use std::path::Path;

/// What was written.
pub struct Written {
    /// The written reading, as far as it is true of the results.
    pub reading: Reading,
    /// The content of `summary.json`.
    pub summary: Value,
}

/// Removes pictures of an earlier report that this one does not have.
fn remove_others(plots: &Path, names: &[&String]) -> Result<()> {
    if !plots.exists() {
        return Ok(());
    }
    for path in with_extension(plots, "svg")? {
        let stem = path.file_stem().and_then(|stem| stem.to_str());
        if !names.iter().any(|name| Some(name.as_str()) == stem) {
            let named = || format!("{} cannot be removed", path.display());
            std::fs::remove_file(&path).with_context(named)?;
        }
    }
    Ok(())
}

/// Writes tables, figures and report of an experiment into its folder.
///
/// # Errors
/// If a file cannot be written, or the experiment's reading refers to numbers that do not exist.
pub fn write(summary: &Summary<'_>, folder: &Path, program: Program) -> Result<Written> {
    summary.estimate();
    remove_abandoned(folder);
    let mut changed = false;
    let mut put = |name: &str, content: &[u8]| -> Result<()> {
        changed |= replace(&folder.join(name), content)?;
        Ok(())
    };
    let computed = Computed::of(summary)?;
    let figures = figures::draw(summary, &computed);
    let artifacts = artifacts::artifacts(summary)?;
    put("experiment.toml", toml::to_string_pretty(&summary.experiment.resolved)?.as_bytes())?;
    for (name, content) in &computed.tables {
        put(name, content)?;
    }
    put("timing.csv", &tables::timing(summary)?)?;
    for figure in &figures {
        put(&format!("plots/{}.svg", figure.name), figure.drawing.svg.as_bytes())?;
        for form in &figure.forms {
            put(&format!("plots/{}.svg", form.name), form.drawing.svg.as_bytes())?;
        }
    }
    if let Some((name, svg)) = figures::timing(summary, &computed) {
        put(name, svg.as_bytes())?;
    }
    for artifact in &artifacts {
        put(&format!("artifacts/{}.png", artifact.file), &artifact.png)?;
    }
    put(
        "report.html",
        page::render(summary, &computed, &figures, &artifacts, program)?.as_bytes(),
    )?;
    let names = figures.iter().flat_map(|figure| {
        std::iter::once(&figure.name).chain(figure.forms.iter().map(|form| &form.name))
    });
    remove_others(&folder.join("plots"), &names.collect::<Vec<_>>())?;
    // Last, so that a manifest stands for a whole set of files. Where nothing has changed, the one
    // that is there stays true.
    let path = folder.join("manifest.json");
    if changed || !path.exists() {
        replace(&path, &json(&manifest::manifest(summary, program)?)?)?;
    }
    Ok(Written { reading: computed.reading, summary: computed.numbers })
}
