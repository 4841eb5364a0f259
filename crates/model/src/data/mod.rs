//! Data sets in files: where they are looked for, and how they are read.

mod folders;
mod idx;

pub use folders::{Absent, Folders};
pub use idx::Images;
