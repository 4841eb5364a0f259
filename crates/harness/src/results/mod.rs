//! Samples, estimates and rankings, computed from stored records. Numbers only.

mod across;
mod budget;
mod cell;
mod expected;
mod metric;
mod place;
mod ranking;
mod references;
mod rounding;
mod summary;
mod threshold;
mod usefulness;
mod warnings;

pub use across::Across;
pub use budget::Budget;
pub use cell::CellSummary;
pub(crate) use cell::resamples;
pub use expected::{Deviation, are_judged, have_settings, have_steps};
pub use place::{Comparison, Place};
pub use ranking::REFERENCE;
pub use references::ReferenceValue;
pub use summary::Summary;
pub use usefulness::Usefulness;
