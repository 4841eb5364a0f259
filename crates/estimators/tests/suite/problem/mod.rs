//! Problems on which estimators are tested, and comparisons.

pub use estimators::laws::problem::{
    Problem, Recorded, bits, exponential, linear, one_bit, problems, squared_pick, two_latents,
};
use estimators::{Estimator, Noise, Registry};
use toml::Table;

pub const VALUES: [f64; 8] = [1.5, -0.5, 2.0, 0.25, 3.0, 1.0, 0.5, -2.0];

/// Estimates of a problem; a failure fails the test.
pub trait Draw {
    /// One estimate for each of `times` copies of the problem, [draws, B·L·K].
    fn draw(
        &self,
        estimator: &mut dyn Estimator<f64>,
        times: usize,
        noise: &mut Noise,
    ) -> Vec<f64> {
        self.draw_recorded(estimator, times, noise).estimates
    }

    /// The same, with a record of all evaluations.
    fn draw_recorded(
        &self,
        estimator: &mut dyn Estimator<f64>,
        times: usize,
        noise: &mut Noise,
    ) -> Recorded;

    /// A training step with `times` copies of the problem: gradients and losses.
    fn step(&self, estimator: &mut dyn Estimator<f64>, times: usize, noise: &mut Noise)
    -> Vec<f64>;

    /// The gradient of the expected loss.
    fn enumerated(&self) -> Vec<f64>;

    /// B·L·K
    fn width(&self) -> usize;

    /// p of every latent, [B·L·K].
    fn probabilities(&self) -> Vec<f64>;
}

impl Draw for Problem {
    fn draw_recorded(
        &self,
        estimator: &mut dyn Estimator<f64>,
        times: usize,
        noise: &mut Noise,
    ) -> Recorded {
        self.record(estimator, times, noise)
            .unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }

    fn step(
        &self,
        estimator: &mut dyn Estimator<f64>,
        times: usize,
        noise: &mut Noise,
    ) -> Vec<f64> {
        self.train(estimator, times, noise).unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }

    fn enumerated(&self) -> Vec<f64> {
        self.exact().unwrap()
    }

    fn width(&self) -> usize {
        self.dims.elements()
    }

    fn probabilities(&self) -> Vec<f64> {
        self.logits.chunks_exact(self.dims.categories).flat_map(softmax).collect()
    }
}

pub fn softmax(theta: &[f64]) -> Vec<f64> {
    let total: f64 = theta.iter().map(|x| x.exp()).sum();
    theta.iter().map(|x| x.exp() / total).collect()
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
