//! The images of MNIST, for the tasks that are trained on them.

mod batches;
mod files;
mod source;
mod split;
#[cfg(test)]
pub(super) mod tiny;

pub use batches::Batches;
pub use files::Pixels;
pub(super) use files::Sets;
pub(super) use source::Source;
pub(super) use split::Split;
