//! Files of a folder, and files that are written whole or not at all.

use anyhow::{Context, Result};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The extension of a file that is still being written.
const PARTIAL: &str = "partial";

/// A file that is still being written after so long belongs to a process that was killed.
const ABANDONED: Duration = Duration::from_secs(60 * 60);

/// The files of a folder with that extension, in order of their names.
///
/// # Errors
/// If the folder cannot be read.
pub fn with_extension(folder: &Path, extension: &str) -> Result<Vec<PathBuf>> {
    let named = || format!("folder {} cannot be read", folder.display());
    let mut paths = vec![];
    for entry in std::fs::read_dir(folder).with_context(named)? {
        let path = entry.with_context(named)?.path();
        if path.extension().is_some_and(|found| found == extension) {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// Removes the half-written files of killed processes in a folder and its subfolders. Files that are younger than an
/// hour stay, because another process may still be writing them.
pub fn remove_abandoned(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() {
            remove_abandoned(&entry.path());
        } else if kind.is_file() && is_abandoned(&entry) {
            // If it cannot be removed, it does no harm: nobody reads it.
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

fn is_abandoned(entry: &std::fs::DirEntry) -> bool {
    let name = entry.file_name();
    let is_ours = name.to_str().is_some_and(|name| {
        name.starts_with('.') && Path::new(name).extension().is_some_and(|found| found == PARTIAL)
    });
    let age = || entry.metadata().ok()?.modified().ok()?.elapsed().ok();
    is_ours && age().is_some_and(|age| age > ABANDONED)
}

/// Writes a file beside its place, syncs it and renames it there, so that it is there whole or not
/// at all. A symbolic link keeps pointing to the file, which keeps its permissions. Returns whether
/// the content changed.
///
/// # Errors
/// If it cannot be written.
pub fn replace(path: &Path, content: &[u8]) -> Result<bool> {
    if std::fs::read(path).is_ok_and(|present| present == content) {
        return Ok(false);
    }
    replace_with(path, |file| Ok(file.write_all(content)?))?;
    Ok(true)
}

/// As [`replace`], for content that is written piece by piece.
///
/// # Errors
/// If it cannot be written.
pub fn replace_with(
    path: &Path,
    content: impl FnOnce(&mut (dyn Write + Send)) -> Result<()>,
) -> Result<()> {
    write_and_rename(path, content).with_context(|| format!("{} cannot be written", path.display()))
}

fn write_and_rename(
    path: &Path,
    content: impl FnOnce(&mut (dyn Write + Send)) -> Result<()>,
) -> Result<()> {
    let target = followed(path)?;
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let mut beside = tempfile::Builder::new();
    let suffix = format!(".{PARTIAL}");
    beside.prefix(".").suffix(&suffix);
    #[cfg(unix)]
    {
        // The default is for secrets; this is what an ordinary new file has.
        use std::os::unix::fs::PermissionsExt;
        beside.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let mut beside = beside.tempfile_in(folder)?;
    content(&mut beside)?;
    if let Ok(present) = std::fs::metadata(&target) {
        beside.as_file().set_permissions(present.permissions())?;
    }
    beside.as_file().sync_all()?;
    beside.persist(&target)?;
    Ok(())
}

/// Where a path leads: a link may name a file that does not exist yet.
fn followed(path: &Path) -> std::io::Result<PathBuf> {
    let mut target = path.to_owned();
    // As many as Linux follows.
    for _ in 0..40 {
        let Ok(next) = std::fs::read_link(&target) else { return Ok(target) };
        target = target.parent().unwrap_or(Path::new("")).join(next);
    }
    Err(std::io::Error::other("too many symbolic links"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("inner/file.txt");
        assert!(replace(&path, b"one").unwrap());
        assert!(!replace(&path, b"one").unwrap());
        assert!(replace(&path, b"two").unwrap());
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
        assert_eq!(with_extension(path.parent().unwrap(), "txt").unwrap(), [path]);
    }

    #[cfg(unix)]
    #[test]
    fn links_and_permissions_stay() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        std::fs::write(&file, "one").unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        symlink(&file, &link).unwrap();
        replace(&link, b"two").unwrap();
        assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(std::fs::read(&file).unwrap(), b"two");
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_a_file_that_does_not_exist_yet_stays_a_link() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let (link, circle) = (folder.path().join("link"), folder.path().join("circle"));
        symlink("inner/file", &link).unwrap();
        replace(&link, b"one").unwrap();
        assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(std::fs::read(folder.path().join("inner/file")).unwrap(), b"one");
        symlink("circle", &circle).unwrap();
        let error = format!("{:#}", replace(&circle, b"one").unwrap_err());
        assert!(error.contains("too many symbolic links"), "{error}");
    }

    #[test]
    fn what_killed_processes_left_is_removed_when_it_is_old() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("plots");
        std::fs::create_dir(&inner).unwrap();
        let old = std::time::SystemTime::now() - 2 * ABANDONED;
        let file = |path: PathBuf, written| {
            let file = std::fs::File::create(&path).unwrap();
            file.set_modified(written).unwrap();
            path
        };
        let now = std::time::SystemTime::now();
        let gone = [folder.path().join(".a1.partial"), inner.join(".b2.partial")];
        let kept = [
            file(inner.join(".c3.partial"), now),
            file(folder.path().join("mine.partial"), old),
            file(folder.path().join(".partial"), old),
            file(inner.join("final.svg"), old),
        ];
        let gone = gone.map(|path| file(path, old));
        remove_abandoned(folder.path());
        assert!(gone.iter().all(|path| !path.exists()));
        assert!(kept.iter().all(|path| path.exists()));
        remove_abandoned(&folder.path().join("no such folder"));
    }
}
