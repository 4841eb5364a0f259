//! Simulations: do the 95 % intervals hold the truth as often as they say?

use super::bias::squared_norm;
use super::bootstrap::{Bootstrap, Indices};
use super::gradient::GradientQuality;
use super::improvement::probability_of_improvement;
use super::location::interquartile_mean;
use std::f64::consts::TAU;

/// A number in the open interval (0, 1).
fn uniform(indices: &mut Indices) -> f64 {
    (indices.below(1 << 31) as f64 + 0.5) / f64::from(1_u32 << 31)
}

/// A number of the standard normal distribution (Box and Muller 1958).
pub(super) fn normal(indices: &mut Indices) -> f64 {
    (-2.0 * uniform(indices).ln()).sqrt() * (TAU * uniform(indices)).cos()
}

/// The fraction of trials that hold.
fn frequency(trials: u64, holds: impl FnMut(&u64) -> bool) -> f64 {
    (0..trials).filter(holds).count() as f64 / trials as f64
}

#[test]
fn of_an_interquartile_mean() {
    // Its expectation for uniform numbers is ½. The percentile bootstrap of so small a sample covers
    // a little less than 95 %.
    let mut indices = Bootstrap::new(1).indices();
    let coverage = frequency(1000, |&trial| {
        let sample: Vec<f64> = (0..20).map(|_| uniform(&mut indices)).collect();
        let bootstrap = Bootstrap::new(trial).with_replicates(400);
        let interval = bootstrap.interval(&sample, interquartile_mean).unwrap();
        (interval.low..=interval.high).contains(&0.5)
    });
    assert!((0.90..0.97).contains(&coverage), "{coverage}");
}

#[test]
fn of_a_probability_of_improvement() {
    // X uniform on (0, 1), Y on (¼, 1¼): P(X < Y) = 1 − ½ (¾)² on both tasks.
    let mut indices = Bootstrap::new(2).indices();
    let mut runs = |shift| -> Vec<f64> { (0..20).map(|_| uniform(&mut indices) + shift).collect() };
    let coverage = frequency(500, |&trial| {
        let (x, y) = ([runs(0.0), runs(0.0)], [runs(0.25), runs(0.25)]);
        let bootstrap = Bootstrap::new(trial).with_replicates(400);
        let estimate = probability_of_improvement(&x, &y, bootstrap).unwrap();
        (estimate.low..=estimate.high).contains(&(1.0 - 0.5 * 0.75 * 0.75))
    });
    assert!((0.90..0.98).contains(&coverage), "{coverage}");
}

/// How often the interval of a relative bias lies above and below the truth, for normal noise of the
/// given scale in each direction and a bias of `ratio` times the noise of the mean.
fn misses(scales: &[f64], draws: usize, ratio: f64) -> (f64, f64) {
    let mut indices = Bootstrap::new(3).indices();
    let exact = vec![1.0; scales.len()];
    let noise = (squared_norm(scales) / draws as f64).sqrt();
    let bias = ratio * noise / squared_norm(&exact).sqrt(); // of each component
    let mut below = 0.0;
    let trials = 1000;
    let above = frequency(trials, |_| {
        let mut quality = GradientQuality::new(&exact).with_batches();
        for _ in 0..draws {
            let component = |scale| 1.0 + bias + scale * normal(&mut indices);
            quality.push(&scales.iter().map(component).collect::<Vec<f64>>());
        }
        let relative = quality.relative_bias().unwrap();
        below += f64::from(u8::from(relative.high < bias)) / trials as f64;
        relative.low > bias
    });
    (above, below)
}

/// Noise in one direction, in all alike, in one of several, and decaying.
fn noises() -> [Vec<f64>; 4] {
    [
        vec![1.0],
        vec![1.0; 32],
        vec![1.0, 0.0, 0.0, 0.0],
        (1..=16).map(|i| 1.0 / f64::from(i)).collect(),
    ]
}

#[test]
fn of_no_bias() {
    for scales in noises() {
        for draws in [16, 33, 100] {
            let (above, _) = misses(&scales, draws, 0.0);
            let dimensions = scales.len();
            assert!(above < 0.05, "{above} of {draws} draws in {dimensions} dimensions");
        }
    }
}

#[test]
fn of_a_bias() {
    for scales in noises() {
        for ratio in [0.5, 1.0, 2.0, 10.0] {
            let (above, below) = misses(&scales, 64, ratio);
            let dimensions = scales.len();
            assert!(
                above + below < 0.07,
                "{above} + {below} at {ratio} in {dimensions} dimensions"
            );
        }
    }
}

#[test]
fn of_a_clear_bias_without_waste() {
    for scales in &noises()[..2] {
        let (above, below) = misses(scales, 64, 5.0);
        assert!(above > 0.005 && below > 0.005, "{above} and {below}");
        assert!((0.02..0.07).contains(&(above + below)), "{above} + {below}");
    }
}
