//! Convergence curves: the location of the runs at every step, with a band.

use super::bootstrap::Estimate;
use super::resamples::Resamples;

/// The interquartile mean of curves at every step, with a 95 % band.
///
/// At each step the band is [`Resamples::estimate`] of the values there: pointwise, not simultaneous.
/// The band is a continuous function of the values, so it is as smooth over time as the curves are.
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
/// let mut curves = vec![vec![1.0, 0.5], vec![1.0, 0.3], vec![1.0, 0.4], vec![1.0, 0.4]];
/// curves.push(vec![1.0, f64::INFINITY]);
/// let band = curve_band(&curves, &Resamples::draw(5, Bootstrap::new(7))).unwrap();
/// let bounds = band.iter().map(|step| step.interval.unwrap()).collect::<Vec<_>>();
/// assert_eq!((bounds[0].low, bounds[0].high), (1.0, 1.0));
/// assert_eq!((bounds[1].low, bounds[1].high), (0.3, f64::INFINITY));
/// ```
pub fn curve_band(curves: &[Vec<f64>], resamples: &Resamples) -> Option<Vec<Estimate>> {
    let steps = curves.first()?.len();
    assert!(curves.iter().all(|curve| curve.len() == steps), "curves differ in length");
    let mut values = vec![0.0; curves.len()];
    (0..steps)
        .map(|step| {
            values.iter_mut().zip(curves).for_each(|(value, curve)| *value = curve[step]);
            resamples.estimate(&values)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::bootstrap::{Bootstrap, Interval};
    use super::super::reference::score;
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn resamples(curves: &[Vec<f64>]) -> Resamples {
        Resamples::draw(curves.len(), Bootstrap::new(1).with_replicates(300))
    }

    fn band(curves: &[Vec<f64>]) -> Option<Vec<Estimate>> {
        curve_band(curves, &resamples(curves))
    }

    #[test]
    fn without_curves_there_is_no_band() {
        assert_eq!(band(&[]), None);
        assert_eq!(band(&[vec![], vec![]]), Some(vec![]));
    }

    #[test]
    #[should_panic(expected = "curves differ in length")]
    fn a_short_curve_panics() {
        band(&[vec![1.0, 2.0], vec![1.0]]);
    }

    #[test]
    fn a_diverged_curve_widens_the_band() {
        let curves: Vec<Vec<f64>> =
            (0..8).map(|seed| vec![1.0, if seed < 2 { f64::NAN } else { 0.5 }]).collect();
        let interval = Some(Interval { low: 0.5, high: f64::INFINITY });
        assert_eq!(band(&curves).unwrap()[1], Estimate { value: 0.5, interval });
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn each_step_is_the_estimate_of_its_values(
            curves in vec(vec(prop_oneof![4 => score(), 1 => Just(-f64::INFINITY)], 2), 1..25),
        ) {
            for (step, &estimate) in band(&curves).unwrap().iter().enumerate() {
                let values: Vec<f64> = curves.iter().map(|curve| curve[step]).collect();
                prop_assert_eq!(Some(estimate), resamples(&curves).estimate(&values));
            }
        }
    }
}
