//! The page of a figure: layout of the plots, captions and notes.

pub(crate) mod caption;
pub(crate) mod compose;
pub(crate) mod empty;
pub(crate) mod layout;
pub(crate) mod legend;
mod piece;
pub(crate) mod replication;
pub(crate) mod small_multiples;
