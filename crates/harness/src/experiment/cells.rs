//! What an experiment compares.

use estimators::Factory;
use model::{AnyTask, Optimizer};
use registry::Variant;
use std::sync::Arc;

/// A task with its parameters and its data.
pub type TaskVariant = Variant<Arc<dyn AnyTask>>;

/// An estimator with its parameters.
pub type EstimatorVariant = Variant<Box<dyn Factory>>;

/// An optimizer with its parameters.
pub type OptimizerVariant = Variant<Optimizer>;

/// A task, an estimator and an optimizer. The runs of a cell differ only in their seed.
#[derive(Clone)]
pub struct Cell {
    /// Index of its task among the experiment's.
    pub task_index: usize,
    /// The task.
    pub task: Arc<TaskVariant>,
    /// The estimator.
    pub estimator: Arc<EstimatorVariant>,
    /// The optimizer, where steps are taken.
    pub optimizer: Option<Arc<OptimizerVariant>>,
    /// The parameters by which it differs from those that it competes with for being the best.
    pub tuned: Arc<[String]>,
}

/// The parts of a cell that an experiment file can name: `task`, `estimator` and `optimizer`.
pub const PARTS: [&str; 3] = ["task", "estimator", "optimizer"];

impl Cell {
    /// The optimizer as a label; `none` where no steps are taken.
    pub fn optimizer_label(&self) -> String {
        self.optimizer.as_ref().map_or_else(|| "none".to_owned(), |optimizer| optimizer.label())
    }

    /// The optimizer that steps are taken with; one that changes nothing where none are taken.
    pub fn built_optimizer(&self) -> Optimizer {
        let none = || Optimizer::adam(0.0);
        self.optimizer.as_ref().map_or_else(none, |optimizer| optimizer.built.clone())
    }

    /// The value of a parameter such as `estimator.temperature` as text, if the cell has it.
    pub fn value(&self, path: &str) -> Option<String> {
        let (part, key) = path.split_once('.')?;
        match part {
            "task" => self.task.value(key),
            "estimator" => self.estimator.value(key),
            "optimizer" => self.optimizer.as_ref()?.value(key),
            _ => None,
        }
    }

    /// Every parameter of the estimator and the optimizer with its path and value.
    pub fn parameters(&self) -> impl Iterator<Item = (String, String)> {
        let of = |part: &'static str, parameters: &toml::Table| {
            let path = move |(key, value): (&String, &toml::Value)| {
                (format!("{part}.{key}"), registry::plain(value))
            };
            parameters.iter().map(path).collect::<Vec<_>>()
        };
        let optimizer = self.optimizer.as_ref().map(|optimizer| &optimizer.parameters);
        let estimator = of("estimator", &self.estimator.parameters);
        estimator.into_iter().chain(optimizer.into_iter().flat_map(move |p| of("optimizer", p)))
    }

    /// Why the estimator does not support the task, or `None` if it does.
    pub fn refusal(&self, batch: usize) -> Option<String> {
        let (task, estimator) = (&self.task.built, self.estimator.built.build_f64());
        let (dims, domain) = (task.dims(batch), task.domain());
        estimators::refusal(&*estimator, dims, domain)
    }
}
