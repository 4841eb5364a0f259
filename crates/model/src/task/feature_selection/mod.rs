mod data_set;
mod mask;
mod network;
mod rank;
mod seeded;
#[cfg(test)]
mod tests;

pub use data_set::DataSet;
pub use seeded::Seeded;

use super::{Streams, Task, TaskKind};
use crate::data::Folders;
use crate::metric::{ENTROPY, TRAINING_LOSS};
use crate::{Metric, Reference, Result, Role, ranges};
use data_set::FEATURES;
use estimators::Dims;
use kernels::{Parameters, Real};
use network::Network;
use registry::Fault;
use schemars::JsonSchema;
use seeded::HeldOut;
use serde::{Deserialize, Serialize};

/// Learning to explain: which k of a row's ten features say what its label is?
///
/// A selector, features → hidden layers → logits, gives k latents, each of which chooses one of the ten
/// features. A predictor reads the features that any of them has chosen, and 0 in place of the others, and
/// gives the log-odds of the label. L2X of Chen et al. 2018, arXiv:1802.07814.
///
/// **Data** Ten features x ~ N(0, 1); the log-odds of a label are x₁ x₂ (`xor`), Σ_{i ≤ 4} x_i² − 4
/// (`orange`), or −100 sin(x₁/5) + |x₂| + x₃ + e^{−x₄} − 2.4 (`nonlinear-additive`). In `switch` one half of the
/// rows, at random, has the log-odds of `orange`, and x₁₀ ~ N(3, 1); the other half those of
/// `nonlinear-additive` of x₅ to x₈, and x₁₀ ~ N(−3, 1). These are the data sets of the authors' program
/// (Jianbo-Lab/L2X, `synthetic/make_data.py`), whose first class is our label 1. Its `switch` means to exchange
/// the first four features of the second half with the next four, but copies them, so that all labels depend on the
/// first four as well; here they are different ones.
///
/// **Loss** The cross-entropy of the true probability of the label, and not of a drawn label, and the predicted
/// one: the authors' program (`synthetic/explain.py`) trains so. Each row is met once: those of a step are new.
///
/// **Between choices** Of latents z_n on the simplex, feature j enters with x_j (1 − Π_n (1 − z_nj)). At one-hot
/// points that is the union of the choices, as the maximum over latents is, which L2X takes. It is linear in
/// each latent, and where nobody has chosen a feature, each latent has the same slope for it.
///
/// **Deployed** are the features that latents choose at their largest logits; where latents share their logits,
/// as in L2X, the features with the k largest ones.
///
/// **Taken from L2X** k, the hidden layers, the metric `median-rank`, and, with `shared-logits = true`, latents
/// that are draws from one distribution. Such draws may agree, so that a selector has less to lose if it tells
/// the label by which feature it takes, instead of taking those that the label depends on (Jethani et al. 2021,
/// arXiv:2103.01890): low losses come with bad ranks then. Not taken: batch normalization, weight decay and SELU,
/// for which ReLU is used; two class logits, for which their difference is used.
///
/// Metrics, all but two of test rows with the features that are deployed: `test-loss` in nats; `validation-loss`,
/// which chooses settings and the stopping step; `test-accuracy`, how often the class that is predicted as more
/// probable is so; `median-rank`, the median of the ranks of the features that a label depends on, where chosen
/// features come first, in random order: the mean over these orders and over rows (1.5 for `xor`, 2.5 for `orange`
/// and `nonlinear-additive`, 3 for `switch` are best with k features); `relevant-share`, the share of the chosen
/// features that the label depends on; `training-loss`, the mean of the losses that the estimator met since the
/// evaluation before; `entropy` of the latents.
///
/// References, of `test-loss`: `bayes`, the entropy of the true probabilities; `guess`, the cross-entropy with
/// the mean probability of the rows to validate on.
///
/// **Streams** `data` gives the rows to validate on, then those to test on; the step's stream `batch` those of
/// the step. Each are normals, row after row, and then, for `switch`, a uniform number for each row, below ½ for
/// the first half. `init` gives the selector's layers, then the predictor's, as in `argmax-index`. An evaluation
/// needs no noise.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct FeatureSelection {
    /// `xor`, `orange`, `nonlinear-additive` or `switch`.
    pub data: DataSet,
    /// k, latents: from 1 to 10. As many as features that a label depends on unless given: 2, 4, 4 and 5.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selected: Option<usize>,
    /// Whether latents are draws from one distribution, as in L2X, or have logits of their own. Gradients are
    /// measured for the logits that are shared.
    pub shared_logits: bool,
    /// Widths of the selector's hidden layers, from 1 up each.
    pub selector_hidden: Vec<usize>,
    /// Widths of the predictor's hidden layers, from 1 up each.
    pub predictor_hidden: Vec<usize>,
    /// Rows to validate on: from 1 up.
    pub validation_rows: usize,
    /// Rows to test on: from 1 up.
    pub test_rows: usize,
}

