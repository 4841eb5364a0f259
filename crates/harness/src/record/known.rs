//! What stored runs know of their data files.

use super::{Record, each_line, files};
use anyhow::{Context, Result};
use model::data::Known;
use std::path::Path;

/// What the runs in the folders of a results folder know of their data files, so that they can be reported
/// when those are no longer there.
///
/// # Errors
/// If a folder or a record cannot be read.
pub fn known_data(results: &Path) -> Result<Vec<Known>> {
    let mut all: Vec<Known> = vec![];
    let Ok(folders) = std::fs::read_dir(results) else { return Ok(all) };
    for folder in folders {
        let folder =
            folder.with_context(|| format!("{} cannot be read", results.display()))?.path();
        if !folder.is_dir() {
            continue;
        }
        for path in files(&folder)? {
            each_line(&path, |_, _, record| {
                let known = record.ok().and_then(|record| known(&record));
                all.extend(known.filter(|known| !all.contains(known)));
            })?;
        }
    }
    Ok(all)
}

fn known(record: &Record) -> Option<Known> {
    let (task, digest) = (&record.run["task"], record.run["data"].as_str()?);
    // A run that failed at once measured nothing.
    let has_metrics = !record.curves.is_empty();
    has_metrics.then_some(Known {
        kind: task["kind"].as_str()?.to_owned(),
        parameters: task["parameters"].clone(),
        digest: digest.to_owned(),
        metrics: record.curves.metrics.keys().cloned().collect(),
    })
}
