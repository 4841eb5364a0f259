//! Convergence curves: location and band at every step.

use super::bootstrap::{Bootstrap, Estimate, percentile_interval};
use super::location::{balanced_mean, interquartile_mean, or_miss};

/// The interquartile mean of curves at every step, with a 95 % bootstrap band.
///
/// A replicate draws whole curves, so that one resample of seeds is shared by all steps and the
/// band is as coherent over time as the curves are. At each step it is what
/// [`Bootstrap::interval`] of [`interquartile_mean`] would be, pointwise and not simultaneous.
///
/// - `curves`: `[seeds][steps]`; a run that is over has misses from there on.
///
/// Returns `[steps]`; `None` without curves.
///
/// # Panics
///
/// If the curves differ in length.
///
/// ```
/// use harness::statistics::{Bootstrap, curve_band};
///
/// let curves = [vec![1.0, 0.5], vec![1.0, 0.3], vec![1.0, 0.4], vec![1.0, f64::INFINITY]];
/// let band = curve_band(&curves, Bootstrap::new(7)).unwrap();
/// assert_eq!((band[0].low, band[0].value, band[0].high), (1.0, 1.0, 1.0));
/// assert_eq!((band[1].value, band[1].high), (0.45, f64::INFINITY));
/// ```
pub fn curve_band(curves: &[Vec<f64>], bootstrap: Bootstrap) -> Option<Vec<Estimate>> {
    let steps = curves.first()?.len();
    assert!(curves.iter().all(|curve| curve.len() == steps), "curves differ in length");
    let mut resamples = Resamples::draw(curves.len(), bootstrap);
    (0..steps)
        .map(|step| {
            let values: Vec<f64> = curves.iter().map(|curve| or_miss(curve[step])).collect();
            let value = interquartile_mean(&values)?;
            let replicates = resamples.interquartile_means(&values);
            Some(Estimate::new(value, percentile_interval(replicates)))
        })
        .collect()
}

/// Resamples of the seeds as counts, with room to evaluate all of them at once.
///
/// A resample is a multiset. Its interquartile mean is a sum over the sorted values weighted by how
/// often each survives the trimming, so each step sorts once and no replicate sorts at all. Arrays
/// run over replicates, innermost.
struct Resamples {
    /// How often each seed is drawn: `[seeds][replicates]`.
    counts: Vec<f64>,
    /// Size of the resamples up to the current value: `[replicates]`.
    ranks: Vec<f64>,
    /// Weighted sum of the finite values: `[replicates]`.
    sums: Vec<f64>,
    /// Weight of `+∞` less that of `−∞`: `[replicates]`.
    surpluses: Vec<f64>,
}

impl Resamples {
    fn draw(seeds: usize, bootstrap: Bootstrap) -> Self {
        let replicates = bootstrap.replicates();
        let mut counts = vec![0.0; seeds * replicates];
        let mut indices = bootstrap.indices();
        for replicate in 0..replicates {
            for _ in 0..seeds {
                counts[indices.below(seeds) * replicates + replicate] += 1.0;
            }
        }
        let zeros = vec![0.0; replicates];
        Self { counts, ranks: zeros.clone(), sums: zeros.clone(), surpluses: zeros }
    }

    /// Of each replicate, given the value of each seed; in place of the sums.
    fn interquartile_means(&mut self, values: &[f64]) -> &mut [f64] {
        let seeds = values.len();
        let (first, end) = ((seeds / 4) as f64, (seeds - seeds / 4) as f64);
        let mut order: Vec<usize> = (0..seeds).collect();
        order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));

        self.ranks.fill(0.0);
        self.sums.fill(0.0);
        self.surpluses.fill(0.0);
        for seed in order {
            let value = values[seed];
            let (sums, term) = if value.is_finite() {
                (&mut self.sums, value)
            } else {
                (&mut self.surpluses, value.signum())
            };
            let counts = &self.counts[seed * self.ranks.len()..][..self.ranks.len()];
            for ((rank, sum), count) in self.ranks.iter_mut().zip(sums).zip(counts) {
                let before = *rank;
                *rank += count;
                *sum += (rank.max(first).min(end) - before.max(first).min(end)) * term;
            }
        }
        for (sum, &surplus) in self.sums.iter_mut().zip(&self.surpluses) {
            *sum = balanced_mean(*sum, surplus, end - first);
        }
        &mut self.sums
    }
}

#[cfg(test)]
mod tests {
    use super::super::reference::score;
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    #[test]
    fn no_curve_has_no_band() {
        let bootstrap = Bootstrap::new(1);
        assert_eq!(curve_band(&[], bootstrap), None);
        assert_eq!(curve_band(&[vec![], vec![]], bootstrap), Some(vec![]));
    }

    #[test]
    #[should_panic(expected = "curves differ in length")]
    fn a_short_curve_is_refused() {
        curve_band(&[vec![1.0, 2.0], vec![1.0]], Bootstrap::new(1));
    }

    #[test]
    fn steps_share_their_resamples() {
        let loss = [3.0, 1.0, 4.0, 1.5, 9.0, 2.6, 5.0];
        let curves: Vec<Vec<f64>> = loss.iter().map(|&x| vec![x, 2.0 * x, x]).collect();
        let band = curve_band(&curves, Bootstrap::new(2)).unwrap();
        assert_eq!(band[0], band[2]);
        assert_eq!(2.0 * band[0].low, band[1].low);
        assert_eq!(2.0 * band[0].high, band[1].high);
    }

    #[test]
    fn a_diverged_curve_widens_the_band() {
        let curves: Vec<Vec<f64>> =
            (0..8).map(|seed| vec![1.0, if seed < 2 { f64::NAN } else { 0.5 }]).collect();
        let band = curve_band(&curves, Bootstrap::new(3)).unwrap();
        assert_eq!(band[1], Estimate { value: 0.5, low: 0.5, high: f64::INFINITY });
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// The sorting of each resample that the weights save.
        #[test]
        fn each_step_is_the_bootstrap_of_its_values(
            curves in vec(vec(prop_oneof![4 => score(), 1 => Just(-f64::INFINITY)], 2), 1..25),
            seed: u64,
        ) {
            let bootstrap = Bootstrap::new(seed).with_replicates(300);
            let band = curve_band(&curves, bootstrap).unwrap();
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
            for estimate in curve_band(&curves, bootstrap).unwrap() {
                prop_assert!(estimate.low <= estimate.high);
            }
        }
    }
}
