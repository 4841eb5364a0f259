mod data;
mod encoder;
mod loaded;
mod matching;
mod network;
mod network_file;
mod predictor;
mod references;
mod regimes;
mod seeded;
mod source;
mod standardize;
mod table;
mod value;

pub use encoder::{Encoder, Feature, FeatureKind, Target, TargetKind};
pub use loaded::Loaded;
pub use matching::matched_accuracy;
pub use network::CombinedNetwork;
pub use network_file::Origin;
pub use predictor::{Predicted, Prediction, Predictor, Weights};
pub use regimes::{RegimeRows, Regimes};
pub use standardize::Standardize;
pub use table::{Cells, Column, Missing, Parts, Reading, Table};
pub use value::Value;

use super::TaskKind;
use crate::data::Folders;
use crate::{Error, Result, ranges};
use registry::Fault;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The seed question: a classifier picks a category, and the output is a linear head's value for it.
///
/// The network is linear → ReLU → linear to K logits, and linear to K values; the loss is the
/// squared error of the value of the chosen category. Rows are synthetic, x ~ N(0, 1), where the
/// target is one of K linear laws and another linear map says which; or they come from a CSV file.
///
/// With `value = "index"` there is no head: the output is the *number* of the chosen category, from 0 to
/// K − 1, as if it were a quantity (`objectives::SquaredIndex`). The target of a synthetic row is then the
/// number of its regime, with an error; a file's target is taken as it is, and has to be a number.
///
/// There are three kinds of rows: those that are trained on, those that choose settings and the
/// stopping step (validation), and those that are reported (test). Metrics: `test-loss` and
/// `validation-loss`, both deployed with the hard argmax; on validation rows `forward-loss`, the
/// loss that the estimator meets on its way, `entropy` of the classifier in nats, and
/// `live-categories`, the share of the K categories that the argmax picks for at least one row; and
/// for synthetic rows `regime-accuracy` on test rows, with categories matched to regimes as well as
/// possible.
///
/// References, all of `test-loss`: for synthetic rows `bayes`, the squared error of the true law, and
/// `true-regimes`, the same network, whose classifier is trained by cross-entropy to the true regime,
/// and its head by the squared error of the value at the true regime; `plain-network`, a network
/// without a choice, linear → ReLU → linear to one output, as wide as the classifier, trained on its
/// squared error; `least-squares`, linear regression with an intercept; `predict-mean`, the mean of
/// the training targets.
///
/// What a second implementation needs (the streams' numbers are in docs/noise.md):
///
/// **Synthetic rows** x ~ N(0, 1)ᴵ; the regime is argmax_k (x·A)_k, the target (x·V)_regime +
/// `noise`·N(0, 1), or regime + `noise`·N(0, 1) with `value = "index"`; A and V are [I, K] with entries N(0, 1)/√I. The stream `data` gives A, V, the
/// features of the rows to train on, their errors, and the same for the rows to validate on, and for
/// those to test on: each is a list of normals, row after row.
///
/// **A file's rows** are permuted by the stream `data`. The first `validation-share` of them are
/// validated on, the next `test-share` are tested on, the others are trained on, in this order. Each
/// number of rows is rounded to the nearest, halves up, but at least 1; a row is left for each part
/// that follows. With `split = "COLUMN"`, the parts are those that the column names.
///
/// **A file's columns** are read with the delimiter of the header: a comma, or else a semicolon, a tab
/// or a vertical bar. A column is text if more than half of its cells are not numbers, or if it is in
/// `categorical`. It has an input for each of its texts, sorted by their bytes (numbers by their size):
/// 1 where the row has that text, else 0. It may have 50 texts, and not a different one in each row.
/// Cells that are empty, `?`, `NA`, `NaN` or `null` are missing, and refused unless
/// `missing = "mean"`: then a number becomes the mean of the training rows, and 1 in one more input
/// behind its own, which is 0 in rows with a number; a text becomes the text `missing`, which comes
/// last; a row without a target is left out before anything else.
///
/// **Standardization** (x − mean)/deviation, of features and target, with the mean and the standard
/// deviation (divided by the number of rows) of the rows that are trained on; 0 and 1 are numbers too.
/// A feature that is constant there, up to rounding, is 0 in every row; a constant target is only
/// shifted by its value. The losses that are reported are multiplied by the target's variance; by 1 if
/// it is constant. With `value = "index"` the target is not standardized.
///
/// **Classification** If the target is a class, the head has C class logits for each category, those of
/// a category side by side, and the loss is the cross-entropy of those of the chosen category, in nats.
/// Classes are sorted as texts are. `test-accuracy` is the share of test rows whose class has the
/// largest logit. The references are `plain-network`, with C class logits; `linear`, which is logistic
/// regression, the same without a hidden layer, and is trained as the network is, with first weights
/// from the stream `linear`; and `predict-shares`, the shares of the classes in the training rows, each
/// counted with one row more.
///
/// **First weights** of a layer, and its biases: uniform between ±1/√inputs of the layer, from
/// uniforms of 53 bits of the stream `init`, as (2u − 1)/√inputs. The classifier's two layers come
/// first, then the head; of each the weights ([outputs, inputs], row after row), then the biases.
///
/// **Batches** of B rows are drawn for every step with replacement from the rows to train on: a list
/// of indices from the step's stream `batch`. The loss is the mean over the batch. The head learns
/// from the gradient of the loss that the estimator meets. Evaluations come before the step of their
/// number, and use all rows to validate on and all rows to test on, whatever B. Rows, weights and
/// steps are in single precision.
///
/// **References that are trained** take the run's steps with the run's batches, by Adam with its
/// default constants and learning rates 0.003, 0.01 and 0.03. Of these rates, and of the steps that
/// are evaluated, the one with the least validation loss is reported, the first of equal ones. Their
/// first weights are drawn as above, but from the streams `true-regimes` and `plain-network`.
/// `true-regimes` minimizes the mean of the sum of both losses, and its validation and test losses are
/// those of the hard argmax. **Least squares** centers columns and target on the training rows and
/// solves by a pivoted QR decomposition with the weights of smallest norm; parts of columns below 1e-6
/// of the longest column count as 0.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct ArgmaxIndex {
    /// K: from 2 up.
    pub categories: usize,
    /// What a category stands for: the value of the `head`, or its `index`.
    #[serde(skip_serializing_if = "Value::is_head")]
    pub value: Value,
    /// Width of the classifier's hidden layer: from 1 up.
    pub hidden: usize,
    /// Logits are multiplied by this: above 0, 1 unless given. The argmax does not change with it; the
    /// distribution is flatter the smaller it is.
    #[serde(skip_serializing_if = "is_one")]
    pub logit_scale: f64,
    /// The first weights and biases of the layer that ends in the logits are multiplied by this: from
    /// 0 up, 1 unless given.
    #[serde(skip_serializing_if = "is_one")]
    pub initial_scale: f64,
    /// I, numbers in a synthetic row: from 1 up. A file decides for itself.
    pub inputs: usize,
    /// Standard deviation of a synthetic target's error: from 0 up.
    pub noise: f64,
    /// Synthetic rows to train on: from 1 up.
    pub rows: usize,
    /// Synthetic rows to validate on: from 1 up.
    pub validation_rows: usize,
    /// Synthetic rows to test on: from 1 up.
    pub test_rows: usize,
    /// A CSV file with a header, in place of synthetic rows. A relative path starts at the experiment
    /// file's folder. Features and target are standardized on the training part; losses are reported in
    /// the target's own units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<PathBuf>,
    /// The file's column to predict. If it is text, its texts are classes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Columns of the file that are not read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ignore: Vec<String>,
    /// Columns of the file whose numbers are names, such as codes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub categorical: Vec<String>,
    /// Whether numbers in the target are names of classes.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub classification: bool,
    /// What to do about missing cells: `refuse` them, or fill them with the `mean` of the training rows.
    #[serde(skip_serializing_if = "Missing::is_refused")]
    pub missing: Missing,
    /// `random`, or the column that says which part a row belongs to: train, validation or test.
    #[serde(skip_serializing_if = "is_random")]
    pub split: String,
    /// Share of the file's rows to validate on, drawn anew for each seed: above 0, below 1.
    pub validation_share: f64,
    /// Share of the file's rows to test on: above 0, and below 1 together with `validation-share`.
    pub test_share: f64,
}

