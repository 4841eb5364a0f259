//! Small problems, each a distribution and a loss, with every joint outcome within reach of enumeration.

use super::objectives::{Linear, VALUES};
use crate::kinds::Exact;
use crate::objectives::{ExpDot, RowLosses, SquaredPick};
use crate::{
    Choice, Context, Dims, Domain, Estimator, Kind, Logits, Losses, Node, Noise, Objective, Packed,
    Real, Result, gradient,
};
use kernels::tape::{Recording, Weights, weigh};
use std::cell::RefCell;
use std::rc::Rc;

/// Logits and a loss, in `f64`.
#[derive(Clone)]
pub struct Problem {
    /// Its name.
    pub name: &'static str,
    /// Its dimensions.
    pub dims: Dims,
    /// The logits, [B, L, K].
    pub logits: Vec<f64>,
    /// The objective for this number of copies of the rows.
    pub make: fn(usize) -> Box<dyn Objective<f64>>,
    /// Whether the loss is quadratic in the choice.
    pub quadratic: bool,
}

const WEIGHTS: [f64; 6] = [0.6, -0.5, 0.2, -0.7, 0.9, 0.1];
/// Logits of two latents of three categories, or of three bits.
const SIX: [f64; 6] = [0.2, -0.7, 0.5, 0.1, 0.3, -0.4];

/// The squared error of the value of one of four categories, in two rows.
pub fn squared_pick() -> Problem {
    Problem {
        name: "squared pick",
        dims: Dims { batch: 2, latents: 1, categories: 4 },
        logits: vec![0.4, -0.3, 0.9, 0.0, -1.2, 0.5, 0.1, 0.7],
        make: |times| Box::new(SquaredPick::of(&VALUES.repeat(times), &[0.8, -0.4].repeat(times))),
        quadratic: true,
    }
}

/// exp ⟨a, z⟩ of one of four categories.
pub fn exponential() -> Problem {
    Problem {
        name: "exponential of four",
        dims: Dims { batch: 1, latents: 1, categories: 4 },
        logits: vec![0.2, -0.7, 0.5, 0.1],
        make: |times| {
            let weights = [0.3, 1.1, -0.4, 0.7].repeat(times);
            Box::new(ExpDot::of(&weights, times))
        },
        quadratic: false,
    }
}

/// exp ⟨a, z⟩ of two latents of three categories.
pub fn two_latents() -> Problem {
    Problem {
        name: "exponential of two latents",
        dims: Dims { batch: 1, latents: 2, categories: 3 },
        logits: SIX.to_vec(),
        make: |times| Box::new(ExpDot::of(&WEIGHTS.repeat(times), times)),
        quadratic: false,
    }
}

/// exp ⟨a, z⟩ of three bits.
pub fn bits() -> Problem {
    Problem { name: "bits", dims: Dims { batch: 1, latents: 3, categories: 2 }, ..two_latents() }
}

/// exp ⟨a, z⟩ of one bit.
pub fn one_bit() -> Problem {
    Problem {
        name: "one bit",
        dims: Dims { batch: 1, latents: 1, categories: 2 },
        logits: vec![0.3, -0.5],
        make: |times| {
            let weights = [0.2, 0.9].repeat(times);
            Box::new(ExpDot::of(&weights, times))
        },
        quadratic: false,
    }
}

/// ⟨a, z⟩ of two latents of three categories.
pub fn linear() -> Problem {
    Problem {
        name: "linear",
        make: |times| Box::new(RowLosses::new(Linear, &WEIGHTS.repeat(times), times)),
        quadratic: true,
        ..two_latents()
    }
}

/// Four problems; every estimator of this crate supports at least one.
pub fn problems() -> [Problem; 4] {
    [squared_pick(), exponential(), two_latents(), bits()]
}

impl Problem {
    /// Whether an estimator supports it.
    pub fn suits(&self, estimator: &dyn Estimator<f64>) -> bool {
        estimator.refuses(self.dims).is_none()
    }

