//! Networks that choose, the tasks they are trained on, and the optimizers that train them.
//!
//! A [`Task`] is data, a network, an objective and its metrics, for every seed. [`Training`] is one
//! of its networks being trained: it takes steps with any estimator. A [`Probe`] measures gradient
//! estimates at fixed parameters, without training.
//!
//! ```
//! use estimators::{Factory, Noise, kinds::ReinMax};
//! use model::{Optimizer, TaskKind, task::ArgmaxIndex};
//!
//! let task = ArgmaxIndex { categories: 3, ..Default::default() }.open(".".as_ref())?;
//! let mut training = task.start(0, 128, &Optimizer::adam(0.01));
//! let mut estimator = ReinMax::default().build_f32();
//! let noise = Noise::named(&["estimator", "argmax-index", "0"]);
//! for step in 0..200 {
//!     training.step(step, &mut *estimator, &noise)?;
//! }
//! let (metric, loss) = training.evaluate(&mut *estimator, &mut noise.at(200))?[0];
//! assert!(metric.name == "test-loss" && loss < 1.0, "{loss}");
//! # Ok::<(), model::Error>(())
//! ```

mod batch;
mod bernoulli;
mod classifier;
pub mod data;
mod error;
mod evaluation;
mod forward;
mod least_squares;
mod metric;
pub mod optimizer;
mod probe;
mod ranges;
pub mod task;
mod training;

pub use batch::{Batch, Rows};
pub use classifier::{divergence_from_uniform, entropy};
pub use error::{Error, Result};
pub use evaluation::Evaluation;
pub use forward::Forward;
pub use metric::{
    Artifact, Better, DIVERGED, ENTROPY, EXPERTS_PER_ROW, FORWARD_LOSS, Metric, Reference, Role,
    TRAINING_LOSS,
};
pub use optimizer::{Optimizer, OptimizerKind};
pub use probe::Probe;
pub use task::{AnyTask, Budget, GoOn, Instance, Registry, Streams, Task, TaskKind};
pub use training::Training;
