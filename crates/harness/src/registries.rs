/// The kinds that an experiment file can name.
#[derive(Clone)]
pub struct Registries {
    /// The estimators.
    pub estimators: estimators::Registry,
    /// The tasks.
    pub tasks: model::Registry,
    /// The optimizers.
    pub optimizers: model::optimizer::Registry,
}

impl Registries {
    /// The estimators, tasks and optimizers of this workspace.
    pub fn standard() -> Self {
        Self {
            estimators: estimators::Registry::standard(),
            tasks: model::Registry::standard(),
            optimizers: model::optimizer::Registry::standard(),
        }
    }
}
