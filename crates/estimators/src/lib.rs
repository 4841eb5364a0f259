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
mod error;
mod estimator;
mod gradient;
pub mod kinds;
mod logits;
mod mechanisms;
mod objective;
pub mod objectives;
mod properties;
mod ranges;
pub mod reference;
mod registry;
mod schedule;

pub use ::registry::{Fault, Parameters, UnknownName};
pub use choice::{Choice, Points};
pub use error::{Error, Result};
pub use estimator::{Estimator, Surrogate, refusal};
pub use gradient::{Gradient, MeanGradient, gradient, mean_gradient};
pub use kernels::tape::Node;
pub use kernels::{Noise, Packed, Real};
pub use logits::{Dims, Logits};
pub use objective::{Context, Counted, Losses, Objective};
pub use objectives::SquaredPick;
pub use properties::{Domain, Evaluations, Properties, Unbiased};
pub use registry::{About, Entry, Factory, Family, Kind, Registry};
pub use schedule::Schedule;
