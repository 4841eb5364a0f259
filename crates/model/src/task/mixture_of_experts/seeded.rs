use super::data::{HeldOut, Split};
use super::judge::{Predicted, judge, loads, predicted};
use super::network::Network;
use super::parameters::MixtureOfExperts;
use super::{grouped, references};
use crate::classifier::entropy;
use crate::task::{Budget, GoOn, Instance, Streams, matched_accuracy};
use crate::{Batch, Evaluation, Forward, Result};
use estimators::Deployment;
use kernels::tape::{Node, Recording};
use kernels::{Noise, Packed, Parameters, Real, rows};
use std::collections::BTreeSet;

/// Rows and network of a seed.
pub struct Seeded {
    pub(super) task: MixtureOfExperts,
    pub(super) network: Network,
    pub(super) split: Split,
}

/// What a network does with rows that it is deployed on.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Deployed {
    pub(super) loss: f64,
    /// The share of rows whose class is right; of numbers, nothing.
    pub(super) accuracy: f64,
    /// The expert of the largest logit of each latent.
    pub(super) picks: Vec<usize>,
    /// The experts that are evaluated, row after row.
    pub(super) used: Vec<usize>,
    /// Of the router.
    pub(super) entropy: f64,
}

impl Seeded {
    /// What is deployed: the expert with the largest logit, scaled by its probability if outputs are, or all
    /// experts with a logit above 0.
    pub(super) fn deployed(
        &self,
        parameters: &Parameters<f32>,
        rows: &Batch<f32>,
        deployment: Deployment,
    ) -> Deployed {
        let mut tape = Recording::default();
        let (of_gates, logits) = self.network.logits(parameters, rows.inputs(), &mut tape);
        let picks = rows::argmax(&logits);
        let (experts, inputs) = (&self.network.experts, rows.inputs().rows());
        let to_numbers = |picks: &Packed<f32>| -> Vec<usize> {
            picks.to_columns().into_iter().map(|pick| pick as usize).collect()
        };
        let (latents, categories) = (self.task.picks, self.task.experts);
        let (outputs, used) = match deployment {
            Deployment::Pick => {
                let p = rows::softmax(&of_gates, 1.0);
                let gates = self.task.gated.then(|| Node::new(rows::gather(&p, &picks)));
                let outputs = grouped::outputs(
                    experts, parameters, inputs, &picks, latents, gates, &mut tape,
                );
                let picks = to_numbers(&picks).into_iter().enumerate();
                (outputs, distinct(picks.map(|(i, expert)| (i / latents, expert))))
            }
            Deployment::Rectified => {
                let weights: Vec<f32> = of_gates.unpack().into_iter().map(|x| x.max(0.0)).collect();
                let active = weights.iter().enumerate().filter(|(_, weight)| **weight > 0.0);
                let used =
                    distinct(active.map(|(i, _)| (i / categories / latents, i % categories)));
                let weights = Node::new(Packed::pack(&weights, categories));
                let outputs =
                    grouped::mixture(experts, parameters, inputs, weights, latents, &mut tape);
                (outputs, used)
            }
        };
        let (loss, accuracy) = judge(&outputs, rows.targets(), predicted(self.task.data));
        Deployed { loss, accuracy, picks: to_numbers(&picks), used, entropy: entropy(&logits) }
    }

    /// The loss of the mixture (1/L) Σ_l Σ_k p_lk E_k.
    pub(super) fn mixture_loss(&self, parameters: &Parameters<f32>, rows: &Batch<f32>) -> f64 {
        let mut tape = Recording::default();
        let (gates, _) = self.network.logits(parameters, rows.inputs(), &mut tape);
        let p = rows::softmax(&gates, 1.0).unpack();
        let outputs =
            grouped::all(&self.network.experts, parameters, rows.inputs(), &mut tape).unpack();
        let predicted = predicted(self.task.data);
        let (experts, width) = (self.task.experts, predicted.outputs());
        let mut mixed = vec![0.0; rows.rows() * width];
        let latents = self.task.picks;
        for (row, mixed) in mixed.chunks_exact_mut(width).enumerate() {
            for (i, p) in p[row * latents * experts..][..latents * experts].iter().enumerate() {
                let (k, share) = (i % experts, p / latents as f32);
                let output = &outputs[(row * experts + k) * width..][..width];
                mixed.iter_mut().zip(output).for_each(|(sum, x)| *sum += share * x);
            }
        }
        judge(&Packed::pack(&mixed, width), rows.targets(), predicted).0
    }
}

/// The experts of rows, each once for a row, from pairs of a row and an expert, row after row.
fn distinct(pairs: impl Iterator<Item = (usize, usize)>) -> Vec<usize> {
    pairs.collect::<BTreeSet<_>>().into_iter().map(|(_, expert)| expert).collect()
}

impl Instance for Seeded {
    fn batch(&self, rows: usize, noise: &mut Noise) -> Batch<f32> {
        self.split.train.draw(rows, noise)
    }

    fn forward<E: Real>(&self, parameters: &Parameters<E>, batch: &Batch<E>) -> Forward<E> {
        self.network.forward(parameters, batch)
    }

    fn evaluate(
        &self,
        parameters: &Parameters<f32>,
        evaluation: &mut Evaluation<'_>,
    ) -> Result<Vec<f64>> {
        let deployment = evaluation.deployment();
        let validated = self.deployed(parameters, &self.split.validation.batch, deployment);
        let HeldOut { batch, clusters } = &self.split.test;
        let deployed = self.deployed(parameters, batch, deployment);
        let Deployed { loss, accuracy, picks, used, entropy } = deployed;
        let mut values = match predicted(self.task.data) {
            Predicted::Number => vec![loss, validated.loss],
            Predicted::Class(_) => vec![accuracy, validated.accuracy, loss],
        };
        let mixture = match deployment {
            Deployment::Pick => self.mixture_loss(parameters, batch),
            Deployment::Rectified => loss,
        };
        let (variation, dead) = loads(&used, self.task.experts);
        let per_row = used.len() as f64 / batch.rows() as f64;
        values.extend([loss - mixture, per_row, variation, dead]);
        if self.task.recovers() {
            let clusters = clusters.iter().map(|&cluster| cluster as usize);
            values.push(matched_accuracy(picks.into_iter().zip(clusters)));
        }
        values.push(entropy);
        Ok(values)
    }

    fn references(
        &self,
        streams: &Streams,
        budget: &Budget,
        go_on: GoOn<'_>,
    ) -> Result<Option<Vec<f64>>> {
        references::values(&self.task, &self.split, streams, budget, go_on)
    }
}
