//! Networks whose shapes are known at run time.

mod dense;
mod optimizer;
mod parameters;
mod perceptron;

pub use dense::{Activation, Dense};
pub use optimizer::{Optimizer, OptimizerState};
pub use parameters::{Initial, Layer, Parameters};
pub use perceptron::{Data, Input, Perceptron};
