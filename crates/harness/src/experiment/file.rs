//! The keys of an experiment file.

use registry::Fault;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use toml::Value;

/// An experiment file as it is written: single values, and sections that are read one by one, so that
/// an error names the section.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct File {
    /// What is asked.
    #[schemars(extend("example" = "question = \"Does the temperature matter?\""))]
    pub(super) question: String,
    /// What an engineer should make of the answer; written after looking, printed by the report.
    #[schemars(extend("example" = "reading = \"It reaches {{ value('categories=8', 'exact') }}.\""))]
    pub(super) reading: String,
    /// The settings that the reading was written for: the digest that `report` prints. The reading is
    /// shown for these settings only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("example" = "reading-of = \"5250a64b6c445611\""))]
    pub(super) reading_of: Option<String>,
    /// Runs of each cell, with seeds from 0: from 1 up, 10 unless given; 5 at least for a comparison.
    #[schemars(extend("example" = "seeds = 20"))]
    pub(super) seeds: Option<u64>,
    /// Rows of a batch: from 1 up, 128 unless given.
    #[schemars(extend("example" = "batch = 64"))]
    pub(super) batch: Option<u64>,
    /// Steps of a run: from 1 up, 2000 unless given.
    #[schemars(extend("example" = "steps = 500"))]
    pub(super) steps: Option<u64>,
    /// Steps between evaluations: from 1 up, 50 unless given.
    #[schemars(extend("example" = "evaluate-every = 100"))]
    pub(super) evaluate_every: Option<u64>,
    /// Parameters over which the best cell of each estimator is chosen, by the metric that ranks:
    /// `optimizer.learning-rate` unless given. Not together with `tuning`.
    #[schemars(extend("example" = "tuned = [\"optimizer.learning-rate\", \"estimator.temperature\"]"))]
    pub(super) tuned: Option<Vec<String>>,
    /// The settings that are tried for each estimator: the same number for all.
    #[schemars(with = "Option<serde_json::Value>")]
    #[schemars(extend("example" = "tuning = { budget = 2, grid = [{ optimizer.learning-rate = [0.01, 0.03] }] }"))]
    pub(super) tuning: Option<Value>,
    /// A level of the ranking metric: how many steps an estimator takes to reach it is reported.
    #[schemars(with = "Option<serde_json::Value>")]
    #[schemars(extend("example" = "threshold = { reference = \"predict-mean\", share = 0.5 }"))]
    pub(super) threshold: Option<Value>,
    /// How runs measure: by training, unless given.
    #[schemars(with = "Option<serde_json::Value>")]
    #[schemars(extend("example" = "protocol = { kind = \"gradient\", draws = 1000 }"))]
    pub(super) protocol: Option<Value>,
    /// What is learned: one table or a list of them.
    #[schemars(with = "Option<serde_json::Value>")]
    #[schemars(extend("example" = "task = { kind = \"argmax-index\", categories = 8 }"))]
    pub(super) task: Option<Value>,
    /// The estimators to compare: one table or a list of them.
    #[schemars(with = "Option<serde_json::Value>")]
    #[schemars(extend("example" = "estimator = [{ kind = \"exact\" }, { kind = \"reinmax\" }]"))]
    pub(super) estimator: Option<Value>,
    /// The optimizers to train with: one table or a list of them; Adam unless given.
    #[schemars(with = "Option<serde_json::Value>")]
    #[schemars(extend("example" = "optimizer = { kind = \"adam\", sweep.learning-rate = [0.01, 0.03] }"))]
    pub(super) optimizer: Option<Value>,
    /// How estimates are compared with the exact gradient along training; not at all unless given.
    #[schemars(with = "Option<serde_json::Value>")]
    #[schemars(extend("example" = "gradient = { every = 200, draws = 64 }"))]
    pub(super) gradient: Option<Value>,
    /// Figures beside the standard ones.
    #[schemars(with = "Option<serde_json::Value>")]
    #[schemars(extend("example" = "figure = { kind = \"sensitivity\", x = \"estimator.temperature\" }"))]
    pub(super) figure: Option<Value>,
    /// Cells to leave out.
    #[schemars(with = "Option<serde_json::Value>")]
    #[schemars(extend("example" = "exclude = { task = { categories = 3 }, estimator = { kind = \"exact\" } }"))]
    pub(super) exclude: Option<Value>,
    /// Known values that measurements are compared with.
    #[schemars(with = "Option<serde_json::Value>")]
    #[schemars(extend("example" = "expected = { file = \"known.csv\", source = \"By hand.\" }"))]
    pub(super) expected: Option<Value>,
    /// How `slurm` divides the runs, unless the command line says otherwise. It decides no number.
    #[schemars(with = "Option<serde_json::Value>")]
    #[schemars(extend("example" = "slurm = { shards = 50, cpus = 4 }"))]
    pub(super) slurm: Option<Value>,
}

