//! Problems on which estimators are tested, and the variants of the estimators.

use estimators::objectives::{ExpDot, RowLoss, RowLosses, SquaredPick};
use estimators::{
    Choice, Context, Dims, Domain, Estimator, Logits, Losses, Node, Noise, Objective, Packed, Real,
    Registry, Result, gradient,
};
use kernels::tape::Recording;
use std::cell::RefCell;
use toml::Table;

pub mod variants;

/// A problem in `f64`: logits and an objective.
#[derive(Clone)]
pub struct Problem {
    pub name: &'static str,
    pub dims: Dims,
    pub logits: Vec<f64>,
    pub make: fn(usize) -> Box<dyn Objective<f64>>,
    pub quadratic: bool,
}

pub const VALUES: [f64; 8] = [1.5, -0.5, 2.0, 0.25, 3.0, 1.0, 0.5, -2.0];
pub const WEIGHTS: [f64; 6] = [0.6, -0.5, 0.2, -0.7, 0.9, 0.1];
/// Logits of two latents of three categories, or of three bits.
const SIX: [f64; 6] = [0.2, -0.7, 0.5, 0.1, 0.3, -0.4];

pub fn squared_pick() -> Problem {
    Problem {
        name: "squared pick",
        dims: Dims { batch: 2, latents: 1, categories: 4 },
        logits: vec![0.4, -0.3, 0.9, 0.0, -1.2, 0.5, 0.1, 0.7],
        make: |times| Box::new(SquaredPick::of(&VALUES.repeat(times), &[0.8, -0.4].repeat(times))),
        quadratic: true,
    }
}

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

pub fn two_latents() -> Problem {
    Problem {
        name: "exponential of two latents",
        dims: Dims { batch: 1, latents: 2, categories: 3 },
        logits: SIX.to_vec(),
        make: |times| Box::new(ExpDot::of(&WEIGHTS.repeat(times), times)),
        quadratic: false,
    }
}

pub fn bits() -> Problem {
    Problem { name: "bits", dims: Dims { batch: 1, latents: 3, categories: 2 }, ..two_latents() }
}

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

pub fn linear() -> Problem {
    Problem {
        name: "linear",
        make: |times| Box::new(RowLosses::new(Linear, &WEIGHTS.repeat(times), times)),
        quadratic: true,
        ..two_latents()
    }
}

pub fn problems() -> [Problem; 4] {
    [squared_pick(), exponential(), two_latents(), bits()]
}

