//! The SVG document and what is drawn into it.

pub(crate) mod frame;
pub(crate) mod mark;
pub(crate) mod sheet;
