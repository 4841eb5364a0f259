//! `report`: tables, plots and report again, from the stored runs.

use super::Exit;
use crate::cli::Report;
use crate::results::Summary;
use crate::store::replace;
use crate::{Registries, report as page};
use anyhow::{Context, Result, bail};

/// Writes everything that is made from stored runs.
///
/// # Errors
/// If there are no stored runs, or something cannot be read or written.
pub fn report(arguments: &Report, registries: &Registries) -> Result<Exit> {
    for (experiment, folder) in arguments.selection.read(registries)? {
        let records = page::stored(&folder, &experiment)?;
        let runs = experiment.runs(registries)?;
        let summary = Summary::new(&experiment, &runs, &records);
        let (there, all) = summary.progress();
        if there == 0 {
            bail!(
                "{} has none of the {all} runs of experiment `{}`; do them first: sweep {}",
                folder.display(),
                experiment.name,
                experiment.path.display()
            );
        }
        page::write(&summary, &folder, registries)?;
        say!("{}: {there} of {all} runs, in {}", experiment.name, folder.display());
        if let Some(readme) = &arguments.readme {
            let said = || readme.display().to_string();
            let text = std::fs::read_to_string(readme)
                .with_context(|| format!("{} cannot be read", readme.display()))?;
            let mark = page::mark(&experiment.name);
            if !text.contains(&mark) {
                eprintln!("note: {} has no `{mark}`; nothing is written there", readme.display());
            }
            let ranking = page::markdown(&summary);
            let spliced = page::splice(&text, &experiment.name, &ranking).with_context(said)?;
            if spliced != text {
                replace(readme, spliced.as_bytes())?;
                say!("{}: ranking of `{}` written", readme.display(), experiment.name);
            }
        }
    }
    Ok(Exit::Ok)
}
