//! Reading record files.

use super::line::{self, Fault};
use super::{Curves, FORMAT, Outcome, Record};
use anyhow::{Context, Result, bail};
use flate2::bufread::MultiGzDecoder;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The records of a results folder, by the id of their run. They lack the canonical form, of which
/// the id is the hash.
#[derive(Clone, Debug, Default)]
pub struct Records {
    by_id: BTreeMap<String, Record>,
    /// The origins of records, which share them.
    origins: BTreeSet<Arc<str>>,
    /// Files whose last line was cut short.
    pub torn: Vec<PathBuf>,
    /// Lines that do not count.
    pub damaged: Vec<Damaged>,
}

/// A line that does not count: its run is done again, or another record of it counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damaged {
    /// Its file.
    pub path: PathBuf,
    /// Its number, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub why: String,
    /// Whether it is a valid record, which contradicts an earlier one.
    pub contradicts: bool,
}

impl Records {
    /// Reads every `runs*.jsonl` of a folder, and every `runs*.jsonl.gz`; a folder that does not exist has none. Damaged lines do not
    /// count; of two results of a run that differ, the first counts.
    ///
    /// # Errors
    /// If a file cannot be read, or has records of another format.
    pub fn read(folder: &Path) -> Result<Self> {
        let mut records = Self::default();
        for path in files(folder)? {
            records.read_file(&path, line::read, Self::insert)?;
        }
        Ok(records)
    }

