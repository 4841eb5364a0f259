//! Networks whose shapes are known at run time.

mod adam;
mod dense;
mod parameters;
mod perceptron;

pub use adam::{Adam, AdamConstants};
pub use dense::{Activation, Dense};
pub use parameters::{Initial, Initialization, Layer, Parameters, Vector};
pub use perceptron::{Data, Input, Perceptron};
