//! Where results come from: program, machine, command, and the digest of the records.

use crate::Program;
use crate::machine;
use crate::plan::NOISE_VERSION;
use crate::record::FORMAT;
use crate::results::Summary;
use anyhow::Result;
use serde_json::{Value, json};

/// The hash of the records of a summary, in the order of its runs and without their timing.
///
/// # Errors
/// If a record cannot be written as JSON.
pub fn digest(summary: &Summary<'_>) -> Result<String> {
    let mut hash = blake3::Hasher::new();
    for cell in &summary.cells {
        for (_, record) in &cell.runs {
            hash.update(&serde_json::to_vec(&record.result())?);
            hash.update(b"\n");
        }
    }
    Ok(hash.finalize().to_hex()[..32].to_owned())
}

/// The content of `manifest.json`. Revision and toolchain are those that this library was built from;
/// `origins` has the number of runs by what did them.
pub(super) fn manifest(summary: &Summary<'_>, program: Program) -> Result<Value> {
    let (stored, all) = summary.progress();
    Ok(json!({
        "experiment": summary.experiment.name,
        "format": FORMAT,
        "noise": NOISE_VERSION,
        "runs": stored,
        "runs-of-the-selection": all,
        "digest": digest(summary)?,
        "settings": &summary.settings,
        "program": program.provenance(),
        "revision": machine::REVISION,
        "dirty": machine::is_changed(),
        "toolchain": option_env!("HARNESS_TOOLCHAIN"),
        "origins": summary.origins(),
        "processor": machine::processor(),
        "instruction-set": kernels::simd::Level::current().name(),
        "cores": std::thread::available_parallelism().map_or(1, usize::from),
        "command": command(),
        "written": jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
    }))
}

/// The arguments; what is not UTF-8 is replaced.
fn command() -> String {
    let arguments =
        std::env::args_os().skip(1).map(|argument| argument.to_string_lossy().into_owned());
    arguments.collect::<Vec<_>>().join(" ")
}
