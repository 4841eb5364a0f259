//! Mechanisms that estimators share, for estimators of your own.
//!
//! An estimator has parameters ([`Kind`](crate::Kind)) and computes a scalar whose gradient is its
//! estimate ([`Estimator`](crate::Estimator)). Three ways lead to that scalar:
//!
//! - Losses times scores: [`Categorical`] opens the logits, [`rows::categorical`] samples, [`Evaluated`]
//!   evaluates the losses and injects Σ aₛ (Dₛ − p) for advantages a of your own.
//! - A choice forward and a vector–Jacobian product of your own backward: [`at_vertices_with`].
//! - Operations of dfdx: [`Categorical::into_tensor`] gives the logits as a tensor,
//!   [`Choice::of`](crate::Choice::of) or [`Choice::of_vertices`](crate::Choice::of_vertices) makes a
//!   choice of one, and [`Surrogate::of`](crate::Surrogate::of) averages the losses.
//!
//! [`Scheduled`] and [`ranges`](crate::ranges) serve parameters. Matrices are [`Packed`](crate::Packed):
//! [`Packed::pack`](crate::Packed::pack) and [`Packed::unpack`](crate::Packed::unpack) convert them from and
//! to plain numbers, row after row.
//!
//! Two samples of each row, each with the loss of the other one as its baseline:
//!
//! ```
//! use estimators::mechanisms::{Categorical, Evaluated, rows};
//! use estimators::*;
//! use std::rc::Rc;
//!
//! /// The score function with the loss of a second sample as baseline.
//! #[derive(Clone, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
//! struct Pair {}
//!
//! impl Kind for Pair {
//!     const NAME: &'static str = "pair";
//!     const FAMILY: Family = Family::ScoreFunction;
//!     const SUMMARY: &'static str = "two samples, each a baseline of the other";
//!     const SOURCE: &'static str = "Kool, van Hoof & Welling 2019";
//!
//!     fn build<E: Real>(self) -> Box<dyn Estimator<E>> {
//!         Box::new(self)
//!     }
//! }
//!
//! impl<E: Real> Estimator<E> for Pair {
//!     fn estimate(
//!         &mut self,
//!         logits: Logits<E>,
//!         objective: &dyn Objective<E>,
//!         noise: &mut Noise,
//!     ) -> Result<Surrogate<E>> {
//!         let categorical = Categorical::new(logits)?;
//!         let p = categorical.softmax(E::ONE);
//!         let picks = Rc::new(rows::categorical(&p, 2, noise));
//!         let evaluated = Evaluated::new(categorical, Rc::clone(&picks), objective)?;
//!         // ((f₁ − f₂) s₁ + (f₂ − f₁) s₂)/2 in each row.
//!         let f = evaluated.losses().unpack();
//!         let half = E::of(0.5);
//!         let a: Vec<E> =
//!             f.chunks_exact(2).flat_map(|f| [half * (f[0] - f[1]), half * (f[1] - f[0])]).collect();
//!         evaluated.score(&p, &picks, Packed::pack(&a, 2))
//!     }
//!
//!     fn properties(&self, _: Dims) -> Properties {
//!         Properties {
//!             unbiased: Unbiased::Always,
//!             ..Properties::new(Domain::Vertices, Evaluations::vertices(2))
//!         }
//!     }
//! }
//!
//! laws::check::<Pair>();
//! ```

pub(crate) mod adaptive_step;
pub(crate) mod antithetic_uniforms;
pub(crate) mod categorical;
pub(crate) mod central_difference;
pub(crate) mod coupled_relaxation;
pub(crate) mod differentiated;
pub(crate) mod entmax;
pub(crate) mod enumeration;
pub(crate) mod finite_step;
pub(crate) mod gate;
pub(crate) mod laplacian;
pub(crate) mod marginalize;
pub(crate) mod opening;
pub(crate) mod perturbation;
pub(crate) mod scheduled;
pub(crate) mod score;
pub(crate) mod stick_breaking;
pub(crate) mod swaps;
pub(crate) mod usable_rows;
pub(crate) mod without_replacement;

pub use categorical::{Categorical, perturb};
pub use differentiated::at_vertices_with;
pub use kernels::rows;
pub use kernels::tape::Weights;
pub use scheduled::Scheduled;
pub use score::{Evaluated, losses_at, scores, value_and_gradient};
