//! Results folders: whose results they hold, and the records in them.

use super::{Damaged, FORMAT, Records};
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::path::Path;

/// Rejects a folder that holds the results of another experiment or another version.
///
/// # Errors
/// If it does, or its manifest cannot be read.
pub fn check_folder(folder: &Path, experiment: &str) -> Result<()> {
    let path = folder.join("manifest.json");
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => {
            return Err(error).with_context(|| format!("{} cannot be read", path.display()));
        }
    };
    let manifest: Value = serde_json::from_str(&text)
        .with_context(|| format!("{} is not a manifest; move the folder away", path.display()))?;
    let advice = "choose another folder with --results, or move this one away";
    let other = manifest["experiment"].as_str().unwrap_or_default();
    if other != experiment {
        bail!(
            "{} holds the results of experiment `{other}`, not of `{experiment}`; {advice}",
            folder.display()
        );
    }
    let format = &manifest["format"];
    if format.as_u64() != Some(u64::from(FORMAT)) {
        bail!(
            "{} was written in format {format}, but this program uses format {FORMAT}; {advice}",
            folder.display()
        );
    }
    Ok(())
}

/// The most damaged lines that are named one by one.
const NAMED: usize = 5;

/// The stored records of an experiment's folder, with a note on each line that does not count.
///
/// # Errors
/// If the folder belongs to another experiment, or a record cannot be read.
pub fn stored(folder: &Path, experiment: &str) -> Result<Records> {
    check_folder(folder, experiment)?;
    noted(Records::read(folder)?)
}

/// As [`stored`], without numbers: only how runs ended.
///
/// # Errors
/// As [`stored`].
pub fn stored_outcomes(folder: &Path, experiment: &str) -> Result<Records> {
    outcomes_in(folder, experiment, |_| true)
}

/// As [`stored_outcomes`], in the files that are `wanted`.
///
/// # Errors
/// As [`stored`].
pub fn outcomes_in(
    folder: &Path,
    experiment: &str,
    wanted: impl Fn(&Path) -> bool,
) -> Result<Records> {
    check_folder(folder, experiment)?;
    noted(Records::read_outcomes(folder, wanted)?)
}

fn noted(records: Records) -> Result<Records> {
    for path in &records.torn {
        note!(
            "note: ignoring the last line of {}, which an interruption cut short",
            path.display()
        );
    }
    for Damaged { path, line, why, .. } in records.damaged.iter().take(NAMED) {
        note!("note: ignoring line {line} of {}: {why}", path.display());
    }
    let more = records.damaged.len().saturating_sub(NAMED);
    if more > 0 {
        note!("note: ignoring {more} more lines");
    }
    Ok(records)
}
