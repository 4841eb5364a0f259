//! Percentile bootstrap: how much would a statistic vary with other seeds?

use super::location::{failed_if_nan, sorted};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// The bounds of a 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Lower bound; `±∞` where failed runs reach it.
    pub low: f64,
    /// Upper bound, not below `low`; `±∞` where failed runs reach it.
    pub high: f64,
}

/// A statistic with the bounds of its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The statistic of the sample itself.
    pub value: f64,
    /// Lower bound of the interval.
    pub low: f64,
    /// Upper bound of the interval.
    pub high: f64,
}

impl Estimate {
    pub(super) fn new(value: f64, Interval { low, high }: Interval) -> Self {
        Self { value, low, high }
    }
}

/// A seeded percentile bootstrap at 95 %.
///
/// Each of R replicates draws n of the n values with replacement. The bounds are the order statistics
/// of the replicated statistic at rank ⌊0.025 (R − 1)⌋ from either end. Order statistics need no
/// arithmetic, so infinite replicates give infinite bounds.
///
/// The same seed and sample size draw the same indices on every platform. With fewer than five
/// seeds the interval is too narrow. With one seed both bounds equal its value and tell nothing
/// about the spread.
///
/// Reference: Efron (1979), *Bootstrap Methods: Another Look at the Jackknife*, Annals of
/// Statistics 7.
///
/// ```
/// use statistics::{Bootstrap, interquartile_mean};
///
/// let losses = [0.11, 0.13, 0.12, 0.35, 0.10, 0.14, 0.12, 0.16];
/// let estimate = Bootstrap::new(7).estimate(&losses, interquartile_mean).unwrap();
/// assert_eq!(estimate.value, 0.1275);
/// assert!(estimate.low < 0.12 && 0.14 < estimate.high);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bootstrap {
    seed: u64,
    replicates: usize,
}

impl Bootstrap {
    /// The default number of replicates: about 50 of them lie beyond either bound.
    pub const REPLICATES: usize = 2000;

    /// A bootstrap of [`Self::REPLICATES`] replicates.
    pub const fn new(seed: u64) -> Self {
        Self { seed, replicates: Self::REPLICATES }
    }

    /// The same bootstrap with another number of replicates.
    ///
    /// # Panics
    ///
    /// If `replicates` is 0.
    pub const fn with_replicates(self, replicates: usize) -> Self {
        assert!(replicates > 0, "a bootstrap needs at least one replicate");
        Self { replicates, ..self }
    }

    /// The interval of a statistic of one sample.
    ///
    /// - `values`: `[n]`, one per seed. Their order does not matter: they are sorted before
    ///   resampling.
    /// - `statistic`: from `[n]` to a number. NaN counts as a failed run, `+∞`.
    ///
    /// `None` without values, or if the statistic of any replicate is `None`.
    pub fn interval(
        &self,
        values: &[f64],
        statistic: impl Fn(&[f64]) -> Option<f64>,
    ) -> Option<Interval> {
        if values.is_empty() {
            return None;
        }
        let sample = sorted(values);
        let mut indices = self.indices();
        let mut resample = sample.clone();
        let mut replicates = Vec::with_capacity(self.replicates);
        for _ in 0..self.replicates {
            resample.fill_with(|| sample[indices.below(sample.len())]);
            replicates.push(failed_if_nan(statistic(&resample)?));
        }
        Some(percentile_interval(&mut replicates))
    }

    /// A statistic of one sample with its interval; arguments as for [`Self::interval`].
    pub fn estimate(
        &self,
        values: &[f64],
        statistic: impl Fn(&[f64]) -> Option<f64>,
    ) -> Option<Estimate> {
        let value = statistic(values)?;
        Some(Estimate::new(value, self.interval(values, statistic)?))
    }

    pub(super) fn replicates(&self) -> usize {
        self.replicates
    }

    /// The stream of indices that the replicates draw, from its start.
    pub(super) fn indices(&self) -> Indices {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&self.seed.to_le_bytes());
        Indices(ChaCha8Rng::from_seed(key))
    }
}

/// Uniform indices.
pub(super) struct Indices(ChaCha8Rng);

impl Indices {
    /// An index below `count`, which must be far below 2³².
    ///
    /// The high word of a product (Lemire 2019), without rejection: the probability of an index is
    /// biased by at most one part in 2³² / `count`.
    pub(super) fn below(&mut self, count: usize) -> usize {
        ((u64::from(self.0.next_u32()) * count as u64) >> 32) as usize
    }
}

/// The central 95 % of the replicated statistics. There must be at least one, and none may be NaN.
pub(super) fn percentile_interval(replicates: &mut [f64]) -> Interval {
    let last = replicates.len() - 1;
    let tail = last / 40; // 2.5 %
    let (_, &mut low, above) = replicates.select_nth_unstable_by(tail, f64::total_cmp);
    let high = match (last - tail).checked_sub(tail + 1) {
        Some(rank) => *above.select_nth_unstable_by(rank, f64::total_cmp).1,
        None => low,
    };
    Interval { low, high }
}

