//! Where results come from: program, machine, command, and the digest of the records.

use crate::record::FORMAT;
use crate::results::Summary;
use crate::run::NOISE_VERSION;
use anyhow::Result;
use serde_json::{Value, json};
use std::process::Command;

/// Hash of the records of a summary, in the order of its runs and without what they cost.
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

/// What `manifest.json` holds.
pub fn manifest(summary: &Summary<'_>) -> Result<Value> {
    let (there, all) = summary.progress();
    Ok(json!({
        "experiment": summary.experiment.name,
        "format": FORMAT,
        "noise": NOISE_VERSION,
        "runs": there,
        "runs-of-the-selection": all,
        "digest": digest(summary)?,
        "program": format!("harness {}", env!("CARGO_PKG_VERSION")),
        "revision": git(&["rev-parse", "HEAD"]),
        "dirty": git(&SOURCES).map(|text| !text.is_empty()),
        "toolchain": output("rustc", &["--version"]),
        "processor": processor(),
        "instruction-set": kernels::simd::Level::current().name(),
        "cores": std::thread::available_parallelism().map_or(1, usize::from),
        "command": std::env::args().skip(1).collect::<Vec<_>>().join(" "),
        "written": jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
    }))
}

/// Asks for changes to what makes the results, not to results.
const SOURCES: [&str; 6] =
    ["status", "--porcelain", "--untracked-files=no", "--", ":/", ":(top,exclude)results"];

fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

fn git(arguments: &[&str]) -> Option<String> {
    output("git", arguments)
}

fn processor() -> Option<String> {
    let text = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}
