//! Kinds that an experiment file can name, such as estimators, tasks and optimizers.
//!
//! A *kind* has a name (`gumbel-softmax`), a struct of parameters that is its TOML table, and
//! something that it builds. A [`Registry`] holds the kinds of one category; an [`Entry`] describes
//! one kind; a [`Variant`] is a kind with a value for each of its parameters.
//!
//! The documentation of the struct is the page that users read, and the documentation of its fields
//! describes the parameters.

mod fault;
mod nearest;
mod parse;
mod registry;
mod variant;

pub use fault::{Error, Fault, UnknownName};
pub use parse::{keys, parse};
pub use registry::{Entry, Kind, Parameters, Registry};
pub use variant::{Variant, plain};
