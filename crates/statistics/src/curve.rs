//! Convergence curves: the location of the runs at every step, with a band.

use super::bootstrap::Estimate;
use super::resamples::Resamples;

/// The interquartile mean of curves at every step, with a 95 % bootstrap band.
///
/// A replicate draws whole curves: all steps share one resample of seeds, so the band is as smooth
/// over time as the curves are. At each step the band is [`Resamples::interquartile_mean`]: pointwise,
/// not simultaneous.
///
/// - `curves`: `[seeds][steps]`; a run that ended early has `+∞` from there on.
/// - `resamples`: drawn for samples of as many values as there are seeds.
///
/// Returns `[steps]`; `None` without curves.
///
/// # Panics
///
/// If the curves differ in length, or if their number is not the size of the resamples.
///
/// ```
/// use statistics::{Bootstrap, Resamples, curve_band};
///
/// let curves = [vec![1.0, 0.5], vec![1.0, 0.3], vec![1.0, 0.4], vec![1.0, f64::INFINITY]];
/// let band = curve_band(&curves, &Resamples::draw(4, Bootstrap::new(7))).unwrap();
/// assert_eq!((band[0].low, band[0].value, band[0].high), (1.0, 1.0, 1.0));
/// assert_eq!((band[1].value, band[1].high), (0.45, f64::INFINITY));
/// ```
pub fn curve_band(curves: &[Vec<f64>], resamples: &Resamples) -> Option<Vec<Estimate>> {
    let steps = curves.first()?.len();
    assert!(curves.iter().all(|curve| curve.len() == steps), "curves differ in length");
    let mut values = vec![0.0; curves.len()];
    (0..steps)
        .map(|step| {
            values.iter_mut().zip(curves).for_each(|(value, curve)| *value = curve[step]);
            resamples.interquartile_mean(&values)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::bootstrap::{Bootstrap, percentile_interval};
    use super::super::location::interquartile_mean;
    use super::super::reference::score;
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn band(curves: &[Vec<f64>], bootstrap: Bootstrap) -> Option<Vec<Estimate>> {
        curve_band(curves, &Resamples::draw(curves.len(), bootstrap))
    }

    #[test]
    fn without_curves_there_is_no_band() {
        assert_eq!(band(&[], Bootstrap::new(1)), None);
        assert_eq!(band(&[vec![], vec![]], Bootstrap::new(1)), Some(vec![]));
    }

    #[test]
    #[should_panic(expected = "curves differ in length")]
    fn a_short_curve_panics() {
        band(&[vec![1.0, 2.0], vec![1.0]], Bootstrap::new(1));
    }

    #[test]
    fn steps_share_their_resamples() {
        let loss = [3.0, 1.0, 4.0, 1.5, 9.0, 2.6, 5.0];
        let curves: Vec<Vec<f64>> = loss.iter().map(|&x| vec![x, 2.0 * x, x]).collect();
        let band = band(&curves, Bootstrap::new(2)).unwrap();
        assert_eq!(band[0], band[2]);
        assert_eq!(2.0 * band[0].low, band[1].low);
        assert_eq!(2.0 * band[0].high, band[1].high);
    }

    #[test]
    fn a_diverged_curve_widens_the_band() {
        let curves: Vec<Vec<f64>> =
            (0..8).map(|seed| vec![1.0, if seed < 2 { f64::NAN } else { 0.5 }]).collect();
        let band = band(&curves, Bootstrap::new(3)).unwrap();
        assert_eq!(band[1], Estimate { value: 0.5, low: 0.5, high: f64::INFINITY });
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Compares with the direct computation, which sorts every resample.
        #[test]
        fn each_step_is_the_bootstrap_of_its_values(
            curves in vec(vec(prop_oneof![4 => score(), 1 => Just(-f64::INFINITY)], 2), 1..25),
            seed: u64,
        ) {
            let bootstrap = Bootstrap::new(seed).with_replicates(300);
            let band = band(&curves, bootstrap).unwrap();
            for (step, estimate) in band.iter().enumerate() {
                let values: Vec<f64> = curves.iter().map(|curve| curve[step]).collect();
                let mut indices = bootstrap.indices();
                let mut replicates: Vec<f64> = (0..300)
                    .map(|_| values.iter().map(|_| values[indices.below(values.len())]).collect())
                    .map(|resample: Vec<f64>| interquartile_mean(&resample).unwrap())
                    .collect();
                let interval = percentile_interval(&mut replicates);
                let close = |a: f64, b: f64| a == b || (a - b).abs() < 1e-9;
                prop_assert_eq!(Some(estimate.value), interquartile_mean(&values));
                prop_assert!(close(estimate.low, interval.low));
                prop_assert!(close(estimate.high, interval.high));
            }
        }

        #[test]
        fn bounds_are_ordered(curves in vec(vec(score(), 5), 1..12), seed: u64) {
            let bootstrap = Bootstrap::new(seed).with_replicates(100);
            for estimate in band(&curves, bootstrap).unwrap() {
                prop_assert!(estimate.low <= estimate.high);
            }
        }
    }
}
