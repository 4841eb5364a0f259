use super::{OptimizerKind, Options, Rule};
use kernels::Parameters;
use std::fmt;
use std::sync::Arc;

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

    /// The state before the first step for `parameters` network parameters.
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
    /// Clips the gradient that backward passes have added up, and takes a step against it, or as
    /// many as [`Options::steps_per_gradient`] says.
    ///
    /// # Panics
    /// If the state was started for another number of parameters.
    pub fn step(&mut self, parameters: &mut Parameters<f32>) {
        let rate = self.options.rate(self.learning_rate, self.step);
        let more = self.options.steps_per_gradient.map_or(0, |steps| steps - 1);
        parameters.update(|values, gradient| {
            self.options.clip(gradient);
            // A rule may overwrite its gradient, so each step but the last has a copy.
            for _ in 0..more {
                self.rule.step(rate, values, &mut gradient.to_vec());
            }
            self.rule.step(rate, values, gradient);
        });
        self.step += 1;
    }

    /// β of the entropy bonus at the present step; 0 for none.
    pub fn entropy_bonus(&self) -> f64 {
        self.options.entropy_bonus_at(self.step)
    }
}
