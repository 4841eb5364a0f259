//! Comparison with a reference, paired by seed.

use super::bootstrap::Estimate;
use super::location::failed_if_nan;
use super::resamples::Resamples;

/// Differences aᵢ − bᵢ of runs with the same seed.
///
/// - `a`, `b`: `[seeds]`, in the same order of seeds.
///
/// Returns `[seeds]`, negative where `a` is better: `+∞` where only `a` failed, `−∞` where only `b`
/// failed, and 0 where both failed.
///
/// # Panics
///
/// If `a` and `b` differ in length.
///
/// ```
/// use statistics::differences;
///
/// const FAILED: f64 = f64::INFINITY;
/// let (a, b) = ([3.0, FAILED, 1.0, FAILED], [1.0, 1.0, FAILED, FAILED]);
/// assert_eq!(differences(&a, &b), [2.0, FAILED, -FAILED, 0.0]);
/// ```
pub fn differences(a: &[f64], b: &[f64]) -> Vec<f64> {
    assert_eq!(a.len(), b.len(), "samples paired by seed differ in length");
    let difference = |a: f64, b: f64| if a == b { 0.0 } else { a - b };
    a.iter().zip(b).map(|(&a, &b)| difference(failed_if_nan(a), failed_if_nan(b))).collect()
}

/// The interquartile mean of the paired differences aᵢ − bᵢ, with its 95 % interval
/// ([`Resamples::estimate`]).
///
/// Seeds are resampled in pairs, so the effect of what the two sides share (data, initial weights,
/// random numbers) cancels. If the interval excludes 0, the difference exceeds what the choice of
/// seeds explains. Swapping the sides only changes the sign of the value and of the bounds.
///
/// - `a`, `b`: `[seeds]`, in the same order of seeds; failed runs as for [`differences`].
/// - `resamples`: drawn for samples of as many values as there are seeds.
///
/// `None` without seeds.
///
/// # Panics
///
/// If `a` and `b` differ in length, or if their length is not the size of the resamples.
///
/// ```
/// use statistics::{Bootstrap, Interval, Resamples, paired_difference};
///
/// let a = [1.25, 2.25, 3.25, 4.25, 5.25];
/// let b = [1.0, 2.0, 3.0, 4.0, 5.0];
/// let resamples = Resamples::draw(5, Bootstrap::new(7));
/// let difference = paired_difference(&a, &b, &resamples).unwrap();
/// assert_eq!(difference.value, 0.25);
/// assert_eq!(difference.interval, Some(Interval { low: 0.25, high: 0.25 }));
/// ```
pub fn paired_difference(a: &[f64], b: &[f64], resamples: &Resamples) -> Option<Estimate> {
    resamples.estimate(&differences(a, b))
}

#[cfg(test)]
mod tests {
    use super::super::bootstrap::{Bootstrap, Interval};
    use super::super::reference;
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    const FAILED: f64 = f64::INFINITY;

    #[test]
    fn nan_counts_as_a_failed_run() {
        assert_eq!(
            differences(&[f64::NAN, f64::NAN, 1.0], &[FAILED, 1.0, f64::NAN]),
            [0.0, FAILED, -FAILED]
        );
    }

    fn difference(a: &[f64], b: &[f64]) -> Option<Estimate> {
        paired_difference(a, b, &Resamples::draw(a.len(), Bootstrap::new(5)))
    }

    #[test]
    fn one_lucky_seed_is_trimmed() {
        let with = |lucky| {
            let mut a = [1.0; 8];
            a[3] = lucky;
            difference(&a, &[0.5; 8]).unwrap().value
        };
        assert_eq!(with(1.0), 0.5);
        assert_eq!(with(-1e9), 0.5);
    }

    #[test]
    fn without_seeds_there_is_no_difference() {
        assert_eq!(difference(&[], &[]), None);
    }

    #[test]
    #[should_panic(expected = "differ in length")]
    fn a_missing_seed_panics() {
        differences(&[1.0, 2.0], &[1.0]);
    }

    #[test]
    fn equally_many_failed_runs_on_both_sides_cancel() {
        let a = [FAILED, FAILED, FAILED, 1.0, 1.0, 1.0];
        let b = [1.0, 1.0, 1.0, FAILED, FAILED, FAILED];
        let interval = Some(Interval { low: -FAILED, high: FAILED });
        assert_eq!(difference(&a, &b), Some(Estimate { value: 0.0, interval }));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn swapping_the_sides_flips_the_sign(
            pairs in vec((reference::score(), reference::score()), 5..25),
        ) {
            let (a, b): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
            let (forth, back) = (difference(&a, &b).unwrap(), difference(&b, &a).unwrap());
            prop_assert_eq!(forth.value, -back.value);
            let (forth, back) = (forth.interval.unwrap(), back.interval.unwrap());
            prop_assert_eq!((forth.low, forth.high), (-back.high, -back.low));
        }

        #[test]
        fn a_common_effect_cancels(pairs in vec((-1e3..1e3, -1.0..1.0), 5..25)) {
            let a: Vec<f64> = pairs.iter().map(|&(common, effect): &(f64, f64)| common + effect).collect();
            let b: Vec<f64> = pairs.iter().map(|&(common, _)| common).collect();
            let Interval { low, high } = difference(&a, &b).unwrap().interval.unwrap();
            prop_assert!(-1.0 - 1e-9 <= low && high <= 1.0 + 1e-9);
        }
    }
}
