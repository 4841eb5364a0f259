//! Data sets in files: where they are looked for, and how they are read.

mod absent;
mod folders;
mod idx;

pub use absent::{Absent, Known};
pub use folders::Folders;
pub(crate) use idx::spaced;
pub use idx::{Images, Labels};