/// A training step as the documentation has it: the gradient for the logits, then the losses.
pub fn step<E: Real>(
    estimator: &mut dyn Estimator<E>,
    logits: &[f64],
    dims: Dims,
    objective: &dyn Objective<E>,
    noise: &mut Noise,
) -> Vec<f64> {
    let leaf = Node::new(Packed::pack(&narrow(logits), dims.categories));
    let logits = Logits::new(leaf.clone(), dims.latents, Recording::default());
    let surrogate = estimator.surrogate(logits, objective, noise).unwrap();
    let losses = widen(&surrogate.losses.to_columns());
    surrogate.backward().unwrap();
    let gradient = leaf.take().map_or(vec![0.0; dims.elements()], |g| widen(&g.unpack()));
    gradient.into_iter().chain(losses).collect()
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

/// Numbers in the precision E.
pub fn narrow<E: Real>(numbers: &[f64]) -> Vec<E> {
    numbers.iter().map(|&x| E::of(x)).collect()
}

/// Numbers in double precision.
pub fn widen<E: Real>(numbers: &[E]) -> Vec<f64> {
    numbers.iter().map(|x| x.widen()).collect()
}

/// A loss that is linear in the choice.
#[derive(Clone)]
pub struct Linear;

impl RowLoss<f64> for Linear {
    fn loss(&self, _: usize, z: &[f64], a: &[f64], dz: &mut [f64], da: &mut [f64]) -> f64 {
        dz.iter_mut().zip(a).for_each(|(dz, a)| *dz += a);
        da.iter_mut().zip(z).for_each(|(da, z)| *da += z);
        z.iter().zip(a).map(|(z, a)| z * a).sum()
    }
}

impl Problem {
    /// Whether an estimator supports it.
    pub fn suits(&self, estimator: &dyn Estimator<f64>) -> bool {
        estimator.refuses(self.dims).is_none()
    }

    /// One estimate for each of `times` copies of the problem, [draws, B·L·K].
    pub fn draw(
        &self,
        estimator: &mut dyn Estimator<f64>,
        times: usize,
        noise: &mut Noise,
    ) -> Vec<f64> {
        self.draw_recorded(estimator, times, noise).estimates
    }

    /// The same, with a record of all evaluations.
    pub fn draw_recorded(
        &self,
        estimator: &mut dyn Estimator<f64>,
        times: usize,
        noise: &mut Noise,
    ) -> Recorded {
        let dims = Dims { batch: self.dims.batch * times, ..self.dims };
        let (logits, objective) = (self.logits.repeat(times), (self.make)(times));
        let recorder = Recorder { objective: &*objective, evaluations: RefCell::default() };
        let estimate = gradient(estimator, &logits, dims, &recorder, None, noise);
        let estimate = estimate.unwrap_or_else(|error| panic!("{}: {error}", self.name));
        let estimates = estimate.logits.into_iter().map(|g| g * times as f64).collect();
        Recorded {
            estimates,
            losses: estimate.losses,
            evaluations: recorder.evaluations.into_inner(),
        }
    }

    /// A training step with `times` copies of the problem: gradients and losses.
    pub fn step(
        &self,
        estimator: &mut dyn Estimator<f64>,
        times: usize,
        noise: &mut Noise,
    ) -> Vec<f64> {
        let dims = Dims { batch: self.dims.batch * times, ..self.dims };
        step(estimator, &self.logits.repeat(times), dims, &*(self.make)(times), noise)
    }

    pub fn exact(&self) -> Vec<f64> {
        self.draw(&mut *estimator("exact", ""), 1, &mut Noise::named(&["exact"]))
    }

    /// B·L·K
    pub fn width(&self) -> usize {
        self.dims.elements()
    }

    /// p of every latent, [B·L·K].
    pub fn probabilities(&self) -> Vec<f64> {
        self.logits.chunks_exact(self.dims.categories).flat_map(softmax).collect()
    }
}

pub fn softmax(theta: &[f64]) -> Vec<f64> {
    let total: f64 = theta.iter().map(|x| x.exp()).sum();
    theta.iter().map(|x| x.exp() / total).collect()
}

/// Estimates and the evaluations behind them.
pub struct Recorded {
    /// [draws, B·L·K]
    pub estimates: Vec<f64>,
    /// The losses that the estimator reports, [draws·B].
    pub losses: Vec<f64>,
    /// Every evaluation of the objective.
    pub evaluations: Vec<Evaluation>,
}

/// An evaluation of an objective.
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

/// An estimator by its name, with parameters as TOML.
pub fn estimator(kind: &str, parameters: &str) -> Box<dyn Estimator<f64>> {
    let registry = Registry::standard();
    let parameters = parameters.parse::<Table>().expect(kind);
    let estimator =
        registry.get(kind).and_then(|entry| entry.build(parameters)).map(|built| built.build_f64());
    estimator.unwrap_or_else(|error| panic!("{error}"))
}

/// Mean of draws and the standard error of each component.
pub fn moments(draws: &[f64], width: usize) -> Vec<(f64, f64)> {
    let n = (draws.len() / width) as f64;
    (0..width)
        .map(|i| {
            let column = || draws.iter().skip(i).step_by(width);
            let mean = column().sum::<f64>() / n;
            let variance = column().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (n - 1.0);
            (mean, (variance / n).sqrt())
        })
        .collect()
}

/// Total variance of a draw, and the standard error of that.
pub fn total_variance(draws: &[f64], width: usize) -> (f64, f64) {
    let n = (draws.len() / width) as f64;
    let means = moments(draws, width);
    let distance = |draw: &[f64]| -> f64 {
        draw.iter().zip(&means).map(|(x, (mean, _))| (x - mean) * (x - mean)).sum()
    };
    let distances: Vec<f64> = draws.chunks_exact(width).map(distance).collect();
    let (mean, error) = moments(&distances, 1)[0];
    // If distances hardly differ, the error of the mean dominates.
    (mean * n / (n - 1.0), error.hypot(4.0 * mean / n))
}

/// Fails unless two lists of numbers are the same up to rounding.
#[track_caller]
pub fn assert_close(a: &[f64], b: &[f64], tolerance: f64, place: &str) {
    assert_eq!(a.len(), b.len(), "{place}");
    let scale = b.iter().fold(1.0, |m: f64, x| m.max(x.abs()));
    for (i, (a, b)) in a.iter().zip(b).enumerate() {
        assert!((a - b).abs() <= tolerance * scale, "{place}: {a} for {b} at {i}");
    }
}

/// Fails unless the mean of draws is `expected`, within 5 standard errors and `slack`.
#[track_caller]
pub fn assert_mean(draws: &[f64], expected: &[f64], slack: f64, place: &str) {
    for (i, ((mean, error), expected)) in
        moments(draws, expected.len()).into_iter().zip(expected).enumerate()
    {
        let off = (mean - expected).abs();
        assert!(off <= 5.0 * error + slack, "{place}: {mean} for {expected} ± {error} at {i}");
    }
}