    /// One estimate for each of `times` copies of the problem, [times, B·L·K].
    ///
    /// # Errors
    /// If the estimator fails.
    pub fn estimates(
        &self,
        estimator: &mut dyn Estimator<f64>,
        times: usize,
        noise: &mut Noise,
    ) -> Result<Vec<f64>> {
        Ok(self.record(estimator, times, noise)?.estimates)
    }

    /// The same, with all evaluations of the objective.
    ///
    /// # Errors
    /// If the estimator fails.
    pub fn record(
        &self,
        estimator: &mut dyn Estimator<f64>,
        times: usize,
        noise: &mut Noise,
    ) -> Result<Recorded> {
        let (logits, objective) = (self.logits.repeat(times), (self.make)(times));
        let recorder = Recorder { objective: &*objective, evaluations: RefCell::default() };
        let dims = self.copied(times);
        let estimate = gradient(estimator, &logits, dims, &recorder, None, noise)?;
        Ok(Recorded {
            estimates: estimate.logits.into_iter().map(|g| g * times as f64).collect(),
            losses: estimate.losses,
            evaluations: recorder.evaluations.into_inner(),
        })
    }

    /// A training step with `times` copies of the problem: the gradient for the logits, then the losses.
    ///
    /// # Errors
    /// If the estimator fails.
    pub fn train(
        &self,
        estimator: &mut dyn Estimator<f64>,
        times: usize,
        noise: &mut Noise,
    ) -> Result<Vec<f64>> {
        let (logits, objective) = (self.logits.repeat(times), (self.make)(times));
        step(estimator, &logits, self.copied(times), &*objective, noise)
    }

    pub(super) fn copied(&self, times: usize) -> Dims {
        Dims { batch: self.dims.batch * times, ..self.dims }
    }

    /// The gradient of the expected loss Σ_D p(D) f(p(D) D) of outputs that are scaled by the probability of
    /// their pick: by enumeration of the losses and their slopes, for problems of one latent; the mean over rows.
    ///
    /// # Errors
    /// If there are several latents, or the objective fails.
    pub fn exact_of_gated(&self) -> Result<Vec<f64>> {
        let Dims { batch, latents, categories } = self.dims;
        if latents != 1 {
            return Err(crate::Error::Objective("gated outputs of several latents".into()));
        }
        let p = kernels::rows::softmax(&Packed::pack(&self.logits, categories), 1.0);
        let (objective, numbers) = ((self.make)(1), p.unpack());
        let mut gradient = vec![];
        let mut values = vec![0.0; self.dims.elements()];
        for category in 0..categories {
            let picks = Rc::new(Packed::filled(batch, 1, category as f64));
            let gates = Node::new(p.column(category));
            let choice = Choice::gated(picks, gates.clone(), self.dims, Recording::default());
            let losses = objective.loss(choice)?;
            let f = losses.numbers().unpack();
            let (node, tape) = losses.into_node();
            let ones = Weights::Each(Packed::filled(batch, 1, 1.0));
            dfdx::prelude::Backward::try_backward(weigh(tape, node, ones)?)?;
            let slopes = gates.take().map_or(vec![0.0; batch], |slopes| slopes.unpack());
            for row in 0..batch {
                let at = row * categories + category;
                values[at] = f[row] + numbers[at] * slopes[row];
            }
        }
        for (p, v) in numbers.chunks_exact(categories).zip(values.chunks_exact(categories)) {
            let mean: f64 = p.iter().zip(v).map(|(p, v)| p * v).sum();
            let share = 1.0 / batch as f64;
            gradient.extend(p.iter().zip(v).map(|(p, v)| share * p * (v - mean)));
        }
        Ok(gradient)
    }

    /// The gradient of the expected loss, by enumeration.
    ///
    /// # Errors
    /// If there are too many outcomes.
    pub fn exact(&self) -> Result<Vec<f64>> {
        self.estimates(&mut *Exact {}.build(), 1, &mut Noise::named(&["exact"]))
    }
}