/// How estimates are compared with the exact gradient along training. Where it cannot be had, as for very many
/// joint choices, only their variance is measured.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct GradientPlan {
    /// Steps between measurements: from 1 up.
    #[schemars(extend("example" = "every = 500"))]
    pub every: u64,
    /// Estimates per measurement: from 2 up.
    #[schemars(extend("example" = "draws = 64"))]
    pub draws: usize,
}

impl Default for GradientPlan {
    fn default() -> Self {
        Self { every: 200, draws: 256 }
    }
}

/// A level of the ranking metric, as a share of a reference of the task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ThresholdSpec {
    /// The name of the reference, such as `predict-mean`.
    #[schemars(extend("example" = "reference = \"predict-mean\""))]
    pub reference: String,
    /// The share of its value: above 0.
    #[schemars(extend("example" = "share = 0.5"))]
    pub share: f64,
}

/// A figure beside the standard ones.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FigureSpec {
    /// What is drawn: `sensitivity`, a metric against a parameter; or `heat-map`, a metric against two.
    #[schemars(extend("example" = "kind = \"sensitivity\""))]
    pub kind: FigureKind,
    /// The parameter along the horizontal axis, such as `estimator.temperature`.
    #[schemars(extend("example" = "x = \"estimator.temperature\""))]
    pub x: String,
    /// The parameter along the vertical axis of a heat map.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("example" = "rows = \"estimator.temperature\""))]
    pub rows: Option<String>,
    /// The metric: the one that ranks, unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("example" = "y = \"entropy\""))]
    pub y: Option<String>,
}

/// Kinds of figures that can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FigureKind {
    /// A metric against a parameter.
    Sensitivity,
    /// A metric against two parameters, a panel for each estimator.
    HeatMap,
}

/// A file of known values, and where its numbers are from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ExpectedSpec {
    /// A CSV file with the columns `metric` and `value`, and columns such as `task.logit` or
    /// `estimator.kind` that select the cell of a row. A relative path starts at the experiment
    /// file's folder. Optional columns: `step`, where the value is not that at the end; and
    /// `tolerance` or `relative-tolerance`, within which the value counts as met.
    #[schemars(extend("example" = "file = \"known.csv\""))]
    pub file: PathBuf,
    /// Where the numbers are from.
    #[schemars(extend("example" = "source = \"By enumeration.\""))]
    pub source: String,
}

/// How `slurm` divides the runs, unless the command line says otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct SlurmSpec {
    /// Parts of the runs, each a task of the array: from 1 up.
    #[schemars(extend("example" = "shards = 50"))]
    pub shards: Option<u32>,
    /// Cores of a task, and runs at a time: from 1 up.
    #[schemars(extend("example" = "cpus = 4"))]
    pub cpus: Option<u16>,
    /// Tasks at a time: from 1 up.
    #[schemars(extend("example" = "limit = 10"))]
    pub limit: Option<u32>,
    /// Time limit of a task in minutes: from 1 up.
    #[schemars(extend("example" = "minutes = 90"))]
    pub minutes: Option<u32>,
    /// Options for sbatch.
    #[schemars(extend("example" = "options = [\"--partition=short\"]"))]
    pub options: Vec<String>,
}

/// More steps or draws than any run takes.
pub(super) const MOST_STEPS: u64 = 1_000_000_000;

/// Rejects a number outside a range.
pub(super) fn within(key: &str, value: u64, range: RangeInclusive<u64>) -> Result<(), Fault> {
    let expected = format!("a whole number from {} to {}", range.start(), range.end());
    Fault::require(range.contains(&value), key, value, expected)
}
