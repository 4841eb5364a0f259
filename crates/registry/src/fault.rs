//! Errors in user input: unknown names and invalid values.

use crate::nearest::nearest;
use std::fmt;

/// What is wrong with a table of parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// An unknown key.
    Key(UnknownName),
    /// An invalid value.
    Value {
        /// The key.
        key: String,
        /// Its value.
        value: String,
        /// What is expected instead.
        expected: String,
    },
}

impl Fault {
    /// An invalid value, and what is expected instead.
    pub fn value(key: &str, value: impl ToString, expected: impl Into<String>) -> Self {
        Self::Value { key: key.to_owned(), value: value.to_string(), expected: expected.into() }
    }

    /// A key that has to be given.
    pub fn missing(key: &str) -> Self {
        Self::value(key, "absent", "a value: this key is required")
    }

    /// `Ok` if `holds`, else an invalid value.
    ///
    /// # Errors
    /// Unless `holds`.
    pub fn require(
        holds: bool,
        key: &str,
        value: impl ToString,
        expected: impl Into<String>,
    ) -> Result<(), Self> {
        if holds { Ok(()) } else { Err(Self::value(key, value, expected)) }
    }

    /// The same fault, of a table that is found at `place` inside a larger one.
    pub fn within(self, place: &str) -> Self {
        match self {
            Self::Value { key, value, expected } => {
                Self::Value { key: format!("{place}.{key}"), value, expected }
            }
            key => key,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(unknown) => unknown.fmt(f),
            Self::Value { key, value, expected } => {
                write!(f, "invalid {key} = {value}; expected {expected}")
            }
        }
    }
}

impl std::error::Error for Fault {}

/// An unknown name, with the known ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownName {
    /// The category of the name, in the singular.
    pub what: &'static str,
    /// The name.
    pub name: String,
    /// All known names.
    pub known: Vec<String>,
}

impl UnknownName {
    /// `name`, which is not one of `known`.
    pub fn new(
        what: &'static str,
        name: &str,
        known: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        let known = known.into_iter().map(Into::into).collect();
        Self { what, name: name.to_owned(), known }
    }
}

impl fmt::Display for UnknownName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, name, known } = self;
        write!(f, "unknown {what} `{name}`")?;
        if let Some(nearest) = nearest(name, known.iter().map(String::as_str)) {
            write!(f, " (did you mean `{nearest}`?)")?;
        }
        match known.as_slice() {
            [] => write!(f, "; there are none here"),
            known => write!(f, "; known: {}", known.join(", ")),
        }
    }
}

impl std::error::Error for UnknownName {}

/// Why a kind cannot be found or built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No kind has that name.
    #[error(transparent)]
    Unknown(#[from] UnknownName),
    /// The parameters are invalid.
    #[error("{what} `{kind}`: {fault}")]
    Parameters {
        /// The category of the kind, in the singular.
        what: &'static str,
        /// The kind.
        kind: &'static str,
        /// What is wrong with them.
        fault: Fault,
    },
}
