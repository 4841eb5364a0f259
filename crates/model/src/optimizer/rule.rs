use ::registry::{Fault, Parameters};

/// An optimizer's parameters: its TOML table, and the update rule they stand for.
///
/// The documentation comment of the type is its page in `list optimizers`, those of its fields
/// describe its parameters.
pub trait OptimizerKind: Parameters {
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

    /// The rule, before its first step for `parameters` network parameters.
    fn rule(&self, parameters: usize) -> Box<dyn Rule>;
}

/// An update rule with what it remembers of the steps so far.
pub trait Rule {
    /// Takes a step of size η = `rate` against the gradient, which it may overwrite.
    fn step(&mut self, rate: f64, values: &mut [f32], gradient: &mut [f32]);
}
