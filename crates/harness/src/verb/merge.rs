use super::{Exit, Report, Selection};
use crate::record::{self, Outcome, Records, Writer, each_line, files};
use crate::{Program, Registries};
use anyhow::{Context, Result, bail};
use clap::Args;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Collect the runs of other results folders, and write the report of all.
///
/// The other folders are only read. Merging again changes nothing, and the order does not matter: the report
/// is that of one machine that did all runs.
#[derive(Debug, Args)]
pub struct Merge {
    /// The runs
    #[command(flatten)]
    pub selection: Selection,
    /// Results folder of another machine, with a folder for each experiment; can be repeated
    #[arg(long, value_name = "DIR", required = true)]
    pub from: Vec<PathBuf>,
}

impl Merge {
    /// Appends the records that are not there yet, and reports.
    ///
    /// # Errors
    /// If a folder cannot be read or written, or holds other results of a run.
    pub fn run(&self, program: Program, registries: &Registries) -> Result<Exit> {
        for (experiment, folder) in self.selection.read(registries)? {
            let name = folder.file_name().unwrap_or_default();
            let others: Vec<PathBuf> = self.from.iter().map(|from| from.join(name)).collect();
            if let Some(other) = others.iter().find(|other| !other.is_dir()) {
                bail!("{} is no folder with results of `{}`", other.display(), experiment.name);
            }
            others.iter().try_for_each(|other| record::check_folder(other, &experiment.name))?;
            record::check_folder(&folder, &experiment.name)?;
            std::fs::create_dir_all(&folder)
                .with_context(|| format!("{} cannot be created", folder.display()))?;
            let mut writer = Writer::open(&folder.join("runs.jsonl"))?;
            let mut stored = record::stored(&folder, &experiment.name)?;
            let mut new = 0;
            for other in &others {
                new += take(other, &mut stored, &mut writer)?;
            }
            let runs = experiment.runs()?;
            let missing = runs.iter().filter(|run| stored.get(&run.id).is_none()).count();
            say!("{}: {new} runs are new, {missing} are still missing", experiment.name);
            if missing > 0 {
                note!("note: to do them, run `sweep {}`", experiment.arguments());
            }
        }
        Report { selection: self.selection.clone(), readme: None }.run(program, registries)
    }
}

/// Appends the lines of a folder's records that are not stored yet: new runs, and runs that have ended since.
/// Returns how many.
fn take(folder: &Path, stored: &mut Records, writer: &mut Writer) -> Result<usize> {
    let mut lines: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let mut differing = vec![];
    for path in files(folder)? {
        each_line(&path, |number, line, read| {
            let Ok(record) = read else { return };
            let is_new = match stored.get(&record.id) {
                None => true,
                Some(known) => known.outcome != Outcome::Done && record.outcome == Outcome::Done,
            };
            let id = record.id.clone();
            match stored.insert(record) {
                Err(why) => differing.push(format!("{}, line {number}: {why}", path.display())),
                Ok(()) if is_new => {
                    lines.insert(id, line.to_vec());
                }
                Ok(()) => {}
            }
        })?;
    }
    if let Some(first) = differing.first() {
        bail!("nothing was taken from {}: {first}", folder.display());
    }
    let count = lines.len();
    let all: Vec<u8> = lines.into_values().flatten().collect();
    if count > 0 {
        writer.append_lines(&all)?;
    }
    Ok(count)
}
