//! Interquartile means of many resamples, computed side by side.

use super::bootstrap::{Bootstrap, Estimate, percentile_interval};
use super::location::{balanced_mean, failed_if_nan, interquartile_mean};
use kernels::simd::{self, Kernel, LANES, Lanes};

/// Bootstrap resamples, drawn once and shared by all samples of the same size.
///
/// A resample is a multiset, stored as the number of times each value of the sample occurs in it.
/// Its interquartile mean is a sum over the sorted values, weighted by the number of copies of each
/// that survive the trimming. So each sample is sorted once, and its resamples are never sorted.
///
/// ```
/// use statistics::{Bootstrap, Resamples, interquartile_mean};
///
/// let losses = [0.10, 0.11, 0.12, 0.12, 0.13, 0.14, 0.16, 0.35];
/// let bootstrap = Bootstrap::new(7);
/// let fast = Resamples::draw(losses.len(), bootstrap).interquartile_mean(&losses).unwrap();
/// let slow = bootstrap.estimate(&losses, interquartile_mean).unwrap();
/// assert!((fast.low - slow.low).abs() < 1e-15 && (fast.high - slow.high).abs() < 1e-15);
/// ```
#[derive(Clone, Debug)]
pub struct Resamples {
    size: usize,
    replicates: usize,
    /// How often each value is drawn: `[⌈replicates / LANES⌉][size][LANES]`.
    counts: Vec<[f64; LANES]>,
}

impl Resamples {
    /// Draws the resamples of samples of `size` values, the same as [`Bootstrap::interval`] draws.
    pub fn draw(size: usize, bootstrap: Bootstrap) -> Self {
        let replicates = bootstrap.replicates();
        let mut counts = vec![[0.0; LANES]; replicates.div_ceil(LANES) * size];
        let mut indices = bootstrap.indices();
        for replicate in 0..replicates {
            for _ in 0..size {
                let value = replicate / LANES * size + indices.below(size);
                counts[value][replicate % LANES] += 1.0;
            }
        }
        Self { size, replicates, counts }
    }

    /// The [`interquartile_mean`] of a sample with its interval. If the values ascend, the result is
    /// that of [`Bootstrap::estimate`] up to rounding.
    ///
    /// - `values`: `[size]`. Resamples draw places, not values: if a place means the same in several
    ///   samples, such as one seed at all steps of a curve, their resamples draw the same seeds.
    ///
    /// `None` without values.
    ///
    /// # Panics
    ///
    /// If the sample does not have the size of the resamples.
    pub fn interquartile_mean(&self, values: &[f64]) -> Option<Estimate> {
        assert_eq!(values.len(), self.size, "size of the sample");
        let value = interquartile_mean(values)?;
        let mut order: Vec<(usize, f64)> =
            values.iter().map(|&value| failed_if_nan(value)).enumerate().collect();
        order.sort_by(|a, b| a.1.total_cmp(&b.1));
        let mut means = vec![0.0; self.counts.len() / self.size * LANES];
        simd::run(Means { resamples: self, order: &order, means: &mut means });
        Some(Estimate::new(value, percentile_interval(&mut means[..self.replicates])))
    }
}

/// The interquartile mean of every resample.
struct Means<'a> {
    resamples: &'a Resamples,
    /// Place and value, by value: `[size]`.
    order: &'a [(usize, f64)],
    /// `[replicates]`, padded to a whole number of lanes.
    means: &'a mut [f64],
}

impl Kernel<f64> for Means<'_> {
    type Output = ();
    #[inline(always)]
    fn run<V: Lanes<f64>>(self) {
        let Self { resamples: &Resamples { size, ref counts, .. }, order, means } = self;
        let (first, end) = ((size / 4) as f64, (size - size / 4) as f64);
        let (least, most) = (V::splat(first), V::splat(end));
        let lowest = order.partition_point(|&(_, value)| value == -f64::INFINITY);
        let highest = order.partition_point(|&(_, value)| value < f64::INFINITY);
        for (counts, means) in counts.chunks_exact(size).zip(means.as_chunks_mut::<LANES>().0) {
            let mut rank = V::zero();
            for &(place, _) in &order[..lowest] {
                rank += V::of(&counts[place]);
            }
            let begin = rank.max(least).min(most);
            let (mut before, mut sum) = (begin, V::zero());
            for &(place, value) in &order[lowest..highest] {
                rank += V::of(&counts[place]);
                let after = rank.max(least).min(most);
                sum = (after - before).mul_add(V::splat(value), sum);
                before = after;
            }
            let surplus = ((most - before) - (begin - least)).to_array();
            let sum = sum.to_array();
            for i in 0..LANES {
                means[i] = balanced_mean(sum[i], surplus[i], end - first);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::location::sorted;
    use super::super::reference::score;
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    #[test]
    fn an_empty_sample_has_no_interval() {
        assert_eq!(Resamples::draw(0, Bootstrap::new(1)).interquartile_mean(&[]), None);
    }

    #[test]
    #[should_panic(expected = "size of the sample")]
    fn a_sample_of_another_size_panics() {
        Resamples::draw(2, Bootstrap::new(1)).interquartile_mean(&[1.0]);
    }

    #[test]
    fn failed_runs_reach_the_bounds() {
        let mut losses = vec![1.0; 15];
        losses.extend([f64::NAN; 5]);
        let estimate = Resamples::draw(20, Bootstrap::new(5)).interquartile_mean(&losses);
        assert_eq!(estimate, Some(Estimate { value: 1.0, low: 1.0, high: f64::INFINITY }));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Compares with the direct computation, which sorts every resample.
        #[test]
        fn weighting_matches_sorting(
            values in vec(prop_oneof![4 => score(), 1 => Just(-f64::INFINITY)], 1..25),
            seed: u64,
            replicates in 1..300_usize,
        ) {
            let bootstrap = Bootstrap::new(seed).with_replicates(replicates);
            let expected = bootstrap.estimate(&values, interquartile_mean).unwrap();
            let resamples = Resamples::draw(values.len(), bootstrap);
            let estimate = resamples.interquartile_mean(&sorted(&values)).unwrap();
            let close = |a: f64, b: f64| a == b || (a - b).abs() < 1e-9;
            prop_assert_eq!(estimate.value, expected.value);
            prop_assert!(close(estimate.low, expected.low));
            prop_assert!(close(estimate.high, expected.high));
        }
    }
}
