use dfdx::prelude::CpuError;
use std::fmt;

/// Why an estimator cannot be built, or why an estimate failed.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An unknown estimator, or invalid parameters.
    #[error(transparent)]
    Registry(#[from] registry::Error),
    /// A row of logits without any category to choose.
    #[error("row {row}: every category is masked (all logits are −∞)")]
    AllMasked {
        /// The row, counted over batch and latents.
        row: usize,
    },
    /// A logit that is NaN or +∞.
    #[error(
        "row {row}: the logit of category {category} is {logit}; only numbers and −∞ (a mask) are valid"
    )]
    InvalidLogit {
        /// The row, counted over batch and latents.
        row: usize,
        /// The category.
        category: usize,
        /// NaN or +∞.
        logit: f64,
    },
    /// The estimator does not support the dimensions of the logits.
    #[error("the estimator refuses: {why}")]
    Refused {
        /// The reason, as [`Estimator::refuses`](crate::Estimator::refuses) says it.
        why: String,
    },
    /// dfdx multiplies matrices wrongly.
    #[error(
        "dfdx multiplies matrices wrongly: it was built without its feature `cpu`, and keeps only the last \
         product of each sum. Add the feature to the dependencies of your Cargo.toml: \
         dfdx = {{ version = \"=0.13.0\", default-features = false, features = [\"std\", \"fast-alloc\", \
         \"cpu\"] }}"
    )]
    WrongProduct,
    /// The device failed.
    #[error("dfdx: {0}")]
    Device(#[from] CpuError),
    /// An objective failed.
    #[error("the objective failed: {0}")]
    Objective(Box<dyn std::error::Error + Send + Sync>),
}

/// The message, as `main` prints the error that it returns with `Debug`.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The result of an estimator.
pub type Result<T, E = Error> = std::result::Result<T, E>;
