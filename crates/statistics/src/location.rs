//! Location and spread of one sample.

/// Interquartile mean: the mean of the middle half.
///
/// With the values sorted and t = ⌊n/4⌋, the mean of x₍t₎ … x₍n−t−1₎. Only whole values are trimmed.
/// Equal to SciPy's `trim_mean(x, 0.25)`. The result is `+∞` if more failed runs survive the trimming
/// than values of `−∞`.
///
/// - `values`: `[n]`, one per seed, in any order.
///
/// `None` without values.
///
/// Reference: Agarwal et al. (2021), *Deep Reinforcement Learning at the Edge of the Statistical
/// Precipice*, arXiv:2108.13264, §4.3.
///
/// ```
/// use statistics::interquartile_mean;
///
/// assert_eq!(interquartile_mean(&[1.0, 2.0, 4.0, 90.0]), Some(3.0));
/// // One failed run of four is trimmed; of two, one remains.
/// assert_eq!(interquartile_mean(&[1.0, 2.0, 4.0, f64::INFINITY]), Some(3.0));
/// assert_eq!(interquartile_mean(&[1.0, 2.0, f64::INFINITY, f64::INFINITY]), Some(f64::INFINITY));
/// ```
pub fn interquartile_mean(values: &[f64]) -> Option<f64> {
    let sorted = sorted(values);
    let trimmed = sorted.len() / 4;
    let middle = &sorted[trimmed..sorted.len() - trimmed];
    let (&least, &greatest) = (middle.first()?, middle.last()?);
    Some(ascending_mean(middle).clamp(least, greatest)) // rounding may lead out of the middle half
}

/// The mean of ascending values, of which there must be some. Summed in pairs from both ends, so that
/// negating the values negates their mean to the last bit.
fn ascending_mean(values: &[f64]) -> f64 {
    let count = values.len();
    let finite = |x: f64| if x.is_finite() { x } else { 0.0 };
    let pair = |i: usize| finite(values[i]) + finite(values[count - 1 - i]);
    let pairs: f64 = (0..count / 2).map(pair).sum();
    let middle = if count % 2 == 1 { finite(values[count / 2]) } else { 0.0 };
    let surplus = values.iter().filter(|x| x.is_infinite()).map(|x| x.signum()).sum();
    balanced_mean(pairs + middle, surplus, count as f64)
}

/// Arithmetic mean Σ xᵢ / n.
///
/// - `values`: `[n]`; summed in the order given.
///
/// `None` without values. Opposite infinities cancel; see the [conventions](crate#conventions).
///
/// ```
/// use statistics::mean;
///
/// assert_eq!(mean(&[1.0, 2.0, 6.0]), Some(3.0));
/// assert_eq!(mean(&[1.0, f64::INFINITY]), Some(f64::INFINITY));
/// assert_eq!(mean(&[]), None);
/// ```
pub fn mean(values: &[f64]) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    let mut sum = 0.0;
    let mut surplus = 0.0; // values of +∞ minus values of −∞
    for &value in values {
        if value.is_finite() {
            sum += value;
        } else {
            surplus += failed_if_nan(value).signum();
        }
    }
    Some(balanced_mean(sum, surplus, values.len() as f64))
}

/// The mean of `count` values: the finite ones add up to `sum`, and `surplus` more are `+∞` than `−∞`.
pub(super) fn balanced_mean(sum: f64, surplus: f64, count: f64) -> f64 {
    if surplus == 0.0 { sum / count } else { f64::INFINITY.copysign(surplus) }
}

/// Unbiased sample variance Σ (xᵢ − x̄)² / (n − 1).
///
/// - `values`: `[n]`.
///
/// `None` with fewer than two values; `+∞` if any of them is infinite or NaN.
///
/// ```
/// use statistics::sample_variance;
///
/// assert_eq!(sample_variance(&[1.0, 2.0, 6.0]), Some(7.0));
/// assert_eq!(sample_variance(&[1.0]), None);
/// ```
pub fn sample_variance(values: &[f64]) -> Option<f64> {
    if values.len() < 2 {
        return None;
    }
    if values.iter().any(|value| !value.is_finite()) {
        return Some(f64::INFINITY);
    }
    let center = mean(values)?;
    let squares: f64 = values.iter().map(|x| (x - center) * (x - center)).sum();
    Some(squares / (values.len() - 1) as f64)
}

