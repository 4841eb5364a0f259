//! An experiment file: a question, and the runs that answer it.

mod cells;
mod expected;
mod file;
mod keys;
mod known;
pub mod metrics;
mod overrides;
mod parts;
mod plain;
mod protocol;
mod read;
mod resolved;
mod schedules;
mod sections;
mod selection;
mod sweep;
mod tuning;
mod validate;
mod written;

pub use cells::{Cell, EstimatorVariant, OptimizerVariant, TaskVariant};
pub use file::{ExpectedSpec, FigureKind, FigureSpec, GradientPlan, ThresholdSpec};
pub use keys::{Key, KeyPage, key_pages};
pub use known::ExpectedValue;
pub use metrics::Measure;
pub use overrides::Overrides;
pub use protocol::{CellDraws, GradientProtocol, Protocol};
pub use resolved::Experiment;
pub use tuning::{Grid, Tuning};