#[cfg(test)]
mod tests {
    use super::super::location::{interquartile_mean, mean, quantile, sample_variance};
    use super::super::reference;
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    #[test]
    fn indices_are_pinned() {
        let mut indices = Bootstrap::new(1).indices();
        let drawn: Vec<usize> = (0..12).map(|_| indices.below(20)).collect();
        assert_eq!(drawn, [12, 7, 18, 5, 7, 15, 18, 18, 19, 17, 4, 2]);
    }

    #[test]
    fn indices_are_uniform() {
        let mut counts = [0.0; 20];
        let mut indices = Bootstrap::new(2).indices();
        for _ in 0..200_000 {
            counts[indices.below(20)] += 1.0;
        }
        let chi_square: f64 = counts.iter().map(|c| (c - 1e4) * (c - 1e4) / 1e4).sum();
        assert!(chi_square < 43.8, "{chi_square}"); // 99.9 % of χ² with 19 degrees of freedom
    }

    #[test]
    fn bounds_of_a_proportion_are_binomial() {
        for case in reference::cases("binomial_quantile") {
            let bootstrap = Bootstrap::new(3).with_replicates(100_000);
            let interval = bootstrap.interval(&case.samples[1], mean).unwrap();
            let bound = if case.samples[0][0] < 0.5 { interval.low } else { interval.high };
            reference::assert_close(bound, case.expected, 1e-14);
        }
    }

    #[test]
    fn bounds_are_order_statistics_from_either_end() {
        let mut replicates: Vec<f64> = (0..2000).rev().map(f64::from).collect();
        let interval = percentile_interval(&mut replicates);
        assert_eq!(interval, Interval { low: 49.0, high: 1950.0 });
        assert_eq!(percentile_interval(&mut [5.0]), Interval { low: 5.0, high: 5.0 });
    }

    #[test]
    fn failed_runs_give_infinite_bounds() {
        let mut losses = vec![1.0; 15];
        losses.extend([f64::INFINITY; 5]);
        let estimate = Bootstrap::new(5).estimate(&losses, interquartile_mean).unwrap();
        assert_eq!(estimate, Estimate { value: 1.0, low: 1.0, high: f64::INFINITY });

        let diverged = [f64::INFINITY; 5];
        let interval = Bootstrap::new(5).interval(&diverged, interquartile_mean).unwrap();
        assert_eq!(interval, Interval { low: f64::INFINITY, high: f64::INFINITY });
    }

    #[test]
    fn undefined_statistics_have_no_interval() {
        assert_eq!(Bootstrap::new(6).interval(&[], mean), None);
        assert_eq!(Bootstrap::new(6).estimate(&[1.0], sample_variance), None);
        let nan = Bootstrap::new(6).interval(&[1.0], |_| Some(f64::NAN)).unwrap();
        assert_eq!(nan, Interval { low: f64::INFINITY, high: f64::INFINITY });
    }

    #[test]
    fn the_interval_is_a_function_of_the_seed() {
        let values: Vec<f64> = (0..20).map(|i| f64::from(i * i)).collect();
        let interval = |seed| Bootstrap::new(seed).interval(&values, mean).unwrap();
        assert_eq!(interval(1), interval(1));
        assert_ne!(interval(1), interval(2));
        assert_ne!(interval(1), interval(1 + (1 << 40)));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn bounds_are_ordered_and_inside_the_sample_whatever_its_order(
            (values, shuffled) in vec(reference::score(), 1..25)
                .prop_flat_map(|values| (Just(values.clone()), Just(values).prop_shuffle())),
            seed: u64,
        ) {
            let bootstrap = Bootstrap::new(seed).with_replicates(200);
            let interval = bootstrap.interval(&values, interquartile_mean).unwrap();
            let slack = 1e-9;
            prop_assert!(interval.low <= interval.high);
            prop_assert!(quantile(&values, 0.0).unwrap() <= interval.low + slack);
            prop_assert!(interval.high <= quantile(&values, 1.0).unwrap() + slack);
            prop_assert_eq!(interval, bootstrap.interval(&shuffled, interquartile_mean).unwrap());
        }

        #[test]
        fn bounds_follow_scale_and_shift(
            values in vec(-1e3..1e3_f64, 1..25),
            scale in 0.1..10.0_f64,
            shift in -1e3..1e3_f64,
        ) {
            let bootstrap = Bootstrap::new(8).with_replicates(200);
            let moved: Vec<f64> = values.iter().map(|x| scale * x + shift).collect();
            let interval = bootstrap.interval(&values, interquartile_mean).unwrap();
            let followed = bootstrap.interval(&moved, interquartile_mean).unwrap();
            prop_assert!((followed.low - (scale * interval.low + shift)).abs() < 1e-9);
            prop_assert!((followed.high - (scale * interval.high + shift)).abs() < 1e-9);
        }
    }
}