/// The quantile at `probability`, interpolated linearly between order statistics.
///
/// With the values sorted and h = p (n − 1): x₍⌊h⌋₎ + (h − ⌊h⌋) (x₍⌊h⌋₊₁₎ − x₍⌊h⌋₎), the default of
/// NumPy's `quantile` (type 7 of Hyndman and Fan 1996). Interpolation between a number and an
/// infinity gives the infinity; between `−∞` and `+∞`, the nearer one, or 0 halfway, where they
/// cancel.
///
/// - `values`: `[n]`, in any order.
/// - `probability`: in `[0, 1]`.
///
/// `None` without values.
///
/// # Panics
///
/// If `probability` is outside `[0, 1]`.
///
/// ```
/// use statistics::quantile;
///
/// assert_eq!(quantile(&[4.0, 1.0, 2.0], 0.5), Some(2.0));
/// assert_eq!(quantile(&[4.0, 1.0, 2.0], 0.75), Some(3.0));
/// ```
pub fn quantile(values: &[f64], probability: f64) -> Option<f64> {
    assert!((0.0..=1.0).contains(&probability), "probability = {probability} is outside [0, 1]");
    let sorted = sorted(values);
    let last = sorted.len().checked_sub(1)?;
    let position = probability * last as f64;
    let below = position as usize;
    let above = (below + 1).min(last);
    Some(interpolate(sorted[below], sorted[above], position - below as f64))
}

fn interpolate(low: f64, high: f64, weight: f64) -> f64 {
    if weight == 0.0 || low == high {
        return low;
    }
    match (low.is_finite(), high.is_finite()) {
        // From the nearer end, as NumPy does, to match its last bit.
        (true, true) if weight < 0.5 => low + (high - low) * weight,
        (true, true) => high - (high - low) * (1.0 - weight),
        (true, false) => high,
        (false, true) => low,
        (false, false) => balanced_mean(0.0, weight - 0.5, 1.0),
    }
}

/// The values in ascending order, with NaN counted as a failed run.
pub(super) fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted: Vec<f64> = values.iter().copied().map(failed_if_nan).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted
}

/// The value, or `+∞` in place of NaN.
pub(super) fn failed_if_nan(value: f64) -> f64 {
    if value.is_nan() { f64::INFINITY } else { value }
}

#[cfg(test)]
mod tests {
    use super::super::reference;
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    const FAILED: f64 = f64::INFINITY;

    #[test]
    fn interquartile_means_match_scipy() {
        for case in reference::cases("trim_mean") {
            let value = interquartile_mean(case.sample()).unwrap();
            reference::assert_close(value, case.expected, 1e-14);
        }
    }

    #[test]
    fn quantiles_match_numpy_to_the_last_bit() {
        for case in reference::cases("quantile") {
            let value = quantile(&case.samples[1], case.samples[0][0]).unwrap();
            assert_eq!(value, case.expected);
        }
    }

    #[test]
    fn variances_match_numpy() {
        for case in reference::cases("variance") {
            let value = sample_variance(case.sample()).unwrap();
            reference::assert_close(value, case.expected, 1e-14);
        }
    }

    #[test]
    fn an_empty_sample_has_no_location() {
        assert_eq!(interquartile_mean(&[]), None);
        assert_eq!(mean(&[]), None);
        assert_eq!(quantile(&[], 0.5), None);
        assert_eq!(sample_variance(&[]), None);
        assert_eq!(sample_variance(&[1.0]), None);
    }

    #[test]
    fn up_to_a_quarter_of_failed_runs_is_trimmed() {
        let with_failed = |failed: usize| {
            let values: Vec<f64> = (0..20).map(|i| if i < failed { FAILED } else { 1.0 }).collect();
            interquartile_mean(&values)
        };
        assert_eq!(with_failed(5), Some(1.0));
        assert_eq!(with_failed(6), Some(FAILED));
    }

