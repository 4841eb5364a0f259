//! Writing record files: one writer for each, lines appended and synced.

use super::lock::{Lock, lock};
use super::{Record, line};
use crate::files::replace;
use anyhow::{Context, Result};
use std::fs::OpenOptions;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Bytes that are read at a time.
const BLOCK: u64 = 1 << 16;

/// The only writer of a record file.
#[derive(Debug)]
pub struct Writer {
    lock: Lock,
    path: PathBuf,
    is_whole: bool,
}

impl Writer {
    /// Opens a file to append to, for this process alone.
    ///
    /// # Errors
    /// As [`lock`].
    pub fn open(path: &Path) -> Result<Self> {
        Ok(Self { lock: lock(path)?, path: path.to_owned(), is_whole: false })
    }

    /// Appends a record in one call, and waits until it is on the disk. The first call cuts off a torn
    /// last line, which was never a finished run.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn append(&mut self, record: &Record) -> Result<()> {
        self.write(&line::write(record)?)
            .with_context(|| format!("{} cannot be written", self.path.display()))
    }

    /// Appends lines of another record file as they are, and waits until they are on the disk.
    ///
    /// # Errors
    /// If they cannot be written.
    pub fn append_lines(&mut self, lines: &[u8]) -> Result<()> {
        self.write(lines).with_context(|| format!("{} cannot be written", self.path.display()))
    }

    /// Moves lines, by their numbers, to a file beside this one, whose name it returns.
    ///
    /// # Errors
    /// If a file cannot be written; then all lines are where they were.
    pub fn set_aside(&mut self, numbers: &[usize]) -> Result<PathBuf> {
        let to = self.path.with_extension("jsonl.damaged");
        self.move_lines(numbers, &to)
            .with_context(|| format!("damaged lines of {} cannot be moved", self.path.display()))?;
        // The file is a new one now, whose lock is free.
        self.lock = lock(&self.path)?;
        Ok(to)
    }

    fn move_lines(&mut self, numbers: &[usize], to: &Path) -> Result<()> {
        let mut text = vec![];
        self.lock.file().seek(SeekFrom::Start(0))?;
        self.lock.file().read_to_end(&mut text)?;
        let lines = text.split_inclusive(|&byte| byte == b'\n').zip(1..);
        let (damaged, kept): (Vec<_>, Vec<_>) = lines.partition(|(_, line)| numbers.contains(line));
        let concat = |lines: Vec<(&[u8], usize)>| -> Vec<u8> {
            lines.into_iter().flat_map(|(line, _)| line.iter().copied()).collect()
        };
        let mut aside = OpenOptions::new().append(true).create(true).open(to)?;
        aside.write_all(&concat(damaged))?;
        aside.sync_all()?;
        replace(&self.path, &concat(kept)).map(|_| ())
    }

    fn write(&mut self, line: &[u8]) -> std::io::Result<()> {
        if !self.is_whole {
            let whole = self.end_of_last_line()?;
            if whole < self.lock.file().metadata()?.len() {
                self.lock.file().set_len(whole)?;
            }
            self.is_whole = true;
        }
        self.lock.file().write_all(line)?;
        self.lock.file().sync_data()
    }

    /// Where the last whole line ends, read from the end: files can be larger than memory.
    fn end_of_last_line(&mut self) -> std::io::Result<u64> {
        let file = self.lock.file();
        let mut end = file.metadata()?.len();
        let mut block = vec![];
        while end > 0 {
            let start = end.saturating_sub(BLOCK);
            file.seek(SeekFrom::Start(start))?;
            block.clear();
            (&*file).take(end - start).read_to_end(&mut block)?;
            if let Some(place) = block.iter().rposition(|&byte| byte == b'\n') {
                return Ok(start + place as u64 + 1);
            }
            end = start;
        }
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::line::tests::record;
    use super::*;
    use crate::record::{Outcome, Records};

    #[test]
    fn a_torn_line_is_cut_and_what_was_whole_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("runs.jsonl");
        Writer::open(&path).unwrap().append(&record("a", Outcome::Done, 1.0)).unwrap();
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"{\"format\":1,\"id\":\"b").unwrap();
        drop(file);
        let records = Records::read(folder.path()).unwrap();
        assert_eq!((records.len(), records.torn.len()), (1, 1));
        Writer::open(&path).unwrap().append(&record("c", Outcome::Done, 2.0)).unwrap();
        let records = Records::read(folder.path()).unwrap();
        assert_eq!((records.len(), records.torn.len()), (2, 0));
    }

    #[test]
    fn damaged_lines_are_moved_and_the_file_stays_writable() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("runs.jsonl");
        let mut writer = Writer::open(&path).unwrap();
        writer.append(&record("a", Outcome::Done, 1.0)).unwrap();
        OpenOptions::new().append(true).open(&path).unwrap().write_all(b"damaged\n").unwrap();
        writer.append(&record("b", Outcome::Done, 1.0)).unwrap();
        let numbers: Vec<usize> =
            Records::read(folder.path()).unwrap().damaged.iter().map(|found| found.line).collect();
        let aside = writer.set_aside(&numbers).unwrap();
        assert!(Writer::open(&path).unwrap_err().to_string().contains("another sweep"));
        writer.append(&record("c", Outcome::Done, 1.0)).unwrap();
        let records = Records::read(folder.path()).unwrap();
        assert_eq!((records.len(), records.damaged.len()), (3, 0));
        assert_eq!(std::fs::read(aside).unwrap(), b"damaged\n");
    }

    #[test]
    fn a_file_has_one_writer() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("runs.jsonl");
        let first = Writer::open(&path).unwrap();
        assert!(Writer::open(&path).unwrap_err().to_string().contains("another sweep"));
        drop(first);
        Writer::open(&path).unwrap();
    }
}
