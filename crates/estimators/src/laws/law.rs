//! A law, and how it is broken.

use super::variants::Variant;
use crate::Error;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A law.
#[derive(Clone, Copy)]
pub struct Law {
    /// Its name.
    pub name: &'static str,
    /// What an estimator does that keeps it.
    pub statement: &'static str,
    pub(super) check: fn(&Variant) -> Outcome,
}

/// The number of cases in which a law applies and holds, or the first in which it does not.
pub(super) type Outcome = Result<usize, Broken>;

/// What was expected, and what was found instead.
#[derive(Debug)]
pub(super) struct Broken(pub(super) String);

impl From<String> for Broken {
    fn from(what: String) -> Self {
        Self(what)
    }
}

impl From<Error> for Broken {
    fn from(error: Error) -> Self {
        Self(format!("expected an estimate, found the error: {error}"))
    }
}

/// Returns from a law that is broken.
macro_rules! ensure {
    ($holds:expr, $($what:tt)*) => {
        let holds: bool = $holds;
        if !holds {
            return Err(format!($($what)*).into());
        }
    };
}
pub(super) use ensure;

/// A law that an estimator breaks.
#[derive(Clone, Debug)]
pub struct Violation {
    /// The name of the law.
    pub law: &'static str,
    /// What an estimator does that keeps it.
    pub statement: &'static str,
    /// The kind, and the parameters that differ from its defaults.
    pub estimator: String,
    /// The place, what was expected, and what was found.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { law, statement, estimator, what } = self;
        write!(f, "`{estimator}` breaks the law `{law}` (an estimator {statement}): {what}")
    }
}

impl Law {
    /// Checks one estimator. Returns the number of cases in which the law applies.
    ///
    /// # Errors
    /// If the law is broken. A panic of the estimator breaks it, too.
    pub fn check(&self, variant: &Variant) -> Result<usize, Violation> {
        let outcome = catch_unwind(AssertUnwindSafe(|| (self.check)(variant)));
        let outcome = outcome.unwrap_or_else(|panic| {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
            Err(format!("it panicked: {}", text.unwrap_or("without a message")).into())
        });
        outcome.map_err(|Broken(what)| Violation {
            law: self.name,
            statement: self.statement,
            estimator: variant.name().to_owned(),
            what,
        })
    }
}
