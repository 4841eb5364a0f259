//! Gradient estimators for argmax and categorical sampling, over dfdx.
//!
//! A network computes logits θ, something picks a category, and a loss f judges the pick. Neither
//! argmax nor sampling has a gradient, so one is estimated. An [`Estimator`] is a function from
//! logits, an [`Objective`] and [`Noise`] to a scalar whose gradient is the estimate; exact
//! enumeration is one of them.
//!
//! Notation, everywhere: S samples, B rows of a batch, L latents (categorical variables of a row),
//! K categories; θ logits, p = softmax θ, D ~ Cat(p) a one-hot sample, s = D − p (the gradient of
//! ln p(D)), g = ∇f(D), J(q) v = q ⊙ (v − ⟨q, v⟩) the Jacobian of the softmax at q.

mod choice;
mod coupling;
mod draw;
mod error;
mod estimator;
pub mod fault;
mod finite_step;
mod gradient;
pub mod kinds;
mod noisy;
mod objective;
pub mod objectives;
mod parameter;
pub mod reference;
mod registry;
mod relaxation;
mod score;
mod sparse;
mod sticks;
mod subset;
mod support;
mod swaps;
mod vertex;

pub use choice::{Choice, Points};
pub use error::{Error, Result};
pub use estimator::{Dims, Estimator, Logits, Properties, Surrogate, Unbiased};
pub use fault::{Fault, UnknownName};
pub use gradient::{Gradient, gradient};
pub use kernels::tape::Node;
pub use kernels::{Noise, Packed, Real};
pub use objective::{Context, Counted, Domain, Evaluations, Losses, Objective};
pub use objectives::SquaredPick;
pub use parameter::Anneal;
pub use registry::{Entry, Family, Kind, Registry};
