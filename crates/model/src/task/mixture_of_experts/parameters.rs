use super::mnist_1d;
use crate::task::mnist;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A mixture of experts with hard routing: each row goes to one of K networks.
///
/// A router, inputs → hidden layers → logits, gives the probabilities p of experts. Experts are networks of
/// their own, inputs → hidden layers → outputs, with ReLU between layers. With `gated`, as in mixtures that are
/// used, the output of the expert D that is picked is scaled, y = p_D E_D(x); without, it is E_D(x), and
/// estimators that need a gate are refused. With `picks` L above 1 a row has L experts and the router L·K logits, a
/// latent for each pick: y = (1/L) Σ_l p_{l,D_l} E_{D_l}(x), or without gates (1/L) Σ_l E_{D_l}(x). Unlike in top-L
/// routing, which picks a subset, latents are independent given the row, so that two may pick the same expert.
///
/// **Data** `clusters`: numbers from rows of known clusters: the cluster c is uniform, x = s m_c + ε, and
/// y = ⟨a_c, x⟩/√d + σ η, with m_c, a_c, ε and η standard normal, s the `separation` and σ the `noise`.
/// `mnist-1d`: curves of 40 points of ten classes (Greydanus & Kobak 2024, arXiv:2011.14439), made as its
/// program makes them (`mnist1d/data.py`, `transform.py`) from random numbers of our own; published for 4000
/// rows to train and 1000 to test on are an accuracy of 32 % for logistic regression and 68 % for a network of
/// two hidden layers. `mnist`: the images of MNIST from the files of the task `vae`, and their classes, from
/// `train-labels-idx1-ubyte` and `t10k-labels-idx1-ubyte`. Rows to train on are at even distances among the images to
/// train on, without the last `validation-rows` of them; those to test on at even distances among the others.
///
/// **Loss** The squared error, or the cross-entropy of the class logits y.
///
/// **Balance** `balance-loss` w adds w K Σ_k f_k P_k with the shares f of rows whose largest logit is that of an
/// expert and the mean probabilities P (Fedus et al. 2022, arXiv:2101.03961, eq. 4); `z-loss` adds its weight
/// times the mean of (ln Σ_k exp θ_k)² (Zoph et al. 2022, arXiv:2202.08906, eq. 5). `balance-bias` u adds a
/// bias b_k to the logits of picks, which is not in gates: after a step, b_k ← b_k + u sign(1/K − load of k), where
/// loads are the shares of the batch's rows whose largest logit, with its bias, is that of an expert. It starts at
/// 0, and the optimizer does not move it (Wang et al. 2024, arXiv:2408.15664). Entropies, their bonus and samples are
/// those of the pick; with a bias, no estimator of gates keeps its claims. An expert has no capacity: whether a row
/// were dropped would depend on the picks of others, and its loss would be no function of its own choice, which is what
/// estimators differentiate.
///
/// **Deployed** is the expert with the largest logit; after training with `relu-routing` Σ_k max(θ_k, 0) E_k, of
/// which experts with a logit above 0 are evaluated.
///
/// Metrics, on rows to test on with the deployed expert unless said otherwise: for numbers `test-loss` and
/// `validation-loss`, which chooses settings and the stopping step; for classes `test-accuracy` and
/// `validation-accuracy` in their place, and `test-loss`. `soft-hard-gap`, the loss minus that of the mixture
/// Σ_k p_k E_k; `experts-per-row`, the experts that are evaluated for a row, which is 1 unless `relu-routing` has
/// trained; `load-variation`, the standard deviation of the experts' rows divided by their mean; `dead-experts`,
/// the share of experts without a row; with clusters `recovered-share`, the share of rows whose largest logit is that of
/// the expert of their cluster, with experts matched to clusters as well as possible, if a row has one pick; `training-loss`; `entropy` of the router.
///
/// References: for numbers, of `test-loss`, `noise`, the mean squared noise of the rows; `oracle-router`, the
/// same experts with the true cluster as the pick and no gate (if there are at least as many experts as clusters);
/// `dense-network`, one network without a router which for a row takes as many multiplications as the router and
/// its experts. For classes, of `test-accuracy`, `dense-network` and `linear`, logistic regression. Of three
/// learning rates, validation chooses.
///
/// **Streams** `data` gives, for `clusters`, the m, the a, and for each row its cluster, ε and η; for `mnist-1d`
/// see its source; `mnist` takes none. Rows to train on come first, then those to validate on, then those to test on. `init` gives the
/// layers of the router, then those of the experts; the step's stream `batch` the rows of the step.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct MixtureOfExperts {
    /// `clusters`, `mnist-1d` or `mnist`.
    pub data: ExpertData,
    /// K, experts: from 1 up.
    pub experts: usize,
    /// L, experts that are picked for a row: from 1 up, 1 unless given.
    #[serde(skip_serializing_if = "is_one")]
    pub picks: usize,
    /// Widths of the hidden layers of each expert, from 1 up each.
    pub expert_hidden: Vec<usize>,
    /// Widths of the router's hidden layers, from 1 up each.
    pub router_hidden: Vec<usize>,
    /// Whether the output of an expert is scaled by its probability.
    pub gated: bool,
    /// Weight of the auxiliary loss: from 0 up.
    pub balance_loss: f64,
    /// Weight of the z-loss: from 0 up.
    pub z_loss: f64,
    /// u, by how much the bias that balances experts moves in a step: from 0 up.
    pub balance_bias: f64,
    /// d, features of a row of `clusters`: from 1 up.
    pub inputs: usize,
    /// Clusters: from 1 up.
    pub clusters: usize,
    /// s, how far apart clusters are: from 0 up.
    pub separation: f64,
    /// σ, the standard deviation of the noise in targets of `clusters`: from 0 up.
    pub noise: f64,
    /// Rows to train on: from 1 up.
    pub rows: usize,
    /// Rows to validate on: from 1 up.
    pub validation_rows: usize,
    /// Rows to test on: from 1 up.
    pub test_rows: usize,
}

/// Where the rows come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ExpertData {
    /// A linear law for each of several clusters.
    #[default]
    Clusters,
    /// Ten classes of curves.
    #[serde(rename = "mnist-1d")]
    Mnist1d,
    /// The images of MNIST and their classes.
    Mnist,
}

fn is_one(count: &usize) -> bool {
    *count == 1
}

impl Default for MixtureOfExperts {
    fn default() -> Self {
        Self {
            data: ExpertData::default(),
            experts: 8,
            picks: 1,
            expert_hidden: vec![8],
            router_hidden: vec![],
            gated: true,
            balance_loss: 0.0,
            z_loss: 0.0,
            balance_bias: 0.0,
            inputs: 8,
            clusters: 8,
            separation: 2.0,
            noise: 0.1,
            rows: 4000,
            validation_rows: 1000,
            test_rows: 1000,
        }
    }
}

impl MixtureOfExperts {
    /// How many rows there are.
    pub(super) fn counts(&self) -> mnist::Counts {
        let Self { rows, validation_rows, test_rows, .. } = *self;
        mnist::Counts { rows, validation_rows, test_rows }
    }

    /// Whether it is measured how many clusters have an expert of their own.
    pub(super) fn recovers(&self) -> bool {
        self.data == ExpertData::Clusters && self.picks == 1
    }

    /// Features of a row.
    pub(super) fn width(&self) -> usize {
        match self.data {
            ExpertData::Clusters => self.inputs,
            ExpertData::Mnist1d => mnist_1d::POINTS,
            ExpertData::Mnist => mnist::PIXELS,
        }
    }
}
