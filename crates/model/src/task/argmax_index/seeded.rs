use super::data::Split;
use super::predictor::Predictor;
use super::{CombinedNetwork, matched_accuracy, references};
use crate::batch::Batch;
use crate::classifier::entropy;
use crate::task::{Budget, GoOn, Instance, Streams};
use crate::{Evaluation, Forward, Result};
use estimators::SquaredPick;
use estimators::objectives::CrossEntropyPick;
use kernels::tape::Node;
use kernels::{Noise, Packed, Parameters, Real};
use std::rc::Rc;

/// Data and network of a seed.
pub struct Seeded {
    pub(super) network: CombinedNetwork,
    pub(super) data: Split,
}

impl Instance for Seeded {
    fn references(
        &self,
        streams: &Streams,
        budget: &Budget,
        go_on: GoOn<'_>,
    ) -> Result<Option<Vec<f64>>> {
        references::values(&self.network, &self.data, streams, budget, go_on)
    }

    fn batch(&self, rows: usize, noise: &mut Noise) -> Batch<f32> {
        self.data.train.draw(rows, noise)
    }

    fn forward<E: Real>(&self, parameters: &Parameters<E>, batch: &Batch<E>) -> Forward<E> {
        self.forward_with_values(parameters, batch).0
    }

    fn predictor(&self, parameters: &Parameters<f32>) -> Option<Predictor> {
        let (encoder, network) = (self.data.encoder.clone(), self.network.clone());
        Some(Predictor::new(encoder, network, parameters.frozen()))
    }

    fn evaluate(
        &self,
        parameters: &Parameters<f32>,
        evaluation: &mut Evaluation<'_>,
    ) -> Result<Vec<f64>> {
        let (test, values) = self.forward_with_values(parameters, &self.data.test);
        let chosen = test.argmax();
        let accuracy = self.accuracy(&chosen, values.numbers());
        let tested = test.mean_loss(chosen)?;
        let forward = self.forward(parameters, &self.data.validation);
        let (chosen, entropy) = (forward.argmax(), entropy(&forward.logits));
        let live = self.live_share(&chosen);
        let validated = forward.mean_loss(chosen)?;
        let met = evaluation.forward_loss(forward)?;
        let losses = [tested, validated, met].map(|loss| loss * self.data.loss_unit);
        Ok(losses.into_iter().chain([entropy, live]).chain(accuracy).collect())
    }
}

impl Seeded {
    /// The values of a batch beside the rest.
    fn forward_with_values<E: Real>(
        &self,
        parameters: &Parameters<E>,
        batch: &Batch<E>,
    ) -> (Forward<E>, Node<E>) {
        let (logits, values, tape) = self.network.forward(parameters, batch.inputs());
        let (targets, context) = (Rc::clone(batch.targets()), Rc::clone(batch.inputs()));
        let head = values.clone();
        let forward = match self.data.encoder.classes() {
            None => {
                let objective = SquaredPick::with_targets(head, targets).with_context(context);
                Forward::new(logits, 1, objective, tape)
            }
            Some(classes) => {
                let objective = CrossEntropyPick::with_truth(head, classes, targets);
                Forward::new(logits, 1, objective.with_context(context), tape)
            }
        };
        (forward, values)
    }

    /// Share of the categories that are chosen for at least one row.
    fn live_share(&self, chosen: &Packed<f32>) -> f64 {
        let mut is_live = vec![false; self.network.widths().2];
        chosen.to_columns().into_iter().for_each(|category| is_live[category as usize] = true);
        is_live.iter().filter(|&&live| live).count() as f64 / is_live.len() as f64
    }

    /// Share of test rows whose category is the true regime, after matching, or whose class is the true
    /// one, where there are regimes or classes.
    fn accuracy(&self, chosen: &Packed<f32>, values: &Packed<f32>) -> Option<f64> {
        if let Some(truth) = &self.data.truth {
            let pairs = chosen.to_columns().into_iter().zip(&truth.test);
            let pairs = pairs.map(|(category, &label)| (category as usize, label as usize));
            return Some(matched_accuracy(pairs));
        }
        let classes = self.data.encoder.classes()?;
        let predicted = predicted_classes(chosen, values, classes);
        let pairs = predicted.into_iter().zip(self.data.test.targets().to_columns());
        let right = pairs.filter(|(class, truth)| *class == *truth as usize).count();
        Some(right as f64 / chosen.rows() as f64)
    }
}

/// The most probable class of each row's category, the first one of ties.
pub(super) fn predicted_classes(
    chosen: &Packed<f32>,
    values: &Packed<f32>,
    classes: usize,
) -> Vec<usize> {
    let of_row = |(row, category): (usize, f32)| {
        let logit = |class: usize| values.get(row, category as usize * classes + class);
        (1..classes).fold(0, |best, class| if logit(class) > logit(best) { class } else { best })
    };
    chosen.to_columns().into_iter().enumerate().map(of_row).collect()
}
