use std::path::{Path, PathBuf};

/// Why a task cannot be made, or its training cannot go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An unknown task, or invalid parameters.
    #[error(transparent)]
    Registry(#[from] registry::Error),
    /// A data file cannot be used.
    #[error("data file {}: {why}", path.display())]
    Data {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        why: String,
    },
    /// A data file is not there.
    #[error(transparent)]
    Absent(#[from] crate::data::Absent),
    /// An estimator failed.
    #[error(transparent)]
    Estimator(#[from] estimators::Error),
    /// The device failed.
    #[error("dfdx: {0}")]
    Device(#[from] dfdx::prelude::CpuError),
}

impl Error {
    /// Whether training has diverged: parameters, and so logits, are no longer finite.
    pub fn is_divergence(&self) -> bool {
        matches!(self, Self::Estimator(estimators::Error::InvalidLogit { .. }))
    }

    pub(crate) fn data(path: &Path, why: String) -> Self {
        Self::Data { path: path.to_owned(), why }
    }
}

/// The result of a task.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What was read, or the file that is missing; other errors stay errors.
pub(crate) fn or_absent<T>(read: Result<T>) -> Result<Result<T, crate::data::Absent>> {
    match read {
        Ok(read) => Ok(Ok(read)),
        Err(Error::Absent(absent)) => Ok(Err(absent)),
        Err(error) => Err(error),
    }
}
