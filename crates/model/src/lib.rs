//! Networks that choose, and the tasks they are trained on.
//!
//! A [`Task`] is data and a network for every seed. [`Training`] is one of them in the making: it
//! takes steps with whatever estimator it is handed, and knows none by name.

mod autoencoder;
mod combined;
mod error;
mod matching;
mod regimes;
mod table;
pub mod task;
mod training;

pub use autoencoder::{Autoencoder, Reconstruction, divergence_from_uniform};
pub use combined::CombinedNetwork;
pub use error::{Error, Result};
pub use matching::matched_accuracy;
pub use regimes::{RegimeRows, Regimes};
pub use table::Table;
pub use task::{Registry, Task, TaskKind};
pub use training::{Metric, Probe, Training};
