//! Quality of a gradient estimator at fixed parameters, measured against the exact gradient.

mod relative_bias;
mod summary;
mod welford;

pub use relative_bias::relative_bias;
pub use summary::GradientSummary;

use kernels::Real;
use kernels::simd::{self, LANES};
use welford::{Welford, padded};

/// Accumulates draws of a gradient estimator.
///
/// Memory is two vectors of the gradient's dimension d, however many draws there are, and a draw
/// costs O(d). Moments are updated by Welford's method. The order of the draws affects only rounding.
///
/// Reference: Welford (1962), *Note on a Method for Calculating Corrected Sums of Squares and
/// Products*, Technometrics 4.
///
/// ```
/// use statistics::GradientQuality;
///
/// let mut quality = GradientQuality::new(&[3.0, 4.0]);
/// for draw in [[4.0, 4.0], [4.0, 5.0], [4.0, 3.0], [4.0, 4.0]] {
///     quality.push(&draw);
/// }
/// let summary = quality.summary();
/// let variance = 2.0 / 3.0;
/// assert!((summary.total_variance.unwrap() - variance).abs() < 1e-15);
/// assert!((summary.squared_bias.unwrap() - (1.0 - variance / 4.0)).abs() < 1e-15);
/// assert!((summary.mean_squared_error.unwrap() - 1.5).abs() < 1e-15);
/// ```
#[derive(Clone, Debug)]
pub struct GradientQuality {
    dimension: usize,
    /// Whether the exact gradient is known; it is 0 below if not.
    compares: bool,
    /// `[d]`, here and below padded to a whole number of lanes.
    exact: Vec<[f64; LANES]>,
    finite: usize,
    non_finite: usize,
    /// Mean of draw − exact: `[d]`.
    mean_error: Vec<[f64; LANES]>,
    /// Σ ‖draw − mean‖².
    squared_deviations: f64,
}

impl GradientQuality {
    /// Compares draws with the gradient `exact`, `[d]`.
    ///
    /// # Panics
    ///
    /// If `exact` is not finite.
    pub fn new(exact: &[f64]) -> Self {
        assert!(exact.iter().all(|e| e.is_finite()), "the exact gradient is not finite");
        let lanes: Vec<[f64; LANES]> = exact.chunks(LANES).map(padded).collect();
        Self {
            dimension: exact.len(),
            compares: true,
            finite: 0,
            non_finite: 0,
            mean_error: vec![[0.0; LANES]; lanes.len()],
            squared_deviations: 0.0,
            exact: lanes,
        }
    }

    /// Measures how draws of `dimension` numbers scatter, where the exact gradient is unknown: only their
    /// total variance is defined.
    pub fn without_exact(dimension: usize) -> Self {
        Self { compares: false, ..Self::new(&vec![0.0; dimension]) }
    }

    /// Adds one draw, `[d]`. A draw that is not finite is counted but not added to the moments.
    ///
    /// # Panics
    ///
    /// If the draw does not have the dimension of the exact gradient.
    pub fn push<E: Real>(&mut self, draw: &[E]) {
        assert_eq!(draw.len(), self.dimension, "dimension of the draw");
        let weight = 1.0 / (self.finite + 1) as f64;
        let (exact, mean_error) = (&self.exact, &mut self.mean_error);
        let norms = simd::run(Welford { draw, exact, weight, mean_error });
        if !norms.squared_norm.is_finite() {
            // The mean has absorbed this draw; `summary` no longer reads the moments.
            self.non_finite += 1;
            return;
        }
        self.finite += 1;
        self.squared_deviations += (1.0 - weight) * norms.squared_deviation;
    }

    /// The exact gradient, `[d]`, if it is known.
    pub fn exact(&self) -> Option<&[f64]> {
        self.compares.then(|| self.origin())
    }

    /// What draws are compared with, `[d]`.
    fn origin(&self) -> &[f64] {
        &self.exact.as_flattened()[..self.dimension]
    }

    /// Mean of draw − exact, `[d]`.
    fn mean_error(&self) -> &[f64] {
        &self.mean_error.as_flattened()[..self.dimension]
    }

