//! Objectives with known answers, to measure estimators with and as examples of objectives.

mod bits;
mod cross_entropy_pick;
mod exp_dot;
mod gated;
mod quadratic;
mod row_loss;
mod squared_index;
mod squared_pick;
mod value_power;
mod values;

pub use bits::{BitPower, BitSumSquares};
pub use cross_entropy_pick::CrossEntropyPick;
pub use exp_dot::ExpDot;
pub use gated::Gated;
pub use quadratic::Quadratic;
pub use row_loss::{RowLoss, RowLosses};
pub use squared_index::SquaredIndex;
pub use squared_pick::SquaredPick;
pub use value_power::ValuePower;
pub use values::Values;