impl Default for ArgmaxIndex {
    fn default() -> Self {
        Self {
            categories: 3,
            value: Value::Head,
            hidden: 32,
            logit_scale: 1.0,
            initial_scale: 1.0,
            inputs: 16,
            noise: 0.1,
            rows: 4096,
            validation_rows: 2048,
            test_rows: 2048,
            data: None,
            target: None,
            ignore: vec![],
            categorical: vec![],
            classification: false,
            missing: Missing::Refuse,
            split: RANDOM.to_owned(),
            validation_share: 0.2,
            test_share: 0.2,
        }
    }
}

/// The split that is drawn for each seed.
const RANDOM: &str = "random";

fn is_random(split: &str) -> bool {
    split == RANDOM
}

impl TaskKind for ArgmaxIndex {
    const NAME: &'static str = "argmax-index";
    const SUMMARY: &'static str = "the value of a linear head at the chosen category";
    const VERSION: u32 = 5;
    type Task = Loaded;

    fn check(&self) -> Result<(), Fault> {
        ranges::count("categories", self.categories, 2)?;
        ranges::count("hidden", self.hidden, 1)?;
        ranges::count("inputs", self.inputs, 1)?;
        ranges::count("rows", self.rows, 1)?;
        ranges::count("validation-rows", self.validation_rows, 1)?;
        ranges::count("test-rows", self.test_rows, 1)?;
        ranges::not_negative("noise", self.noise)?;
        ranges::positive("logit-scale", self.logit_scale)?;
        ranges::not_negative("initial-scale", self.initial_scale)?;
        let (validation, test) = (self.validation_share, self.test_share);
        for (key, share) in [("validation-share", validation), ("test-share", test)] {
            Fault::require(share > 0.0 && share < 1.0, key, share, "a number between 0 and 1")?;
        }
        let expected = format!("less than 1 together with validation-share = {validation}");
        Fault::require(validation + test < 1.0, "test-share", test, expected)?;
        for (key, columns) in [("ignore", &self.ignore), ("categorical", &self.categorical)] {
            let holds = columns.is_empty() || self.data.is_some();
            Fault::require(
                holds,
                key,
                columns.join(", "),
                "no columns, because no data file is given",
            )?;
        }
        let is_number = self.value == Value::Head || !self.classification;
        let expected = "false, because `value = \"index\"` predicts a number";
        Fault::require(is_number, "classification", self.classification, expected)?;
        if let Some(target) = self.target.as_ref().filter(|target| self.ignore.contains(target)) {
            return Err(Fault::value("ignore", target, "columns other than the target"));
        }
        match (&self.data, &self.target) {
            (Some(_), None) => {
                Err(Fault::value("target", "absent", "the name of a column of the data file"))
            }
            (None, Some(name)) => {
                Err(Fault::value("target", name, "no target, because no data file is given"))
            }
            _ => Ok(()),
        }
    }

