//! One writer for each record file, and who that is.

use super::store::check_regular;
use crate::machine;
use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// A record file that only this process writes to, until this is dropped.
#[derive(Debug)]
pub struct Lock {
    file: File,
    beside: PathBuf,
    holder: Holder,
}

/// Who writes to a record file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Holder {
    /// The number of the process.
    pub process: u32,
    /// The name of its machine.
    pub host: String,
    /// When it began.
    pub started: jiff::Timestamp,
    /// How long the file was then, in bytes.
    pub length: u64,
}

impl Holder {
    fn here(length: u64) -> Self {
        let started = jiff::Timestamp::now();
        Self { process: std::process::id(), host: machine::host(), started, length }
    }

    /// Whether it has certainly ended: its machine is this one, which has no such process.
    fn has_ended(&self) -> bool {
        self.host == machine::host() && machine::has_no_process(self.process)
    }

    /// The process and its machine, in words.
    pub fn describe(&self) -> String {
        let since = self.started.strftime("%Y-%m-%d %H:%M:%SZ");
        format!("process {} on {}, since {since}", self.process, self.host)
    }
}

/// Opens a file to append to, for this process alone.
///
/// # Errors
/// If the file cannot be written to, or another process has it open.
pub fn lock(path: &Path) -> Result<Lock> {
    let named = || format!("{} cannot be written", path.display());
    check_regular(path)?;
    let mut options = OpenOptions::new();
    let file = options.read(true).append(true).create(true).open(path).with_context(named)?;
    let (beside, holder) = (beside(path), Holder::here(file.metadata().with_context(named)?.len()));
    match file.try_lock() {
        Ok(()) => {
            // Only to tell others: the lock is that of the file.
            let _ = std::fs::write(&beside, serde_json::to_vec(&holder)?);
        }
        Err(TryLockError::WouldBlock) => bail!("{}", in_use(path, holder_of(path).as_ref())),
        Err(TryLockError::Error(error)) if has_no_locks(&error) => {
            lock_beside(path, &beside, &holder)?;
        }
        Err(TryLockError::Error(error)) => return Err(error).with_context(named),
    }
    Ok(Lock { file, beside, holder })
}

impl Lock {
    /// The file.
    pub fn file(&mut self) -> &mut File {
        &mut self.file
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // The file may be another lock's by now, whose process is this one, too.
        if read_holder(&self.beside).as_ref() == Some(&self.holder) {
            let _ = std::fs::remove_file(&self.beside);
        }
    }
}

/// Who writes to a record file, if somebody does and left a note.
pub fn holder_of(path: &Path) -> Option<Holder> {
    read_holder(&beside(path)).filter(|holder| !holder.has_ended())
}

fn read_holder(beside: &Path) -> Option<Holder> {
    serde_json::from_slice(&std::fs::read(beside).ok()?).ok()
}

fn beside(path: &Path) -> PathBuf {
    path.with_extension("jsonl.lock")
}

fn in_use(path: &Path, holder: Option<&Holder>) -> String {
    let who = holder.map_or_else(String::new, |holder| format!(" ({})", holder.describe()));
    format!("another sweep{who} is writing to {}; wait until it ends", path.display())
}

/// Whether a file system has no locks, as some network mounts have not.
fn has_no_locks(error: &std::io::Error) -> bool {
    // ENOSYS, ENOLCK and EOPNOTSUPP on Linux.
    error.kind() == ErrorKind::Unsupported
        || matches!(error.raw_os_error(), Some(37 | 38 | 95)) && cfg!(target_os = "linux")
}

/// Locks by a file beside the records, which only one process can create.
fn lock_beside(path: &Path, beside: &Path, holder: &Holder) -> Result<()> {
    for _ in 0..2 {
        match OpenOptions::new().write(true).create_new(true).open(beside) {
            Ok(mut file) => {
                let text = serde_json::to_vec(holder)?;
                let written = file.write_all(&text).and_then(|()| file.sync_all());
                return written.with_context(|| format!("{} cannot be written", beside.display()));
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => match read_holder(beside) {
                Some(other) if other.has_ended() => {
                    let _ = std::fs::remove_file(beside);
                }
                other => bail!(
                    "{}; if it has ended, remove {} (this file system has no locks)",
                    in_use(path, other.as_ref()),
                    beside.display()
                ),
            },
            Err(error) => {
                return Err(error)
                    .with_context(|| format!("{} cannot be written", beside.display()));
            }
        }
    }
    bail!("{}", in_use(path, None))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_says_who_writes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("runs.jsonl");
        let first = lock(&path).unwrap();
        let said = lock(&path).unwrap_err().to_string();
        let process = format!("process {} on", std::process::id());
        assert!(said.contains("another sweep (") && said.contains(&process), "{said}");
        drop(first);
        assert_eq!(holder_of(&path), None);
        lock(&path).unwrap();
    }

    /// As on a file system without locks.
    #[test]
    fn without_locks_a_file_beside_is_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("runs.jsonl");
        let beside = beside(&path);
        let here = Holder::here(0);
        lock_beside(&path, &beside, &here).unwrap();
        let said = lock_beside(&path, &beside, &here).unwrap_err().to_string();
        assert!(said.contains("remove") && said.contains("runs.jsonl.lock"), "{said}");
        // Of a process of this machine that has ended, and of another machine.
        let dead = Holder { process: u32::MAX, ..here.clone() };
        std::fs::write(&beside, serde_json::to_vec(&dead).unwrap()).unwrap();
        lock_beside(&path, &beside, &here).unwrap();
        assert_eq!(read_holder(&beside), Some(here.clone()));
        let other = Holder { host: "elsewhere".to_owned(), ..dead };
        std::fs::write(&beside, serde_json::to_vec(&other).unwrap()).unwrap();
        assert!(lock_beside(&path, &beside, &here).is_err());
    }

    #[test]
    fn an_older_lock_leaves_the_note_of_a_newer_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("runs.jsonl");
        let older = lock(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        let newer = lock(&path).unwrap();
        drop(older);
        assert_eq!(holder_of(&path).as_ref(), Some(&newer.holder));
    }
}
