//! Optimizers: one file each, and their registry.
//!
//! An [`OptimizerKind`] is a struct of parameters with an update rule ([`Rule`]). Whatever the rule,
//! an [`Optimizer`] adds the [`Options`] that are common to all: a schedule of the learning rate,
//! clipping of the gradient, and an entropy bonus.

mod adam;
mod adamw;
mod clip;
mod decay;
mod options;
mod radam;
mod registry;
mod rmsprop;
mod rule;
mod sgd;
mod state;
#[cfg(test)]
mod tests;

pub use adam::Adam;
pub use adamw::AdamW;
pub use options::Options;
pub use radam::RAdam;
pub use registry::{Entry, Registry};
pub use rmsprop::RmsProp;
pub use rule::{OptimizerKind, Rule};
pub use sgd::Sgd;
pub use state::{Optimizer, OptimizerState};

impl Registry {
    /// The optimizers of this crate.
    pub fn standard() -> Self {
        Self::empty().with::<Adam>().with::<AdamW>().with::<RAdam>().with::<RmsProp>().with::<Sgd>()
    }
}
