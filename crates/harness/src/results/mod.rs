//! Samples, estimates and rankings, computed from stored records. Numbers only.

mod across;
mod cell;
mod expected;
mod metric;
mod ranking;
mod references;
mod rounding;
mod summary;
mod warnings;

pub use across::Across;
pub use cell::CellSummary;
pub use expected::Deviation;
pub use metric::sample;
pub use ranking::{Comparison, Place, REFERENCE};
pub use references::ReferenceValue;
pub use summary::Summary;