    /// As [`Self::read`], without numbers: only how runs ended, so that memory does not grow with their
    /// length. Whether two results of a run differ is not seen. Only files that are `wanted` are read.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn read_outcomes(folder: &Path, wanted: impl Fn(&Path) -> bool) -> Result<Self> {
        let mut records = Self::default();
        for path in files(folder)?.into_iter().filter(|path| wanted(path)) {
            records.read_file(&path, line::read_outcome, |records, record| {
                records.insert_outcome(record);
                Ok(())
            })?;
        }
        Ok(records)
    }

    fn read_file(
        &mut self,
        path: &Path,
        read: impl Fn(&[u8]) -> Result<Record, Fault>,
        insert: impl Fn(&mut Self, Record) -> Result<(), String>,
    ) -> Result<()> {
        let is_whole = each_line_with(path, read, |number, _, read| {
            let why = match read {
                Ok(record) => insert(self, record).err().map(|other| (other, true)),
                Err(why) => Some((why, false)),
            };
            if let Some((why, contradicts)) = why {
                let damaged = Damaged { path: path.to_owned(), line: number, why, contradicts };
                self.damaged.push(damaged);
            }
        })?;
        if !is_whole {
            self.torn.push(path.to_owned());
        }
        Ok(())
    }

    /// Adds a record. A finished record replaces an unfinished one, never the reverse: files are not
    /// read in the order in which their runs were done.
    ///
    /// # Errors
    /// If there is another record of the same finished run, and the two differ: which.
    pub fn insert(&mut self, record: Record) -> Result<(), String> {
        let origin = record.origin.as_ref().map(|origin| self.shared(origin));
        let record = Record { run: Value::Null, origin, ..record };
        if let Some(other) = self.by_id.get(&record.id) {
            if other.contradicts(&record) {
                return Err(format!(
                    "run {} is stored before with other results, which count: one of the two is of another \
                     machine or version",
                    record.id
                ));
            }
            if other.outcome == Outcome::Done {
                return Ok(());
            }
        }
        self.by_id.insert(record.id.clone(), record);
        Ok(())
    }

    fn shared(&mut self, origin: &Arc<str>) -> Arc<str> {
        if let Some(known) = self.origins.get(origin) {
            return Arc::clone(known);
        }
        self.origins.insert(Arc::clone(origin));
        Arc::clone(origin)
    }

    /// Adds a record without its numbers to those without theirs ([`Self::read_outcomes`]).
    pub fn insert_outcome(&mut self, mut record: Record) {
        drop_numbers(&mut record);
        // Without numbers, two records of a run do not differ.
        let _ = self.insert(record);
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

/// Hands over the lines of a record file, one by one: number, bytes, and the record or what is wrong with
/// the line. Returns whether the last line is whole; one that is not is left out.
///
/// # Errors
/// If the file cannot be read, or has records of another format.
pub fn each_line(
    path: &Path,
    each: impl FnMut(usize, &[u8], Result<Record, String>),
) -> Result<bool> {
    each_line_with(path, line::read, each)
}

/// As [`each_line`], without numbers: only how runs ended.
///
/// # Errors
/// As [`each_line`].
pub fn each_outcome(
    path: &Path,
    each: impl FnMut(usize, &[u8], Result<Record, String>),
) -> Result<bool> {
    each_line_with(path, line::read_outcome, each)
}

fn each_line_with(
    path: &Path,
    read: impl Fn(&[u8]) -> Result<Record, Fault>,
    mut each: impl FnMut(usize, &[u8], Result<Record, String>),
) -> Result<bool> {
    let named = || format!("{} cannot be read", path.display());
    check_regular(path)?;
    let file = BufReader::new(File::open(path).with_context(named)?);
    let mut file: Box<dyn BufRead> = match is_compressed(path) {
        true => Box::new(BufReader::new(MultiGzDecoder::new(file))),
        false => Box::new(file),
    };
    let mut line = vec![];
    for number in 1.. {
        line.clear();
        if file.read_until(b'\n', &mut line).with_context(named)? == 0 {
            break;
        }
        if !line.ends_with(b"\n") {
            return Ok(false);
        }
        match read(&line) {
            Ok(record) => each(number, &line, Ok(record)),
            Err(Fault::Damaged(why)) => each(number, &line, Err(why)),
            Err(Fault::Format(format)) => bail!(
                "{}, line {number} has records of format {format}, but this program uses format {FORMAT}; \
                 choose another folder with --results, or move the file away",
                path.display()
            ),
        }
    }
    Ok(true)
}

/// Leaves only how the run ended.
fn drop_numbers(record: &mut Record) {
    (record.curves, record.gradient) = (Curves::default(), Curves::default());
    record.references.clear();
    record.artifacts.clear();
}

/// Rejects what is no file, such as a folder or a pipe, which would wait for a writer.
///
/// # Errors
/// If it is there and no file.
pub(super) fn check_regular(path: &Path) -> Result<()> {
    match std::fs::metadata(path) {
        Ok(found) if !found.is_file() => bail!("{} is not a file; move it away", path.display()),
        _ => Ok(()),
    }
}

/// Whether records are compressed with gzip. Such a file is only read.
pub fn is_compressed(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "gz")
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
        if name.starts_with("runs") && (name.ends_with(".jsonl") || name.ends_with(".jsonl.gz")) {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::super::line::tests::record;
    use super::*;
    use std::io::Write;

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
        assert_eq!(records.get("a").unwrap().curves.at("validation-loss", 0), Some(1.0));
    }

    #[test]
    fn compressed_records_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let compressed = |ids: &[&str]| {
            let mut gz = flate2::write::GzEncoder::new(vec![], flate2::Compression::default());
            for id in ids {
                gz.write_all(&line::write(&record(id, Outcome::Done, 1.0)).unwrap()).unwrap();
            }
            gz.finish().unwrap()
        };
        // Two files one after another are a file, too.
        let path = folder.path().join("runs.jsonl.gz");
        std::fs::write(&path, [compressed(&["a", "b"]), compressed(&["c"])].concat()).unwrap();
        let plain = line::write(&record("d", Outcome::Done, 1.0)).unwrap();
        std::fs::write(folder.path().join("runs.jsonl"), plain).unwrap();
        assert_eq!(Records::read(folder.path()).unwrap().len(), 4);
        let mut cut = compressed(&["a", "b"]);
        cut.truncate(cut.len() - 9);
        std::fs::write(&path, cut).unwrap();
        let error = Records::read(folder.path()).unwrap_err().to_string();
        assert!(error.contains("runs.jsonl.gz cannot be read"), "{error}");
    }

    #[test]
    fn damaged_lines_are_named_and_the_others_count() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("runs.jsonl");
        let line = |id, value| line::write(&record(id, Outcome::Done, value)).unwrap();
        let lines =
            [line("a", 1.0), b"\n".to_vec(), b"{\"form\n".to_vec(), line("b", 1.0), line("a", 2.0)];
        std::fs::write(&path, lines.concat()).unwrap();
        let records = Records::read(folder.path()).unwrap();
        assert_eq!(records.len(), 2);
        let damaged: Vec<_> =
            records.damaged.iter().map(|damaged| (damaged.line, damaged.contradicts)).collect();
        assert_eq!(damaged, [(2, false), (3, false), (5, true)]);
        std::fs::write(&path, "{\"format\":99}\n").unwrap();
        assert!(Records::read(folder.path()).unwrap_err().to_string().contains("format 99"));
    }
}
