use std::fmt;
use std::path::PathBuf;

/// A data file that is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Absent {
    /// A file of a data set that many experiments use.
    DataSet {
        /// The file.
        name: String,
        /// Where it was looked for.
        folders: Vec<PathBuf>,
    },
    /// A file that an experiment names.
    Named {
        /// Its path.
        path: PathBuf,
    },
}

impl fmt::Display for Absent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, folders) = match self {
            Self::Named { path } => {
                return write!(
                    f,
                    "data file {}: cannot be read: there is no such file",
                    path.display()
                );
            }
            Self::DataSet { name, folders } => (name, folders),
        };
        let folders: Vec<String> =
            folders.iter().map(|folder| folder.display().to_string()).collect();
        let there = match folders.as_slice() {
            [] => "any folder, as none is known".to_owned(),
            folders => folders.join(" or "),
        };
        write!(
            f,
            "there is no {name}, nor {name}.gz, in {there}; get it with `scripts/fetch-mnist`, or name its folder \
             with --data DIR or in ARGMAX_LAB_DATA"
        )
    }
}

impl std::error::Error for Absent {}

/// What stored runs know of the data file that they used.
#[derive(Clone, Debug, PartialEq)]
pub struct Known {
    /// The kind of their task.
    pub kind: String,
    /// The parameters of their task, as JSON.
    pub parameters: serde_json::Value,
    /// The hash of the file.
    pub digest: String,
    /// The metrics that they measured.
    pub metrics: Vec<String>,
}
