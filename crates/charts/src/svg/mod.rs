//! The SVG document, and the marks and axes drawn on it.

pub(crate) mod frame;
pub(crate) mod mark;
pub(crate) mod sheet;
