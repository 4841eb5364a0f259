//! Where an experiment's data sets are looked for.

use super::{Experiment, Overrides};
use anyhow::{Result, anyhow};
use model::data::{Absent, Folders};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The environment variable that names the folder of data sets.
pub const VARIABLE: &str = "ARGMAX_LAB_DATA";

/// The folders of an experiment file: data sets are in that of the command line, else in that of the
/// environment, else in `data`.
pub(super) fn folders(experiment: &Path, overrides: &Overrides) -> Folders {
    let experiment = experiment.parent().unwrap_or(Path::new("")).to_owned();
    let data = search(overrides.data.as_deref(), std::env::var_os(VARIABLE), &experiment);
    Folders { experiment, data, known: overrides.known.clone() }
}

fn search(given: Option<&Path>, variable: Option<OsString>, experiment: &Path) -> Vec<PathBuf> {
    let variable = variable.filter(|folder| !folder.is_empty()).map(PathBuf::from);
    if let Some(folder) = given.map(Path::to_owned).or(variable) {
        return vec![folder];
    }
    let here = PathBuf::from("data");
    let beside = experiment.parent().map(|folder| folder.join("data"));
    let other = beside.filter(|beside| *beside != here);
    [here].into_iter().chain(other).collect()
}

/// Whether an experiment cannot be read because a data file that it names is not there.
pub fn lacks_a_file(error: &anyhow::Error) -> bool {
    let is_absent =
        |error: &model::Error| matches!(error, model::Error::Absent(Absent::Named { .. }));
    error.chain().filter_map(|cause| cause.downcast_ref()).any(is_absent)
}

impl Experiment {
    /// Rejects an experiment with a data set that is not there. It can be planned, and its stored runs can
    /// be reported, but nothing can be run.
    ///
    /// # Errors
    /// If a data set is not there.
    pub fn require_data(&self) -> Result<()> {
        match self.tasks.iter().find_map(|task| Some((task, task.built.absent()?))) {
            Some((task, absent)) => {
                Err(anyhow!("experiment `{}`, task `{}`: {absent}", self.name, task.kind))
            }
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_is_searched_in_order() {
        let found = |given: Option<&str>, variable: Option<&str>, experiment: &str| {
            search(given.map(Path::new), variable.map(OsString::from), Path::new(experiment))
        };
        let folders = |names: &[&str]| names.iter().map(PathBuf::from).collect::<Vec<_>>();
        assert_eq!(found(Some("a"), Some("b"), "/x/experiments"), folders(&["a"]));
        assert_eq!(found(None, Some("b"), "/x/experiments"), folders(&["b"]));
        assert_eq!(found(None, Some(""), "/x/experiments"), folders(&["data", "/x/data"]));
        assert_eq!(found(None, None, "experiments"), folders(&["data"]));
        assert_eq!(found(None, None, ""), folders(&["data"]));
    }
}
