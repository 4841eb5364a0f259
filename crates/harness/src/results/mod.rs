//! What stored records say: samples, estimates, rankings. Numbers only.

mod measure;
mod summary;
mod table;

pub use measure::{Metric, sample};
pub use summary::{CellSummary, Comparison, Ranking, Summary};
pub(crate) use table::last_step;
pub use table::{curves, finals, timing};
