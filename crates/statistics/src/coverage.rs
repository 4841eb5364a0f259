//! Simulations: how often do the 95 % intervals cover the true value?
//!
//! The coverage must lie in 93 to 97 %. Its estimate from T trials has a standard error of
//! √(0.95 · 0.05 / T): 0.3 percentage points for 5000 trials and 0.4 for 3000. The tests allow two
//! standard errors on either side. Their random numbers are seeded, so they always give the same
//! result.

use super::bootstrap::{Bootstrap, Estimate, Indices};
use super::improvement::probability_of_improvement;
use super::paired::paired_difference;
use super::resamples::Resamples;

/// Sizes of the sweeps in `experiments`, the fewest runs that have an interval, and some others.
const SIZES: [usize; 7] = [5, 6, 8, 10, 15, 20, 50];

/// A number in the open interval (0, 1).
fn uniform(indices: &mut Indices) -> f64 {
    (indices.below(1 << 31) as f64 + 0.5) / f64::from(1_u32 << 31)
}

/// A standard normal number (Box and Muller 1958).
fn normal(indices: &mut Indices) -> f64 {
    let radius = (-2.0 * uniform(indices).ln()).sqrt();
    radius * (std::f64::consts::TAU * uniform(indices)).cos()
}

fn lognormal(indices: &mut Indices) -> f64 {
    normal(indices).exp()
}

/// One of two normal distributions that are three standard deviations apart.
fn bimodal(indices: &mut Indices) -> f64 {
    normal(indices) + if uniform(indices) < 0.5 { -1.5 } else { 1.5 }
}

/// A distribution, and the interquartile mean of all of it.
type Case = (&'static str, fn(&mut Indices) -> f64, f64);

/// The interquartile mean of the lognormal distribution is 2 √e (Φ(q − 1) − Φ(−q − 1)), where q is
/// the upper quartile of the normal one.
const CASES: [Case; 3] =
    [("normal", normal, 0.0), ("lognormal", lognormal, LOGNORMAL), ("bimodal", bimodal, 0.0)];
const LOGNORMAL: f64 = 1.072_922_743_253_436_3;

/// The share of trials in which the interval covers the value.
fn coverage(value: f64, trials: usize, mut estimate: impl FnMut() -> Option<Estimate>) -> f64 {
    let covers = |estimate: Option<Estimate>| {
        let interval = estimate.and_then(|estimate| estimate.interval).unwrap();
        (interval.low..=interval.high).contains(&value)
    };
    (0..trials).filter(|_| covers(estimate())).count() as f64 / trials as f64
}

#[track_caller]
fn assert_honest(coverage: f64, trials: usize, what: &str) {
    let error = 2.0 * (0.95 * 0.05 / trials as f64).sqrt();
    assert!((0.93 - error..=0.97 + error).contains(&coverage), "{what}: {coverage}");
}

#[test]
fn intervals_cover_an_interquartile_mean() {
    const TRIALS: usize = 5000;
    for size in SIZES {
        let resamples = Resamples::draw(size, Bootstrap::new(0));
        for (name, draw, value) in CASES {
            let mut indices = Bootstrap::new(1).indices();
            let coverage = coverage(value, TRIALS, || {
                let sample: Vec<f64> = (0..size).map(|_| draw(&mut indices)).collect();
                resamples.estimate(&sample)
            });
            assert_honest(coverage, TRIALS, &format!("{name}, {size} runs"));
        }
    }
}

#[test]
fn intervals_cover_a_paired_difference() {
    const TRIALS: usize = 3000;
    // The difference is symmetric about 0, and a tenth of the runs on either side fails.
    for size in SIZES {
        let resamples = Resamples::draw(size, Bootstrap::new(0));
        for (name, draw, _) in CASES {
            let mut indices = Bootstrap::new(2).indices();
            let mut run = |common: f64| match uniform(&mut indices) < 0.1 {
                true => f64::INFINITY,
                false => common + draw(&mut indices),
            };
            let coverage = coverage(0.0, TRIALS, || {
                let (mut a, mut b) = (vec![], vec![]);
                for seed in 0..size {
                    a.push(run(seed as f64));
                    b.push(run(seed as f64));
                }
                paired_difference(&a, &b, &resamples)
            });
            assert_honest(coverage, TRIALS, &format!("difference, {name}, {size} runs"));
        }
    }
}

#[test]
fn intervals_cover_a_probability_of_improvement() {
    // X uniform on (0, 1), Y on (¼, 1¼): P(X < Y) = 1 − ½ (¾)² on both tasks.
    let mut indices = Bootstrap::new(2).indices();
    let mut runs = |shift| -> Vec<f64> { (0..20).map(|_| uniform(&mut indices) + shift).collect() };
    let bootstrap = Bootstrap::new(0).with_replicates(400);
    let coverage = coverage(1.0 - 0.5 * 0.75 * 0.75, 500, || {
        let (x, y) = ([runs(0.0), runs(0.0)], [runs(0.25), runs(0.25)]);
        probability_of_improvement(&x, &y, bootstrap)
    });
    assert!((0.90..0.98).contains(&coverage), "{coverage}");
}
