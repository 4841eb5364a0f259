//! Seeded resampling: how much would a statistic vary with other seeds?

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// The fewest runs that have an interval.
///
/// With n runs, all of them lie on the same side of the median with probability 2¹⁻ⁿ. That is 6 % of
/// five runs, and 13 % of four: not even their whole range is a 95 % interval.
pub const FEWEST_RUNS: usize = 5;

/// The bounds of a 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Lower bound; `±∞` where failed runs reach it.
    pub low: f64,
    /// Upper bound, not below `low`; `±∞` where failed runs reach it.
    pub high: f64,
}

/// A statistic, with its 95 % interval if there are enough runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The statistic of the sample itself.
    pub value: f64,
    /// Its interval; `None` with fewer than [`FEWEST_RUNS`] runs.
    pub interval: Option<Interval>,
}

/// Seeded bootstrap: each of R replicates draws n of the n values with replacement.
///
/// The same seed and sample size draw the same indices on every platform.
///
/// Reference: Efron (1979), *Bootstrap Methods: Another Look at the Jackknife*, Annals of
/// Statistics 7.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bootstrap {
    seed: u64,
    replicates: usize,
}

impl Bootstrap {
    /// The default number of replicates: about 50 of them lie beyond the 2.5 % quantile.
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
    let tail = (replicates.len() - 1) / 40; // 2.5 %
    central(replicates, tail)
}

/// The replicates at rank `tail` from either end. `tail` must be below half of their number.
///
/// Order statistics need no arithmetic, so infinite replicates give infinite bounds.
pub(super) fn central(replicates: &mut [f64], tail: usize) -> Interval {
    let last = replicates.len() - 1;
    let (_, &mut low, above) = replicates.select_nth_unstable_by(tail, f64::total_cmp);
    let high = match (last - tail).checked_sub(tail + 1) {
        Some(rank) => *above.select_nth_unstable_by(rank, f64::total_cmp).1,
        None => low,
    };
    Interval { low, high }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn indices_are_a_function_of_the_seed() {
        let drawn = |seed| {
            let mut indices = Bootstrap::new(seed).indices();
            (0..12).map(|_| indices.below(1000)).collect::<Vec<usize>>()
        };
        assert_eq!(drawn(1), drawn(1));
        assert_ne!(drawn(1), drawn(2));
        assert_ne!(drawn(1), drawn(1 + (1 << 40)));
    }

    #[test]
    fn bounds_are_order_statistics_from_either_end() {
        let mut replicates: Vec<f64> = (0..2000).rev().map(f64::from).collect();
        let interval = percentile_interval(&mut replicates);
        assert_eq!(interval, Interval { low: 49.0, high: 1950.0 });
        assert_eq!(percentile_interval(&mut [5.0]), Interval { low: 5.0, high: 5.0 });
        let infinite = &mut [f64::INFINITY, 3.0, -f64::INFINITY, 1.0];
        assert_eq!(central(infinite, 0), Interval { low: -f64::INFINITY, high: f64::INFINITY });
        assert_eq!(central(infinite, 1), Interval { low: 1.0, high: 3.0 });
    }
}
