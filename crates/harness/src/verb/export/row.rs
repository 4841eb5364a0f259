use serde::Serialize;

/// A number of a run.
#[derive(Serialize)]
pub(super) struct Row<'a> {
    pub(super) task: &'a str,
    pub(super) estimator: &'a str,
    pub(super) optimizer: &'a str,
    pub(super) seed: u64,
    pub(super) status: &'a str,
    pub(super) metric: &'a str,
    pub(super) step: u64,
    pub(super) value: f64,
}

impl Row<'_> {
    /// The names of the columns.
    pub(super) const COLUMNS: [&'static str; 8] =
        ["task", "estimator", "optimizer", "seed", "status", "metric", "step", "value"];
}
