use super::data::Split;
use super::{CombinedNetwork, matched_accuracy, references};
use crate::batch::Batch;
use crate::classifier::entropy;
use crate::task::{Budget, GoOn, Instance, Streams};
use crate::{Evaluation, Forward, Result};
use estimators::SquaredPick;
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
        let (logits, values, tape) = self.network.forward(parameters, batch.inputs());
        let objective = SquaredPick::with_targets(values, Rc::clone(batch.targets()));
        Forward::new(logits, 1, objective.with_context(Rc::clone(batch.inputs())), tape)
    }

    fn evaluate(
        &self,
        parameters: &Parameters<f32>,
        evaluation: &mut Evaluation<'_>,
    ) -> Result<Vec<f64>> {
        let test = self.forward(parameters, &self.data.test);
        let chosen = test.argmax();
        let truth = self.data.truth.as_ref();
        let accuracy = truth.map(|truth| self.accuracy(&chosen, &truth.test));
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
    /// Share of the categories that are chosen for at least one row.
    fn live_share(&self, chosen: &Packed<f32>) -> f64 {
        let mut is_live = vec![false; self.network.widths().2];
        chosen.to_columns().into_iter().for_each(|category| is_live[category as usize] = true);
        is_live.iter().filter(|&&live| live).count() as f64 / is_live.len() as f64
    }

    /// Share of rows whose category is the true regime, after matching.
    fn accuracy(&self, chosen: &Packed<f32>, labels: &[u32]) -> f64 {
        let (_, _, k) = self.network.widths();
        let mut counts = vec![0; k * k];
        for (category, &label) in chosen.to_columns().into_iter().zip(labels) {
            counts[category as usize * k + label as usize] += 1;
        }
        matched_accuracy(&counts, k)
    }
}
