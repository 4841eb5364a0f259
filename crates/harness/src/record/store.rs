//! Reading and writing record files.

use super::{Curves, FORMAT, Outcome, Record};
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// The records of a results folder, by the id of their run. They lack the canonical form, of which
/// the id is the hash.
#[derive(Clone, Debug, Default)]
pub struct Records {
    by_id: BTreeMap<String, Record>,
    /// Files whose last line was cut short.
    pub torn: Vec<PathBuf>,
}

impl Records {
    /// Reads every `runs*.jsonl` of a folder; a folder that does not exist has none.
    ///
    /// # Errors
    /// If a file cannot be read, a line other than a torn last one is not a record, or two records of
    /// a finished run differ.
    pub fn read(folder: &Path) -> Result<Self> {
        let mut records = Self::default();
        for path in files(folder)? {
            records.read_file(&path)?;
        }
        Ok(records)
    }

    fn read_file(&mut self, path: &Path) -> Result<()> {
        let named = || format!("{} cannot be read", path.display());
        let mut file = BufReader::new(File::open(path).with_context(named)?);
        let mut line = vec![];
        for number in 1.. {
            let place = || format!("{}, line {number}", path.display());
            line.clear();
            if file.read_until(b'\n', &mut line).with_context(named)? == 0 {
                break;
            }
            if !line.ends_with(b"\n") {
                self.torn.push(path.to_owned());
                break;
            }
            let record = parse(&line, place)?;
            self.insert(record).with_context(place)?;
        }
        Ok(())
    }

    /// Adds a record. A finished record replaces an unfinished one, never the reverse: files are not
    /// read in the order in which their runs were done.
    ///
    /// # Errors
    /// If there is another record of the same finished run, and the two differ.
    pub fn insert(&mut self, record: Record) -> Result<()> {
        let record = Record { run: Value::Null, ..record };
        if let Some(other) = self.by_id.get(&record.id) {
            let both_done = other.outcome == record.outcome;
            if both_done && other.result() != record.result() {
                bail!(
                    "run {} is stored twice with different results: \
                     a file was written by another version or is damaged",
                    record.id
                );
            }
            if other.outcome == Outcome::Done {
                return Ok(());
            }
        }
        self.by_id.insert(record.id.clone(), record);
        Ok(())
    }

    /// The same records without their numbers, so that memory does not grow with the length of runs.
    pub fn outcomes(mut self) -> Self {
        self.by_id.values_mut().for_each(drop_numbers);
        self
    }

    /// Adds a record without its numbers.
    ///
    /// # Errors
    /// As [`Self::insert`].
    pub fn insert_outcome(&mut self, mut record: Record) -> Result<()> {
        drop_numbers(&mut record);
        self.insert(record)
    }

    /// The record of a run.
    pub fn get(&self, id: &str) -> Option<&Record> {
        self.by_id.get(id)
    }

    /// The number of records.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether there are no records.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }
}

/// Leaves only how the run ended.
fn drop_numbers(record: &mut Record) {
    (record.curves, record.gradient) = (Curves::default(), Curves::default());
    record.references.clear();
    record.artifacts.clear();
}

/// The record of a line.
fn parse(line: &[u8], place: impl Fn() -> String) -> Result<Record> {
    #[derive(serde::Deserialize)]
    struct Header {
        format: u32,
    }
    let record = serde_json::from_slice::<Record>(line);
    let format = match &record {
        Ok(record) => Ok(record.format),
        // Only the header of another format is known.
        Err(_) => serde_json::from_slice::<Header>(line).map(|header| header.format),
    };
    let format = format.with_context(|| {
        format!("{} is not a record; move the file away, or repair the line", place())
    })?;
    if format != FORMAT {
        bail!(
            "{} has records of format {format}, but this program uses format {FORMAT}; \
             choose another folder with --results, or move the file away",
            place()
        );
    }
    record.with_context(place)
}

/// The record files of a folder, in order of their names.
///
/// # Errors
/// If the folder cannot be read.
pub fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(vec![]),
        Err(error) => {
            return Err(error).with_context(|| format!("{} cannot be read", folder.display()));
        }
    };
    let mut paths = vec![];
    for entry in entries {
        let path = entry.with_context(|| folder.display().to_string())?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with("runs") && name.ends_with(".jsonl") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// Opens a file to append to, for this process alone.
///
/// # Errors
/// If the file cannot be written to, or another process has it open.
pub fn lock(path: &Path) -> Result<File> {
    let named = || format!("{} cannot be written", path.display());
    let mut options = OpenOptions::new();
    let file = options.read(true).append(true).create(true).open(path).with_context(named)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => {
            bail!("another sweep is writing to {}; wait until it ends", path.display())
        }
        Err(std::fs::TryLockError::Error(error)) => Err(error).with_context(named),
    }
}

/// The only writer of a record file.
#[derive(Debug)]
pub struct Writer {
    file: File,
    path: PathBuf,
    is_whole: bool,
}

impl Writer {
    /// Opens a file to append to, for this process alone.
    ///
    /// # Errors
    /// As [`lock`].
    pub fn open(path: &Path) -> Result<Self> {
        Ok(Self { file: lock(path)?, path: path.to_owned(), is_whole: false })
    }

    /// Appends a record in one call, and waits until it is on the disk. The first call cuts off a torn
    /// last line, which was never a finished run.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn append(&mut self, record: &Record) -> Result<()> {
        let mut line = serde_json::to_vec(record)?;
        line.push(b'\n');
        self.write(&line).with_context(|| format!("{} cannot be written", self.path.display()))
    }

    fn write(&mut self, line: &[u8]) -> std::io::Result<()> {
        if !self.is_whole {
            let mut text = vec![];
            self.file.seek(SeekFrom::Start(0))?;
            self.file.read_to_end(&mut text)?;
            let whole = text.iter().rposition(|&byte| byte == b'\n').map_or(0, |place| place + 1);
            if whole < text.len() {
                self.file.set_len(whole as u64)?;
            }
            self.is_whole = true;
        }
        self.file.write_all(line)?;
        self.file.sync_data()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Curves, Timing};

    fn record(id: &str, outcome: Outcome, value: f64) -> Record {
        let mut curves = Curves::default();
        curves.push(0, [("validation-loss", value)]);
        let run = serde_json::json!({});
        let (gradient, timing) = (Curves::default(), Timing::default());
        let (references, artifacts) = (BTreeMap::new(), vec![]);
        let id = id.to_owned();
        Record { format: FORMAT, id, run, outcome, curves, gradient, references, artifacts, timing }
    }

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
    fn two_results_of_a_run_must_agree() {
        let mut records = Records::default();
        let failed = Outcome::Failed { why: "no memory".to_owned() };
        records.insert(record("a", failed, 1.0)).unwrap();
        records.insert(record("a", Outcome::Done, 1.0)).unwrap();
        records.insert(record("a", Outcome::Done, 1.0)).unwrap();
        assert!(records.insert(record("a", Outcome::Done, 2.0)).is_err());
        records.insert(record("a", Outcome::TimedOut { step: 0 }, 1.0)).unwrap();
        assert_eq!(records.get("a").unwrap().outcome, Outcome::Done);
    }

    #[test]
    fn a_damaged_line_and_another_format_are_errors() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("runs.jsonl");
        std::fs::write(&path, "{\"format\":1,\"id\n{}\n").unwrap();
        assert!(Records::read(folder.path()).unwrap_err().to_string().contains("line 1"));
        std::fs::write(&path, "{\"format\":99}\n").unwrap();
        assert!(Records::read(folder.path()).unwrap_err().to_string().contains("format 99"));
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