    /// The quality estimated from the draws so far.
    pub fn summary(&self) -> GradientSummary {
        let draws = self.finite + self.non_finite;
        if self.non_finite > 0 || !self.squared_deviations.is_finite() {
            return self.non_finite_summary();
        }
        let n = draws as f64;
        let squared_error = squared_norm(self.mean_error());
        let total_variance = (draws >= 2).then(|| self.squared_deviations / (n - 1.0));
        if !self.compares {
            return GradientSummary { draws, total_variance, ..GradientSummary::default() };
        }
        let errors = self.origin().iter().zip(self.mean_error());
        let mean: Vec<f64> = errors.map(|(e, m)| e + m).collect();
        let defined = draws > 0;
        GradientSummary {
            draws,
            non_finite: 0,
            total_variance,
            squared_bias: total_variance.map(|variance| squared_error - variance / n),
            mean_squared_error: defined.then(|| squared_error + self.squared_deviations / n),
            cosine: cosine(&mean, self.origin()).filter(|_| defined),
        }
    }

    /// The summary if the mean of the draws is not finite.
    fn non_finite_summary(&self) -> GradientSummary {
        GradientSummary {
            draws: self.finite + self.non_finite,
            non_finite: self.non_finite,
            total_variance: Some(f64::INFINITY),
            squared_bias: self.compares.then_some(f64::INFINITY),
            mean_squared_error: self.compares.then_some(f64::INFINITY),
            cosine: None,
        }
    }
}

/// Cosine of the angle between two vectors; `None` if either is 0.
fn cosine(a: &[f64], b: &[f64]) -> Option<f64> {
    let norms = squared_norm(a).sqrt() * squared_norm(b).sqrt();
    (norms > 0.0).then(|| (dot(a, b) / norms).clamp(-1.0, 1.0))
}

/// ‖a‖².
fn squared_norm(a: &[f64]) -> f64 {
    dot(a, a)
}

