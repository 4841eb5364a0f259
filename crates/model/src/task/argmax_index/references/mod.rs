//! What plain methods reach on the same rows.

mod linear;
mod supervised;

use super::CombinedNetwork;
use super::data::Split;
use crate::task::{Budget, GoOn, Streams, trained};
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

/// Multinomial logistic regression.
const LINEAR: Reference = of_test_loss("linear", "logistic regression", Role::Rival);

/// The shares of the classes in the training rows, as probabilities of every row.
const PREDICT_SHARES: Reference = of_test_loss("predict-shares", "predict the shares", Role::Rival);

/// Linear regression.
const LEAST_SQUARES: Reference = of_test_loss("least-squares", "least squares", Role::Rival);

/// The mean of the training targets, as a prediction of every target.
const PREDICT_MEAN: Reference = of_test_loss("predict-mean", "predict the mean", Role::Rival);

const fn of_test_loss(name: &'static str, label: &'static str, role: Role) -> Reference {
    Reference { name, label, metric: "test-loss", role }
}

/// What is known of the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// Numbers to predict, and the regimes that they come from.
    Regimes,
    /// Numbers to predict.
    Numbers,
    /// Classes to predict.
    Classes,
}

/// The references of such rows.
pub(super) fn declared(known: Known) -> Vec<Reference> {
    match known {
        Known::Regimes => vec![BAYES, TRUE_REGIMES, PLAIN_NETWORK, LEAST_SQUARES, PREDICT_MEAN],
        Known::Numbers => vec![PLAIN_NETWORK, LEAST_SQUARES, PREDICT_MEAN],
        Known::Classes => vec![PLAIN_NETWORK, LINEAR, PREDICT_SHARES],
    }
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
    let (inputs, hidden, _) = network.widths();
    let (outputs, init) = (network.outputs(), streams.named("plain-network"));
    let plain = PlainNetwork::new(vec![inputs, hidden, outputs], data, init);
    let Some(loss) = trained::test_loss(&plain, &schedule)? else { return Ok(None) };
    let linear = if data.encoder.classes().is_some() {
        let logistic = PlainNetwork::new(vec![inputs, outputs], data, streams.named("linear"));
        let Some(loss) = trained::test_loss(&logistic, &schedule)? else { return Ok(None) };
        loss
    } else {
        linear::test_loss(&data.train, &data.test)
    };
    losses.extend([loss, linear, data.mean_loss]);
    Ok(Some(losses.into_iter().map(|loss| loss * data.loss_unit).collect()))
}
