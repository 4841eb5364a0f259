//! Tasks without data: the logits of independent latents are all that is learned, and the loss is a mean
//! over the latents, of a function of the value that each has chosen.
//!
//! As latents are independent, the expected loss, its minimum and its gradient are sums over latents,
//! which are computed exactly, however many there are. The kinds differ in values, function, goal, and how
//! logits are made and start; everything else is here.

mod arsm_toy;
mod polynomial;
mod quadratic_toy;
#[cfg(test)]
mod tests;

pub use arsm_toy::ArsmToy;
pub use polynomial::Polynomial;
pub use quadratic_toy::{Goal, QuadraticToy};

use super::{Budget, GoOn, Instance, Streams, Task};
use crate::classifier::entropy;
use crate::metric::{ENTROPY, TRAINING_LOSS};
use crate::{Batch, Evaluation, Forward, Metric, Reference, Result, Role};
use estimators::Dims;
use estimators::objectives::ValuePower;
use kernels::tape::{Recording, record};
use kernels::{Initial, Noise, Packed, Parameters, Real, Vector, rows};
use registry::Fault;
use std::sync::Arc;

/// The expected loss of sampled categories.
const EXPECTED_LOSS: Metric = Metric::lower("expected-loss", "expected loss")
    .with_note("in expectation over sampled categories");

/// The same for what is maximized.
const REWARD: Metric =
    Metric::higher("reward", "reward").with_note("in expectation over sampled categories");

/// Where optima differ from starts in the third digit, the distance tells more than the value.
const REGRET: Metric = Metric::lower("regret", "regret")
    .with_note("the distance of the expectation from the optimum")
    .as_ratio();

/// Latents with free logits, and the loss of each.
#[derive(Clone, Debug)]
pub struct Separable {
    /// L
    latents: usize,
    /// v, \[K\]
    values: Arc<[f64]>,
    /// c
    target: f64,
    /// p
    power: f64,
    goal: Goal,
    /// Logits of a latent that are learned, F: K of them, or K − 1 if the first one is 0.
    free: usize,
    start: Start,
    /// Whether the distance from the optimum ranks, and not the expectation itself.
    by_regret: bool,
}

/// How the logits start.
#[derive(Clone, Copy, Debug)]
enum Start {
    /// Uniform from −scale to scale.
    Uniform(f64),
    /// Normal, with this standard deviation.
    Normal(f64),
}

impl Separable {
    fn objective(&self) -> ValuePower {
        let (values, sign) = (self.values.iter().copied().collect(), self.goal.sign());
        ValuePower { values, target: self.target, power: self.power, sign }
    }

    fn expectation(&self) -> Metric {
        match self.goal {
            Goal::Minimize => EXPECTED_LOSS,
            Goal::Maximize => REWARD,
        }
    }

    fn initial(&self, noise: &mut Noise) -> Vec<f64> {
        let count = self.latents * self.free;
        match self.start {
            Start::Uniform(scale) => {
                (0..count).map(|_| scale * (2.0 * noise.uniform() - 1.0)).collect()
            }
            Start::Normal(scale) => noise.normals(count).iter().map(|x| scale * x).collect(),
        }
    }
}

impl Task for Separable {
    type Instance = Seeded;

    fn metrics(&self) -> Vec<Metric> {
        let [first, second] = match self.by_regret {
            true => [REGRET, self.expectation()],
            false => [self.expectation(), REGRET],
        };
        vec![first, second, TRAINING_LOSS, ENTROPY]
    }

    fn references(&self) -> Vec<Reference> {
        let (name, metric) = ("optimum", self.expectation().name);
        vec![Reference { name, label: name, metric, role: Role::Floor }]
    }

    fn dims(&self, batch: usize) -> Dims {
        Dims { batch, latents: self.latents, categories: self.values.len() }
    }

    fn instance<E: Real>(&self, streams: &Streams) -> (Seeded, Parameters<E>) {
        let mut initial = Initial::new();
        let logits = initial.vector(&self.initial(&mut streams.named("init")));
        let objective = self.objective();
        let losses = objective.of_categories();
        (Seeded { task: self.clone(), objective, losses, logits }, initial.build())
    }
}

/// The latents, which are the same for every seed but for where their logits start.
pub struct Seeded {
    task: Separable,
    objective: ValuePower,
    /// The loss of each category, \[K\].
    losses: Vec<f64>,
    /// [L, F]
    logits: Vector,
}

impl Seeded {
    /// K
    fn categories(&self) -> usize {
        self.losses.len()
    }

