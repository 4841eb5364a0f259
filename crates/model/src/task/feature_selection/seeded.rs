use super::data_set::{DataSet, Drawn, FEATURES};
use super::mask::{argmaxes, largest};
use super::network::Network;
use super::rank::median_rank;
use crate::bernoulli::cross_entropy;
use crate::classifier::entropy;
use crate::task::{Budget, GoOn, Instance, Streams};
use crate::{Batch, Evaluation, Forward, Result};
use kernels::tape::Recording;
use kernels::{Data, Noise, Packed, Parameters, Real};
use std::rc::Rc;

/// Rows and network of a seed.
pub struct Seeded {
    pub(super) network: Network,
    pub(super) data: DataSet,
    pub(super) validation: HeldOut,
    pub(super) test: HeldOut,
}

/// Rows that are not trained on.
pub(super) struct HeldOut {
    pub(super) batch: Batch<f32>,
    /// The features that each row's label depends on.
    relevant: Vec<&'static [usize]>,
}

impl HeldOut {
    pub(super) fn draw(data: DataSet, rows: usize, noise: &mut Noise) -> Self {
        let drawn = data.draw(rows, noise);
        Self { batch: batch(&drawn), relevant: drawn.relevant }
    }

    /// The probability of the label of each row.
    fn probabilities(&self) -> Vec<f64> {
        self.batch.targets().to_columns().into_iter().map(f64::from).collect()
    }

    /// The mean cross-entropy of the true probabilities and predicted ones.
    fn loss(&self, predicted: impl Fn(f64) -> f64) -> f64 {
        // 0 ln 0 is 0.
        let term = |q: f64, p: f64| if q > 0.0 { -q * Real::ln(p) } else { 0.0 };
        let of_row = |&q: &f64| term(q, predicted(q)) + term(1.0 - q, 1.0 - predicted(q));
        mean(&self.probabilities().iter().map(of_row).collect::<Vec<_>>())
    }
}

/// Rows with the probabilities of their labels as targets.
fn batch(drawn: &Drawn) -> Batch<f32> {
    let narrow = |numbers: &[f64]| numbers.iter().map(|&x| x as f32).collect::<Vec<_>>();
    let rows = Data::from_rows(Packed::pack(&narrow(&drawn.features), FEATURES));
    Batch::new(rows, Rc::new(Packed::pack(&narrow(&drawn.probabilities), 1)))
}

fn mean(numbers: &[f64]) -> f64 {
    numbers.iter().sum::<f64>() / numbers.len() as f64
}

/// What a network does with the features of each row that it is deployed with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Deployed {
    pub(super) loss: f64,
    pub(super) accuracy: f64,
    pub(super) median_rank: f64,
    pub(super) relevant_share: f64,
    /// Of the latents.
    pub(super) entropy: f64,
}

impl Seeded {
    pub(super) fn deployed(&self, parameters: &Parameters<f32>, held_out: &HeldOut) -> Deployed {
        let HeldOut { batch, relevant } = held_out;
        let rows = batch.inputs();
        let logits = self.network.logits(parameters, rows, &mut Recording::default());
        let k = self.network.latents;
        let chosen = match self.network.shared_logits {
            true => largest(logits.numbers(), k),
            false => argmaxes(logits.numbers(), k),
        };
        let mut kept = Packed::zeros(batch.rows(), FEATURES);
        for (row, chosen) in chosen.iter().enumerate() {
            chosen.iter().for_each(|&j| kept.set(row, j, rows.rows().get(row, j)));
        }
        let predicted = self.network.predict(parameters, &kept);
        let (losses, _) = cross_entropy(&predicted, batch.targets());
        let truth = held_out.probabilities();
        let right = |(o, q): (f32, f64)| f64::from(u8::from((o > 0.0) == (q > 0.5)));
        let right: Vec<f64> = predicted.to_columns().into_iter().zip(truth).map(right).collect();
        let (mut ranks, mut shares) = (vec![], vec![]);
        for (chosen, relevant) in chosen.iter().zip(relevant) {
            let hits = chosen.iter().filter(|feature| relevant.contains(feature)).count();
            ranks.push(median_rank(FEATURES, chosen.len(), relevant.len(), hits));
            shares.push(hits as f64 / chosen.len() as f64);
        }
        Deployed {
            loss: losses.total() / batch.rows() as f64,
            accuracy: mean(&right),
            median_rank: mean(&ranks),
            relevant_share: mean(&shares),
            entropy: entropy(logits.numbers()),
        }
    }
}

impl Instance for Seeded {
    fn batch(&self, rows: usize, noise: &mut Noise) -> Batch<f32> {
        batch(&self.data.draw(rows, noise))
    }

    fn forward<E: Real>(&self, parameters: &Parameters<E>, batch: &Batch<E>) -> Forward<E> {
        let mut tape = Recording::default();
        let logits = self.network.logits(parameters, batch.inputs(), &mut tape);
        let objective = self.network.objective(parameters, batch.inputs(), batch.targets());
        Forward::new(logits, self.network.latents, objective, tape)
    }

    fn evaluate(&self, parameters: &Parameters<f32>, _: &mut Evaluation<'_>) -> Result<Vec<f64>> {
        let validated = self.deployed(parameters, &self.validation).loss;
        let Deployed { loss, accuracy, median_rank, relevant_share, entropy } =
            self.deployed(parameters, &self.test);
        Ok(vec![loss, validated, accuracy, median_rank, relevant_share, entropy])
    }

    fn references(&self, _: &Streams, _: &Budget, _: GoOn<'_>) -> Result<Option<Vec<f64>>> {
        let guess = mean(&self.validation.probabilities());
        Ok(Some(vec![self.test.loss(|q| q), self.test.loss(|_| guess)]))
    }

    fn tied_gradient<E: Real>(&self, logits: &[E]) -> Option<Vec<E>> {
        let of_row = |row: &[E]| {
            let latents = || row.chunks_exact(FEATURES);
            let sum = |j: usize| latents().fold(E::ZERO, |sum, latent| sum + latent[j]);
            (0..FEATURES).map(sum).collect::<Vec<E>>()
        };
        let rows = logits.chunks_exact(self.network.latents * FEATURES);
        self.network.shared_logits.then(|| rows.flat_map(of_row).collect())
    }
}