/// aᵀb.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::location::{mean, sample_variance};
    use crate::reference::assert_close;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn summary(exact: &[f64], draws: &[Vec<f64>]) -> GradientSummary {
        let mut quality = GradientQuality::new(exact);
        draws.iter().for_each(|draw| quality.push(draw));
        quality.summary()
    }

    #[test]
    fn two_draws_by_hand() {
        let summary = summary(&[1.0, 0.0], &[vec![3.0, 0.0], vec![1.0, 2.0]]);
        assert_eq!(summary.draws, 2);
        assert_eq!(summary.total_variance, Some(4.0)); // mean (2, 1)
        assert_eq!(summary.squared_bias, Some(2.0 - 4.0 / 2.0));
        assert_eq!(summary.mean_squared_error, Some(4.0));
        assert_close(summary.cosine.unwrap(), 2.0 / 5.0_f64.sqrt(), 1e-15);
    }

    #[test]
    fn only_the_variance_is_known_without_the_exact_gradient() {
        let draws = [[3.0, 0.0], [1.0, 2.0]];
        let mut quality = GradientQuality::without_exact(2);
        draws.iter().for_each(|draw| quality.push(draw));
        let expected =
            GradientSummary { draws: 2, total_variance: Some(4.0), ..GradientSummary::default() };
        assert_eq!((quality.summary(), quality.exact()), (expected, None));
        quality.push(&[f64::NAN, 0.0]);
        let summary = quality.summary();
        assert_eq!((summary.total_variance, summary.squared_bias), (Some(f64::INFINITY), None));
    }

    #[test]
    fn the_squared_bias_is_negative_below_the_sampling_floor() {
        let summary = summary(&[1.0], &[vec![0.0], vec![2.0]]);
        assert_eq!(summary.squared_bias, Some(-1.0));
    }

    #[test]
    fn a_bias_without_variance_is_exact() {
        let summary = summary(&[3.0, 4.0], &vec![vec![3.0, 5.0]; 40]);
        assert_eq!(summary.squared_bias, Some(1.0));
        assert_eq!(summary.total_variance, Some(0.0));
    }

    #[test]
    fn an_exact_estimator_has_no_bias() {
        let summary = summary(&[3.0, 4.0], &vec![vec![3.0, 4.0]; 40]);
        assert_eq!(summary.squared_bias, Some(0.0));
        assert_eq!(summary.cosine, Some(1.0));
    }

    #[test]
    fn too_few_draws_leave_statistics_undefined() {
        assert_eq!(summary(&[1.0], &[]), GradientSummary::default());
        let one = GradientSummary {
            draws: 1,
            mean_squared_error: Some(16.0),
            cosine: Some(-1.0),
            ..GradientSummary::default()
        };
        assert_eq!(summary(&[1.0], &[vec![-3.0]]), one);
    }

    #[test]
    fn a_zero_gradient_has_no_direction() {
        let expected = GradientSummary {
            draws: 2,
            total_variance: Some(2.0),
            squared_bias: Some(2.0 - 2.0 / 2.0),
            mean_squared_error: Some(3.0),
            ..GradientSummary::default()
        };
        let draws = [vec![1.0, 0.0], vec![1.0, 2.0]];
        assert_eq!(summary(&[0.0, 0.0], &draws), expected);
    }

    #[test]
    fn a_draw_that_is_not_finite_makes_the_moments_infinite() {
        const INFINITE: Option<f64> = Some(f64::INFINITY);
        let expected = GradientSummary {
            draws: 3,
            non_finite: 1,
            total_variance: INFINITE,
            squared_bias: INFINITE,
            mean_squared_error: INFINITE,
            cosine: None,
        };
        for bad in [f64::NAN, f64::INFINITY, -f64::INFINITY, 1e200] {
            assert_eq!(summary(&[1.0], &[vec![1.0], vec![bad], vec![1.0]]), expected);
        }
        let overflow = GradientSummary { non_finite: 0, ..expected };
        assert_eq!(summary(&[1.0], &[vec![1.2e154], vec![-1.2e154], vec![1.0]]), overflow);
    }

    #[test]
    fn moments_survive_a_large_offset() {
        let draws: Vec<Vec<f64>> = (0..1000).map(|i| vec![1e8 + f64::from(i % 2)]).collect();
        let variance = summary(&[0.5], &draws).total_variance.unwrap();
        assert_close(variance, 250.0 / 999.0, 1e-7);
    }

    #[test]
    #[should_panic(expected = "dimension of the draw")]
    fn a_short_draw_panics() {
        GradientQuality::new(&[1.0, 2.0]).push(&[1.0]);
    }

    proptest! {
        #[test]
        fn cosines_never_exceed_one(vector in vec(-1e2..1e2, 1..8)) {
            prop_assert!(cosine(&vector, &vector).unwrap() <= 1.0);
        }

        #[test]
        fn moments_match_those_of_two_passes(draws in vec(vec(-1e2..1e2, 3), 2..80)) {
            let exact = [1.0, -2.0, 3.0];
            let summary = summary(&exact, &draws);
            let component = |i: usize| -> Vec<f64> { draws.iter().map(|draw| draw[i]).collect() };
            let variance: f64 = (0..3).map(|i| sample_variance(&component(i)).unwrap()).sum();
            let squared_error: f64 =
                (0..3).map(|i| (mean(&component(i)).unwrap() - exact[i]).powi(2)).sum();
            let n = draws.len() as f64;
            prop_assert!((summary.total_variance.unwrap() - variance).abs() < 1e-8);
            let squared_bias = squared_error - variance / n;
            prop_assert!((summary.squared_bias.unwrap() - squared_bias).abs() < 1e-8);
            let total = squared_bias + variance;
            prop_assert!((summary.mean_squared_error.unwrap() - total).abs() < 1e-8);
        }

        #[test]
        fn moments_scale_with_the_unit_of_the_gradient(draws in vec(vec(-1e2..1e2, 3), 2..80)) {
            let scaled = |factor: f64, draw: &[f64]| -> Vec<f64> {
                draw.iter().map(|g| factor * g).collect()
            };
            let exact = [1.0, -2.0, 3.0];
            let quarters: Vec<Vec<f64>> = draws.iter().map(|draw| scaled(0.25, draw)).collect();
            let (whole, quarter) = (summary(&exact, &draws), summary(&scaled(0.25, &exact), &quarters));
            prop_assert_eq!(whole.total_variance.unwrap(), 16.0 * quarter.total_variance.unwrap());
            prop_assert_eq!(whole.squared_bias.unwrap(), 16.0 * quarter.squared_bias.unwrap());
            prop_assert_eq!(whole.cosine, quarter.cosine);
        }
    }
}