    /// The logits of one row, [L, K].
    fn row<E: Real>(&self, parameters: &Parameters<E>) -> Vec<E> {
        let free = parameters.vector(&self.logits);
        let zeros = self.categories() - self.task.free;
        let mut row = Vec::with_capacity(self.task.latents * self.categories());
        for own in free.chunks_exact(self.task.free) {
            row.resize(row.len() + zeros, E::ZERO);
            row.extend_from_slice(own);
        }
        row
    }

    /// The gradient for the free logits, [L, F], given that for the logits of each row, [B, L, K].
    fn of_free<E: Real>(gradient: &[E], latents: usize, categories: usize, free: usize) -> Vec<E> {
        let mut sums = vec![E::ZERO; latents * free];
        for row in gradient.chunks_exact(latents * categories) {
            for (sums, own) in sums.chunks_exact_mut(free).zip(row.chunks_exact(categories)) {
                let own = &own[categories - free..];
                sums.iter_mut().zip(own).for_each(|(sum, &g)| *sum += g);
            }
        }
        sums
    }

    /// The distribution of each latent, [L, K], in double precision.
    fn distributions<E: Real>(&self, parameters: &Parameters<E>) -> Vec<f64> {
        let logits: Vec<f64> = self.row(parameters).iter().map(|x| x.widen()).collect();
        rows::softmax(&Packed::pack(&logits, self.categories()), 1.0).unpack()
    }

    /// The least loss of a category.
    fn least(&self) -> f64 {
        self.losses.iter().copied().fold(f64::INFINITY, f64::min)
    }
}

fn check_finite(key: &str, value: f64) -> Result<(), Fault> {
    Fault::require(value.is_finite(), key, value, "a finite number")
}

/// Σ_k p_k x_k
fn mean(p: &[f64], x: &[f64]) -> f64 {
    p.iter().zip(x).map(|(p, x)| p * x).sum()
}

impl Instance for Seeded {
    fn batch(&self, rows: usize, _: &mut Noise) -> Batch<f32> {
        Batch::empty(rows)
    }

    fn forward<E: Real>(&self, parameters: &Parameters<E>, batch: &Batch<E>) -> Forward<E> {
        let (mut tape, latents) = (Recording::default(), self.task.latents);
        let logits = Packed::pack(&self.row(parameters).repeat(batch.rows()), self.categories());
        let (place, parameters) = (self.logits.clone(), parameters.shared());
        let (categories, free) = (self.categories(), self.task.free);
        let logits = record(&mut tape, logits, move |gradient| {
            let gradient = Self::of_free(&gradient.unpack(), latents, categories, free);
            parameters.add_to_vector(&place, &gradient);
        });
        Forward::new(logits, latents, self.objective.clone(), tape)
    }

    fn evaluate(&self, parameters: &Parameters<f32>, _: &mut Evaluation<'_>) -> Result<Vec<f64>> {
        let (p, latents) = (self.distributions(parameters), self.task.latents as f64);
        let least = self.least();
        let over = |losses: &[f64]| {
            let rows = p.chunks_exact(losses.len());
            rows.map(|p| mean(p, losses)).sum::<f64>() / latents
        };
        let above: Vec<f64> = self.losses.iter().map(|loss| loss - least).collect();
        let expectation = self.task.goal.sign() * over(&self.losses);
        let regret = over(&above);
        let entropy = entropy(&Packed::pack(&self.row(parameters), self.categories()));
        let [first, second] = match self.task.by_regret {
            true => [regret, expectation],
            false => [expectation, regret],
        };
        Ok(vec![first, second, entropy])
    }

    fn references(&self, _: &Streams, _: &Budget, _: GoOn<'_>) -> Result<Option<Vec<f64>>> {
        Ok(Some(vec![self.task.goal.sign() * self.least()]))
    }

    /// (1/L) p_k (h_k − Σ_j p_j h_j) of each latent.
    fn exact_gradient<E: Real>(&self, parameters: &Parameters<E>) -> Option<Vec<f64>> {
        let of_latent = |p: &[f64]| {
            let expected = mean(p, &self.losses);
            let each = p.iter().zip(&self.losses);
            let gradient = each.map(|(p, loss)| p * (loss - expected) / self.task.latents as f64);
            gradient.skip(self.categories() - self.task.free).collect::<Vec<_>>()
        };
        let p = self.distributions(parameters);
        Some(p.chunks_exact(self.categories()).flat_map(of_latent).collect())
    }

    fn tied_gradient<E: Real>(&self, logits: &[E]) -> Option<Vec<E>> {
        Some(Self::of_free(logits, self.task.latents, self.categories(), self.task.free))
    }
}
