use super::selection::warn;
use super::{Exit, Selection};
use crate::files::replace;
use crate::report::Written;
use crate::results::Summary;
use crate::{Program, Registries, record, report};
use anyhow::{Context, Result};
use clap::Args;
use std::path::{Path, PathBuf};

/// Write tables, plots and report again, from the stored runs.
#[derive(Debug, Args)]
pub struct Report {
    /// The runs
    #[command(flatten)]
    pub selection: Selection,
    /// Also write results into this file: the ranking between the marks <!-- ranking NAME --> and
    /// <!-- end ranking -->, likewise an overview of eight rows and the answer
    #[arg(long, value_name = "FILE")]
    pub readme: Option<PathBuf>,
}

impl Report {
    /// Writes everything that is made from stored runs.
    ///
    /// # Errors
    /// If there are no stored runs, or a file cannot be read or written.
    pub fn run(&self, program: Program, registries: &Registries) -> Result<Exit> {
        for (experiment, folder) in self.selection.read(registries)? {
            let records = record::stored(&folder, &experiment.name)?;
            let runs = experiment.runs()?;
            let summary = Summary::new(&experiment, &runs, &records);
            summary.require_runs(&folder)?;
            let (stored, all) = summary.progress();
            let written = report::write(&summary, &folder, program)?;
            say!("{}: {stored} of {all} runs, in {}", experiment.name, folder.display());
            if written.reading == report::Reading::OtherSettings {
                let (name, settings) = (&experiment.name, &summary.settings);
                note!(
                    "note: the reading of `{name}` is for other settings, and is not shown; once it is \
                     true of these, add reading-of = \"{settings}\""
                );
            }
            warn(&summary);
            if let Some(readme) = &self.readme {
                write_parts(&summary, &written, readme)?;
            }
        }
        Ok(Exit::Ok)
    }
}

/// Replaces the parts about an experiment inside a text.
fn write_parts(summary: &Summary<'_>, written: &Written, readme: &Path) -> Result<()> {
    let named = || readme.display().to_string();
    let text = std::fs::read_to_string(readme)
        .with_context(|| format!("{} cannot be read", readme.display()))?;
    let name = &summary.experiment.name;
    let ranking = report::markdown(summary);
    match report::splice(&text, &written.summary, Some(&ranking)).with_context(named)? {
        None => {
            let marks = report::marks(name);
            note!("note: {} has none of {marks}, so nothing was written", readme.display());
        }
        Some(spliced) if spliced != text => {
            replace(readme, spliced.as_bytes())?;
            say!("{}: results of `{name}` written", readme.display());
        }
        Some(_) => {}
    }
    Ok(())
}
