//! What plain methods reach on the same rows.

mod linear;
mod supervised;
mod trained;

use super::CombinedNetwork;
use super::data::Split;
use crate::task::{Budget, GoOn, Streams};
use crate::{Reference, Result, Role};
use supervised::{PlainNetwork, TrueRegimes};

/// The mean squared error of the law that made the rows.
const BAYES: Reference = of_test_loss("bayes", "the true law (Bayes)", Role::Floor);

/// The same network, told which regime each training row is in.
const TRUE_REGIMES: Reference =
    of_test_loss("true-regimes", "trained on the true regimes", Role::Informed);

/// A network of the same width that chooses nothing.
const PLAIN_NETWORK: Reference =
    of_test_loss("plain-network", "network without a choice", Role::Rival);

/// Linear regression.
const LEAST_SQUARES: Reference = of_test_loss("least-squares", "least squares", Role::Rival);

/// The mean of the training targets, as a prediction of every target.
const PREDICT_MEAN: Reference = of_test_loss("predict-mean", "predict the mean", Role::Rival);

const fn of_test_loss(name: &'static str, label: &'static str, role: Role) -> Reference {
    Reference { name, label, metric: "test-loss", role }
}

/// The references of synthetic rows, or of a file's.
pub(super) fn declared(is_synthetic: bool) -> Vec<Reference> {
    let of_all = [PLAIN_NETWORK, LEAST_SQUARES, PREDICT_MEAN];
    let of_synthetic = [BAYES, TRUE_REGIMES];
    of_synthetic.into_iter().filter(|_| is_synthetic).chain(of_all).collect()
}

/// Their values; nothing if the computation was stopped.
pub(super) fn values(
    network: &CombinedNetwork,
    data: &Split,
    streams: &Streams,
    budget: &Budget,
    go_on: GoOn<'_>,
) -> Result<Option<Vec<f64>>> {
    let schedule = trained::Schedule { budget: *budget, batches: streams.named("batch"), go_on };
    let mut losses = vec![];
    if let Some(truth) = &data.truth {
        let network = TrueRegimes::new(network, data, &truth.train, streams.named("true-regimes"));
        let Some(loss) = trained::test_loss(&network, &schedule)? else { return Ok(None) };
        losses.extend([truth.loss, loss]);
    }
    let network = PlainNetwork::new(network, data, streams.named("plain-network"));
    let Some(loss) = trained::test_loss(&network, &schedule)? else { return Ok(None) };
    losses.extend([loss, linear::test_loss(&data.train, &data.test), data.mean_loss]);
    Ok(Some(losses.into_iter().map(|loss| loss * data.loss_unit).collect()))
}
