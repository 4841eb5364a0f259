//! Simulations: how often do the 95 % intervals cover the true value?

use super::bootstrap::{Bootstrap, Indices};
use super::improvement::probability_of_improvement;
use super::location::interquartile_mean;

/// A number in the open interval (0, 1).
fn uniform(indices: &mut Indices) -> f64 {
    (indices.below(1 << 31) as f64 + 0.5) / f64::from(1_u32 << 31)
}

/// The fraction of trials for which `holds` is true.
fn frequency(trials: u64, holds: impl FnMut(&u64) -> bool) -> f64 {
    (0..trials).filter(holds).count() as f64 / trials as f64
}

#[test]
fn intervals_cover_an_interquartile_mean() {
    // The interquartile mean of uniform numbers has expectation ½. The percentile bootstrap of such
    // a small sample covers it in a little less than 95 % of trials.
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
fn intervals_cover_a_probability_of_improvement() {
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