    #[test]
    fn nan_counts_as_a_failed_run() {
        assert_eq!(interquartile_mean(&[1.0, f64::NAN]), Some(FAILED));
        assert_eq!(interquartile_mean(&[1.0, 2.0, -f64::NAN, 3.0]), Some(2.5));
        assert_eq!(mean(&[f64::NAN]), Some(FAILED));
        assert_eq!(quantile(&[f64::NAN, 1.0], 1.0), Some(FAILED));
        assert_eq!(sample_variance(&[f64::NAN, 1.0]), Some(FAILED));
    }

    #[test]
    fn opposite_infinities_cancel() {
        assert_eq!(mean(&[FAILED, -FAILED, 4.0]), Some(4.0 / 3.0));
        assert_eq!(mean(&[FAILED, -FAILED, -FAILED]), Some(-FAILED));
        assert_eq!(quantile(&[FAILED, -FAILED], 0.5), Some(0.0));
        assert_eq!(quantile(&[FAILED, -FAILED], 0.4), Some(-FAILED));
    }

    #[test]
    fn quantiles_next_to_a_failed_run_are_infinite() {
        assert_eq!(quantile(&[1.0, FAILED], 0.0), Some(1.0));
        assert_eq!(quantile(&[1.0, FAILED], 0.1), Some(FAILED));
        assert_eq!(quantile(&[1.0, FAILED], 0.9), Some(FAILED));
        assert_eq!(quantile(&[1.0, -FAILED], 0.9), Some(-FAILED));
        assert_eq!(quantile(&[FAILED, FAILED], 0.5), Some(FAILED));
    }

    #[test]
    #[should_panic(expected = "outside [0, 1]")]
    fn a_percentage_is_not_a_probability() {
        quantile(&[1.0], 97.5);
    }

    #[test]
    fn the_mean_of_equal_values_is_their_value() {
        assert_eq!(interquartile_mean(&[0.1; 5]), Some(0.1));
    }

    proptest! {
        #[test]
        fn negated_values_have_the_negated_interquartile_mean(
            values in vec(prop_oneof![4 => reference::score(), 1 => Just(-FAILED)], 1..40),
        ) {
            let negated: Vec<f64> = values.iter().map(|x| -x).collect();
            prop_assert_eq!(interquartile_mean(&negated), interquartile_mean(&values).map(|x| -x));
        }

        #[test]
        fn order_does_not_matter(
            (values, shuffled) in vec(reference::score(), 1..40)
                .prop_flat_map(|values| (Just(values.clone()), Just(values).prop_shuffle())),
            probability in 0.0..=1.0,
        ) {
            prop_assert_eq!(interquartile_mean(&values), interquartile_mean(&shuffled));
            prop_assert_eq!(quantile(&values, probability), quantile(&shuffled, probability));
        }

        #[test]
        fn location_follows_scale_and_shift(
            values in vec(-1e3..1e3_f64, 2..40),
            scale in 0.1..10.0_f64,
            shift in -1e3..1e3_f64,
        ) {
            let moved: Vec<f64> = values.iter().map(|x| scale * x + shift).collect();
            for statistic in [interquartile_mean, mean, |x: &[f64]| quantile(x, 0.3)] {
                let expected = scale * statistic(&values).unwrap() + shift;
                prop_assert!((statistic(&moved).unwrap() - expected).abs() < 1e-9);
            }
            let spread = scale * scale * sample_variance(&values).unwrap();
            prop_assert!((sample_variance(&moved).unwrap() / spread - 1.0).abs() < 1e-6);
        }

        #[test]
        fn location_is_within_the_range_of_the_sample(
            values in vec(reference::score(), 1..40),
            probability in 0.0..=1.0,
        ) {
            let sorted = sorted(&values);
            let (least, greatest) = (sorted[0], sorted[sorted.len() - 1]);
            let slack = 1e-9;
            for value in [interquartile_mean(&values), mean(&values), quantile(&values, probability)] {
                let value = value.unwrap();
                prop_assert!(least - slack <= value && value <= greatest + slack);
            }
        }

        #[test]
        fn quantiles_never_decrease_with_the_probability(
            values in vec(reference::score(), 1..40),
            (p, q) in (0.0..=1.0, 0.0..=1.0),
        ) {
            let (low, high) = (f64::min(p, q), f64::max(p, q));
            prop_assert!(quantile(&values, low) <= quantile(&values, high));
        }
    }
}
