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
mod sgd;

pub use adam::Adam;
pub use adamw::AdamW;
pub use options::Options;
pub use radam::RAdam;
pub use registry::{Entry, Registry};
pub use rmsprop::RmsProp;
pub use sgd::Sgd;

use ::registry::{Fault, Parameters as TomlTable};
use kernels::Parameters;
use std::fmt;
use std::sync::Arc;

/// An optimizer's parameters: its TOML table, and the update rule they stand for.
///
/// The documentation comment of the type is its page in `list optimizers`, those of its fields
/// describe its parameters.
pub trait OptimizerKind: TomlTable {
    /// Its name in experiment files.
    const NAME: &'static str;
    /// What it does, in a line.
    const SUMMARY: &'static str;
    /// Authors, year and where to read it.
    const SOURCE: &'static str;
    /// Raised when the same parameters come to give other numbers.
    const VERSION: u32 = 1;

    /// Rejects invalid values.
    ///
    /// # Errors
    /// If a value is invalid.
    fn check(&self) -> Result<(), Fault>;

    /// η, the step size that a schedule multiplies.
    fn learning_rate(&self) -> f64;

    /// The rule, before its first step on so many network parameters.
    fn rule(&self, parameters: usize) -> Box<dyn Rule>;
}

/// An update rule with what it remembers of the steps so far.
pub trait Rule {
    /// Takes a step of size η = `rate` against the gradient, which it may overwrite.
    fn step(&mut self, rate: f64, values: &mut [f32], gradient: &mut [f32]);
}

/// An optimizer with its parameters and options: each run starts a state of its own.
#[derive(Clone)]
pub struct Optimizer {
    learning_rate: f64,
    rule: Arc<dyn Fn(usize) -> Box<dyn Rule> + Send + Sync>,
    options: Options,
}

impl Optimizer {
    /// An optimizer of this kind.
    pub fn new<K: OptimizerKind>(kind: K, options: Options) -> Self {
        let learning_rate = kind.learning_rate();
        Self { learning_rate, rule: Arc::new(move |parameters| kind.rule(parameters)), options }
    }

    /// The options.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// The state before the first step on so many network parameters.
    pub fn start(&self, parameters: usize) -> OptimizerState {
        let rule = (self.rule)(parameters);
        OptimizerState { rule, learning_rate: self.learning_rate, options: self.options, step: 0 }
    }
}

impl fmt::Debug for Optimizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Optimizer");
        shown.field("learning_rate", &self.learning_rate).field("options", &self.options);
        shown.finish_non_exhaustive()
    }
}

/// An optimizer at work on the parameters of a network.
pub struct OptimizerState {
    rule: Box<dyn Rule>,
    learning_rate: f64,
    options: Options,
    step: u64,
}

impl OptimizerState {
    /// Clips the gradient that backward passes have added up, and takes a step against it.
    ///
    /// # Panics
    /// If the state was started for another number of parameters.
    pub fn step(&mut self, parameters: &mut Parameters<f32>) {
        let rate = self.options.rate(self.learning_rate, self.step);
        parameters.update(|values, gradient| {
            self.options.clip(gradient);
            self.rule.step(rate, values, gradient);
        });
        self.step += 1;
    }

    /// β of the entropy bonus at the present step; 0 for none.
    pub fn entropy_bonus(&self) -> f64 {
        self.options.entropy_bonus_at(self.step)
    }
}

/// Rejects a number that is not above 0.
fn positive(key: &str, x: f64) -> Result<(), Fault> {
    Fault::require(x > 0.0 && x.is_finite(), key, x, "a number above 0")
}

/// Rejects a number that is negative.
fn not_negative(key: &str, x: f64) -> Result<(), Fault> {
    Fault::require(x >= 0.0 && x.is_finite(), key, x, "a number from 0 up")
}

/// Rejects a decay that is not from 0 up to 1, exclusive.
fn decay_rate(key: &str, x: f64) -> Result<(), Fault> {
    Fault::require((0.0..1.0).contains(&x), key, x, "a number from 0 up, below 1")
}

/// Whether a parameter is left out of a table: 0 is the same as not given.
fn is_zero(x: &f64) -> bool {
    *x == 0.0
}

#[cfg(test)]
mod tests;
