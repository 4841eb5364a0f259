//! Gradient estimators for argmax and categorical sampling, over dfdx.
//!
//! A network computes logits θ, a category is chosen by sampling or argmax, and a loss f depends on
//! the choice. Neither argmax nor sampling has a useful gradient, so it is estimated. An
//! [`Estimator`] takes logits, an [`Objective`] and [`Noise`], and returns a scalar whose gradient is
//! the estimate: [`Estimator::surrogate`] for a step of training, [`Estimator::estimate`] for a
//! measurement. Exact enumeration is one of the estimators.
//!
//! ```
//! use estimators::{Dims, Kind, Noise, SquaredPick, gradient, kinds::Exact};
//! // f = (v − 25)², with a value v for each of three categories.
//! let objective = SquaredPick::of(&[22.0, 30.0, 10.0], &[25.0]);
//! let logits = [0.1f64, 0.8, 0.1].map(f64::ln);
//! let dims = Dims { batch: 1, latents: 1, categories: 3 };
//! let (mut exact, noise) = (Exact {}.build(), &mut Noise::named(&["example"]));
//! let gradient = gradient(&mut *exact, &logits, dims, &objective, None, noise)?;
//! assert!((gradient.logits[2] - 18.16).abs() < 1e-12);
//! # Ok::<(), estimators::Error>(())
//! ```
//!
//! # Notation
//!
//! S samples, B rows of a batch, L latents (categorical variables of a row), K categories; θ logits,
//! p = softmax θ, D ~ Cat(p) a one-hot sample, s = D − p its score (the gradient of ln p(D)),
//! g = ∇f(D), J(q) v = q ⊙ (v − ⟨q, v⟩) the Jacobian of the softmax at q. A *vertex* is a vertex of
//! the simplex, that is, a one-hot choice; a *relaxed* choice may lie anywhere on the simplex.
//!
//! # Modules
//!
//! [`kinds`] has the estimators, [`objectives`] losses with known answers, and [`mod@reference`] tables of
//! exact means and variances. [`Registry`] finds estimators by name. [`mechanisms`] is what an estimator of
//! your own is built from, and [`laws`] tests it.

mod choice;
mod error;
mod estimator;
mod gradient;
pub mod kinds;
pub mod laws;
mod logits;
mod matmul;
pub mod mechanisms;
mod objective;
pub mod objectives;
mod properties;
pub mod ranges;
pub mod reference;
mod registry;
mod schedule;

pub use ::registry::{Fault, Parameters, UnknownName};
pub use choice::{Choice, Filling, Points, StandIns};
pub use error::{Error, Result};
pub use estimator::{Deployment, Estimator, Surrogate, refusal};
pub use gradient::{Gradient, MeanGradient, gradient, mean_gradient};
pub use kernels::tape::Node;
pub use kernels::{Noise, Packed, Real};
pub use logits::{Dims, Logits};
pub use objective::{Context, Counted, Losses, Objective};
pub use objectives::SquaredPick;
pub use properties::{Domain, Evaluations, Properties, Unbiased};
pub use registry::{About, Entry, Factory, Family, Kind, Registry};
pub use schedule::Schedule;
