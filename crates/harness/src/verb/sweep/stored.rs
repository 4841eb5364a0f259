//! What a sweep does with the records that are there already.

use crate::plan::Run;
use crate::record::{Lock, Outcome, Record, Records, Writer, files, is_compressed, lock};
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The records of finished runs that are repeated.
pub(super) fn known(missing: &[(usize, &Run)], stored: &Records) -> BTreeMap<String, Record> {
    let records = missing.iter().filter_map(|(_, run)| stored.get(&run.id));
    let finished = records.filter(|record| record.outcome == Outcome::Done);
    finished.map(|record| (record.id.clone(), record.clone())).collect()
}

/// Moves the damaged lines out of the writer's file. A record that contradicts another one is none.
pub(super) fn repair(writer: &mut Writer, own: &Path, stored: &Records) -> Result<()> {
    let damaged = stored.damaged.iter().filter(|line| line.path == own && !line.contradicts);
    let damaged: Vec<usize> = damaged.map(|line| line.line).collect();
    if !damaged.is_empty() {
        let to = writer.set_aside(&damaged)?;
        note!("note: {} damaged lines are now in {}", damaged.len(), to.display());
    }
    Ok(())
}

/// Renames the record files, or only one of them, so that they stay but no longer count; none if another
/// sweep is writing one.
pub(super) fn set_aside(folder: &Path, only: Option<&Path>) -> Result<()> {
    let mut paths = files(folder)?;
    paths.retain(|path| only.is_none_or(|only| path == only));
    let written = paths.iter().filter(|path| !is_compressed(path));
    let _locks: Vec<Lock> = written.map(|path| lock(path)).collect::<Result<_>>()?;
    for path in &paths {
        let is_free = |n: &usize| !aside(path, *n).exists();
        let to = aside(path, (1..).find(is_free).unwrap_or(0));
        std::fs::rename(path, &to)
            .with_context(|| format!("{} cannot be set aside", path.display()))?;
        note!("note: {} is now {}", path.display(), to.display());
    }
    Ok(())
}

fn aside(path: &Path, n: usize) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!("{name}.{n}.old"))
}