    fn load(self, folders: &Folders) -> Result<Loaded> {
        Loaded::new(self, folders)
    }
}

/// Of a factor that changes nothing.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_one(factor: &f64) -> bool {
    *factor == 1.0
}

impl ArgmaxIndex {
    /// The table of its file.
    fn read(&self, path: &Path, target: &str) -> Result<Table> {
        let Self { classification, missing, .. } = *self;
        let split = Some(self.split.as_str()).filter(|split| *split != RANDOM);
        let (ignore, categorical) = (&self.ignore, &self.categorical);
        let reading = Reading { target, ignore, categorical, classification, missing, split };
        let table = Table::read(path, &reading)?;
        let count = table.rows();
        if count < 3 {
            let found = if count == 1 { "1 row".to_owned() } else { format!("{count} rows") };
            let why = "training, validation and test need one each: at least 3 rows";
            return Err(Error::data(path, format!("{found}; {why}")));
        }
        if self.value == Value::Index && table.classes().is_some() {
            let why =
                format!("column `{target}` is text, but `value = \"index\"` predicts a number");
            return Err(Error::data(path, why));
        }
        check_range(table.targets(), target).map_err(|why| Error::data(path, why))?;
        Ok(table)
    }
}

/// Squares of differences of a target are numbers.
fn check_range(targets: &[f64], name: &str) -> Result<(), String> {
    let ends = (f64::INFINITY, f64::NEG_INFINITY);
    let (least, most) = targets.iter().fold(ends, |(least, most), &x| (least.min(x), most.max(x)));
    let square = (most - least) * (most - least);
    if most > least && (!square.is_finite() || square == 0.0) {
        return Err(format!(
            "column `{name}`: squared errors of numbers from {least:e} to {most:e} are out of range; \
             change the unit of the target"
        ));
    }
    Ok(())
}
