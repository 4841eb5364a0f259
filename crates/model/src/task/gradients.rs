//! Gradients compared with differences, for tests of tasks.

use estimators::Surrogate;
use kernels::Parameters;

/// Fails unless the gradient of a surrogate is its slope, for one of `every` parameters. More than `least`
/// components of it are not small.
#[track_caller]
pub(super) fn check(
    parameters: &mut Parameters<f64>,
    every: usize,
    least: usize,
    mut expected: impl FnMut(&Parameters<f64>) -> Surrogate<f64>,
) {
    expected(parameters).backward().unwrap();
    let (gradient, plain) = (parameters.gradient(), parameters.values().to_vec());
    assert!(gradient.iter().filter(|g| g.abs() > 1e-4).count() > least);
    for i in (0..plain.len()).step_by(every) {
        let mut at = |x: f64| {
            parameters.values_mut()[i] = x;
            expected(parameters).loss()
        };
        // A small step, as a ReLU may bend in between.
        let slope = (at(plain[i] + 1e-7) - at(plain[i] - 1e-7)) / 2e-7;
        at(plain[i]);
        assert!((gradient[i] - slope).abs() < 1e-7, "{i}: {} for {slope}", gradient[i]);
    }
}
