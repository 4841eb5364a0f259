//! What stored records say: samples, estimates, rankings. Numbers only.

mod cell;
mod expected;
mod measure;
mod rounding;
mod summary;
mod table;

pub use cell::CellSummary;
pub use expected::Held;
pub use measure::{Metric, sample};
pub use rounding::relative_bias;
pub use summary::{Comparison, Ranking, Summary};
pub use table::{curves, expected, finals, timing};