impl Default for FeatureSelection {
    fn default() -> Self {
        Self {
            data: DataSet::default(),
            selected: None,
            shared_logits: false,
            selector_hidden: vec![100, 100],
            predictor_hidden: vec![200, 200],
            validation_rows: 2000,
            test_rows: 2000,
        }
    }
}

impl TaskKind for FeatureSelection {
    const NAME: &'static str = "feature-selection";
    const SUMMARY: &'static str = "which features of a row say what its label is";
    const VERSION: u32 = 1;
    type Task = Self;

    fn check(&self) -> Result<(), Fault> {
        let (k, expected) = (self.latents(), format!("a whole number from 1 to {FEATURES}"));
        Fault::require((1..=FEATURES).contains(&k), "selected", k, expected)?;
        ranges::widths("selector-hidden", &self.selector_hidden)?;
        ranges::widths("predictor-hidden", &self.predictor_hidden)?;
        ranges::count("validation-rows", self.validation_rows, 1)?;
        ranges::count("test-rows", self.test_rows, 1)
    }

    fn load(self, _: &Folders) -> Result<Self> {
        Ok(self)
    }
}

impl FeatureSelection {
    /// k
    fn latents(&self) -> usize {
        self.selected.unwrap_or_else(|| self.data.relevant())
    }
}

impl Task for FeatureSelection {
    type Instance = Seeded;

    fn metrics(&self) -> Vec<Metric> {
        let deployed = "with the features that latents choose at their largest logits";
        let loss = |name, label| Metric::lower(name, label).with_note(deployed).in_unit("nats");
        vec![
            loss("test-loss", "test loss").chosen_by("validation-loss"),
            loss("validation-loss", "validation loss"),
            Metric::higher("test-accuracy", "test accuracy").with_note(deployed).bounded_by(0.0),
            Metric::lower("median-rank", "median rank")
                .with_note("of the features that the label depends on")
                .bounded_by(FEATURES as f64),
            Metric::higher("relevant-share", "relevant share")
                .with_note("share of the chosen features that the label depends on")
                .bounded_by(0.0),
            TRAINING_LOSS.in_unit("nats"),
            ENTROPY,
        ]
    }

    fn references(&self) -> Vec<Reference> {
        let of = |name, label, role| Reference { name, label, metric: "test-loss", role };
        vec![
            of("bayes", "the true law (Bayes)", Role::Floor),
            of("guess", "predict the mean", Role::Rival),
        ]
    }

    fn dims(&self, batch: usize) -> Dims {
        Dims { batch, latents: self.latents(), categories: FEATURES }
    }

    fn instance<E: Real>(&self, streams: &Streams) -> (Seeded, Parameters<E>) {
        let data = &mut streams.named("data");
        let validation = HeldOut::draw(self.data, self.validation_rows, data);
        let test = HeldOut::draw(self.data, self.test_rows, data);
        let hidden = [&*self.selector_hidden, &*self.predictor_hidden];
        let init = &mut streams.named("init");
        let (network, parameters) = Network::new(self.latents(), self.shared_logits, hidden, init);
        (Seeded { network, data: self.data, validation, test }, parameters)
    }
}
