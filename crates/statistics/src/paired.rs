//! Comparison with a reference, paired by seed.

use super::bootstrap::{Bootstrap, Estimate};
use super::location::{failed_if_nan, sorted};
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

/// The interquartile mean of the paired differences aᵢ − bᵢ, with its 95 % bootstrap interval.
///
/// Seeds are resampled in pairs, so the effect of what the two sides share (data, initial weights,
/// random numbers) cancels. If the interval excludes 0, the difference exceeds what the choice of
/// seeds explains.
///
/// - `a`, `b`: `[seeds]`, in the same order of seeds; failed runs as for [`differences`].
///
/// `None` without seeds.
///
/// # Panics
///
/// If `a` and `b` differ in length.
///
/// ```
/// use statistics::{Bootstrap, paired_difference};
///
/// let a = [1.25, 2.25, 3.25, 4.25, 5.25];
/// let b = [1.0, 2.0, 3.0, 4.0, 5.0];
/// let difference = paired_difference(&a, &b, Bootstrap::new(7)).unwrap();
/// assert_eq!((difference.low, difference.value, difference.high), (0.25, 0.25, 0.25));
/// ```
pub fn paired_difference(a: &[f64], b: &[f64], bootstrap: Bootstrap) -> Option<Estimate> {
    let differences = sorted(&differences(a, b));
    Resamples::draw(differences.len(), bootstrap).interquartile_mean(&differences)
}

#[cfg(test)]
mod tests {
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

    #[test]
    fn one_lucky_seed_is_trimmed() {
        let difference = |lucky| {
            let mut a = [1.0; 8];
            a[3] = lucky;
            paired_difference(&a, &[0.5; 8], Bootstrap::new(5)).unwrap().value
        };
        assert_eq!(difference(1.0), 0.5);
        assert_eq!(difference(-1e9), 0.5);
    }

    #[test]
    fn without_seeds_there_is_no_difference() {
        assert_eq!(paired_difference(&[], &[], Bootstrap::new(1)), None);
    }

    #[test]
    #[should_panic(expected = "differ in length")]
    fn a_missing_seed_panics() {
        differences(&[1.0, 2.0], &[1.0]);
    }

    #[test]
    fn equally_many_failed_runs_on_both_sides_cancel() {
        let a = [FAILED, FAILED, 2.0, 1.0];
        let b = [1.0, 1.0, FAILED, FAILED];
        let difference = paired_difference(&a, &b, Bootstrap::new(2)).unwrap();
        assert_eq!(difference, Estimate { value: 0.0, low: -FAILED, high: FAILED });
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn swapping_the_sides_flips_the_sign(
            pairs in vec((reference::score(), reference::score()), 1..25),
        ) {
            let (a, b): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
            let bootstrap = Bootstrap::new(3).with_replicates(4000);
            let forth = paired_difference(&a, &b, bootstrap).unwrap();
            let back = paired_difference(&b, &a, bootstrap).unwrap();
            prop_assert!(forth.low <= forth.high);
            prop_assert!(forth.value == -back.value || (forth.value + back.value).abs() < 1e-9);
        }

        #[test]
        fn a_common_effect_cancels(pairs in vec((-1e3..1e3, -1.0..1.0), 1..25)) {
            let a: Vec<f64> = pairs.iter().map(|&(common, effect): &(f64, f64)| common + effect).collect();
            let b: Vec<f64> = pairs.iter().map(|&(common, _)| common).collect();
            let difference = paired_difference(&a, &b, Bootstrap::new(4)).unwrap();
            prop_assert!(difference.value.abs() <= 1.0 + 1e-9);
            prop_assert!(-1.0 - 1e-9 <= difference.low && difference.high <= 1.0 + 1e-9);
        }
    }
}