/// A training step: the gradient for the logits ([B, L, K]), then the losses.
///
/// # Errors
/// If the estimator fails.
pub fn step<E: Real>(
    estimator: &mut dyn Estimator<E>,
    logits: &[f64],
    dims: Dims,
    objective: &dyn Objective<E>,
    noise: &mut Noise,
) -> Result<Vec<f64>> {
    let leaf = Node::new(Packed::pack(&narrow(logits), dims.categories));
    let logits = Logits::new(leaf.clone(), dims.latents, Recording::default());
    let surrogate = estimator.surrogate(logits, objective, noise)?;
    let losses = widen(&surrogate.losses.to_columns());
    surrogate.backward()?;
    let gradient = leaf.take().map_or(vec![0.0; dims.elements()], |g| widen(&g.unpack()));
    Ok(gradient.into_iter().chain(losses).collect())
}

/// An objective for any dimensions: the squared error of the chosen value if there is one latent, an
/// exponential otherwise.
pub fn objective<E: Real>(dims: Dims) -> Box<dyn Objective<E>> {
    let width = dims.latents * dims.categories;
    let numbers: Vec<f64> = VALUES.iter().copied().cycle().take(width).collect();
    if dims.latents == 1 {
        let targets = narrow(&vec![0.8; dims.batch]);
        Box::new(SquaredPick::of(&narrow(&numbers.repeat(dims.batch)), &targets))
    } else {
        let weights: Vec<f64> = numbers.iter().map(|x| x / dims.latents as f64).collect();
        Box::new(ExpDot::of(&narrow(&weights.repeat(dims.batch)), dims.batch))
    }
}

pub(super) fn narrow<E: Real>(numbers: &[f64]) -> Vec<E> {
    numbers.iter().map(|&x| E::of(x)).collect()
}

pub(super) fn widen<E: Real>(numbers: &[E]) -> Vec<f64> {
    numbers.iter().map(|x| x.widen()).collect()
}

/// Estimates and the evaluations behind them.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// [draws, B·L·K]
    pub estimates: Vec<f64>,
    /// The losses that the estimator reports, [draws·B].
    pub losses: Vec<f64>,
    /// Every evaluation of the objective.
    pub evaluations: Vec<Evaluation>,
}

/// An evaluation of an objective.
#[derive(Clone, Debug)]
pub struct Evaluation {
    /// Category numbers, [S, B, L], if every point was a vertex.
    pub picks: Option<Vec<u32>>,
    /// Points [S, B, L, K], if their gradient was wanted.
    pub points: Vec<f64>,
    /// Losses, [S, B].
    pub losses: Vec<f64>,
}

struct Recorder<'a> {
    objective: &'a dyn Objective<f64>,
    evaluations: RefCell<Vec<Evaluation>>,
}

impl Objective<f64> for Recorder<'_> {
    fn loss(&self, choice: Choice<f64>) -> Result<Losses<f64>> {
        let (picks, dims, samples) = (choice.picks(), choice.dims(), choice.samples());
        let points = choice.points().map(|points| in_order(points.numbers(), samples, dims));
        let losses = self.objective.loss(choice)?;
        let points = points.unwrap_or_default();
        let asked = Evaluation { picks, points, losses: losses.numbers().to_columns() };
        self.evaluations.borrow_mut().push(asked);
        Ok(losses)
    }
    fn domain(&self) -> Domain {
        self.objective.domain()
    }
    fn context(&self) -> Option<Context<'_, f64>> {
        self.objective.context()
    }
}

/// [B·L, S·K] as [S, B, L, K].
fn in_order(points: &Packed<f64>, samples: usize, dims: Dims) -> Vec<f64> {
    let k = dims.categories;
    let at = |i: usize| points.get(i / k % dims.rows(), i / k / dims.rows() * k + i % k);
    (0..samples * dims.elements()).map(at).collect()
}
