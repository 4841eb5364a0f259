//! Objectives with known answers, to measure estimators with and as examples of objectives.

mod bits;
mod exp_dot;
mod row_loss;
mod squared_pick;

pub use bits::{BitPower, BitSumSquares};
pub use exp_dot::ExpDot;
pub use row_loss::{RowLoss, RowLosses};
pub use squared_pick::SquaredPick;
