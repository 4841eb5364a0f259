//! An experiment file: a question, and the runs that answer it.

pub mod built_in;
mod cells;
mod data;
mod expected;
mod expected_value;
mod file;
mod keys;
pub mod metrics;
mod overrides;
mod parts;
mod plain;
mod protocol;
mod read;
mod resolved;
mod schedules;
pub mod schema;
mod sections;
mod selection;
mod sweep;
mod tuning;
mod validate;
mod written;

pub use cells::{Cell, EstimatorVariant, OptimizerVariant, TaskVariant};
pub use data::lacks_a_file;
pub use expected_value::ExpectedValue;
pub use file::{ExpectedSpec, FigureKind, FigureSpec, GradientPlan, SlurmSpec, ThresholdSpec};
pub use keys::{Key, KeyPage, key_pages};
pub use metrics::Measure;
pub use overrides::Overrides;
pub use protocol::{CellDraws, GradientProtocol, Protocol};
pub use resolved::Experiment;
pub use tuning::{Grid, Tuning};
