//! The images of MNIST, for the tasks that are trained on them.

mod batches;
mod classes;
mod files;
mod source;
mod split;
#[cfg(test)]
pub(super) mod tiny;

pub use batches::Batches;
pub(super) use classes::{CLASSES, Classified, Counts, PIXELS};
pub use files::Pixels;
pub(super) use files::Sets;
pub(super) use source::{NOT_AS_PUBLISHED, Source};
pub(super) use split::Split;
