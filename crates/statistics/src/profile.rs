//! Across tasks: how often is a run good enough?

use super::bootstrap::{Bootstrap, Estimate, FEWEST_RUNS, percentile_interval};
use super::location::failed_if_nan;

/// The fraction of runs whose score is at most each threshold, averaged over tasks.
///
/// F(τ) = mean over tasks of #{runs with score ≤ τ} / #{runs}. Lower scores are better, so the higher
/// curve is the better one. A failed run never counts, whatever the threshold. The 95 % band is
/// pointwise, the percentile interval of the stratified bootstrap, which resamples runs within each
/// task. There is none if a task has fewer than [`FEWEST_RUNS`] runs.
///
/// - `scores`: `[tasks][runs]`, comparable between tasks; the number of runs may differ.
/// - `thresholds`: `[T]`, ascending.
///
/// Returns `[T]`; `None` without tasks, or if a task has no runs.
///
/// # Panics
///
/// If the thresholds do not ascend.
///
/// References: Dolan and Moré (2002), *Benchmarking Optimization Software with Performance Profiles*,
/// arXiv:cs/0102001; Agarwal et al. (2021), arXiv:2108.13264, §4.2 (run-score distributions, which
/// count scores above the threshold).
///
/// ```
/// use statistics::{Bootstrap, performance_profile};
///
/// let scores = [vec![0.1, 0.3], vec![0.2, f64::INFINITY]];
/// let profile = performance_profile(&scores, &[0.1, 0.2, 0.3], Bootstrap::new(7)).unwrap();
/// let fractions: Vec<f64> = profile.iter().map(|estimate| estimate.value).collect();
/// assert_eq!(fractions, [0.25, 0.5, 0.75]);
/// ```
pub fn performance_profile(
    scores: &[Vec<f64>],
    thresholds: &[f64],
    bootstrap: Bootstrap,
) -> Option<Vec<Estimate>> {
    assert!(thresholds.is_sorted(), "thresholds must ascend: {thresholds:?}");
    if scores.is_empty() || scores.iter().any(Vec::is_empty) {
        return None;
    }
    let passes = Passes::new(scores, thresholds);
    let values = passes.fractions(|run, _| run).into_iter();
    if scores.iter().any(|runs| runs.len() < FEWEST_RUNS) {
        return Some(values.map(|value| Estimate { value, interval: None }).collect());
    }
    let mut indices = bootstrap.indices();
    let mut replicates = vec![Vec::with_capacity(bootstrap.replicates()); thresholds.len()];
    for _ in 0..bootstrap.replicates() {
        let fractions = passes.fractions(|_, runs| indices.below(runs));
        for (replicates, fraction) in replicates.iter_mut().zip(fractions) {
            replicates.push(fraction);
        }
    }
    let bands = replicates.iter_mut().map(|r| Some(percentile_interval(r)));
    Some(values.zip(bands).map(|(value, interval)| Estimate { value, interval }).collect())
}

/// Which thresholds each run passes, by having a score of at most the threshold.
struct Passes {
    /// The first threshold that each run passes, or `thresholds` if none: `[tasks][runs]`.
    first: Vec<Vec<usize>>,
    thresholds: usize,
}

impl Passes {
    fn new(scores: &[Vec<f64>], thresholds: &[f64]) -> Self {
        let first = |&score: &f64| match failed_if_nan(score) {
            f64::INFINITY => thresholds.len(),
            score => thresholds.partition_point(|&threshold| threshold < score),
        };
        let firsts = |runs: &Vec<f64>| runs.iter().map(first).collect();
        Self { first: scores.iter().map(firsts).collect(), thresholds: thresholds.len() }
    }

    /// The fraction of runs that pass each threshold, averaged over tasks. `choose` maps the index
    /// of each run, and the number of runs, to the run that replaces it in the resample.
    fn fractions(&self, mut choose: impl FnMut(usize, usize) -> usize) -> Vec<f64> {
        let mut fractions = vec![0.0; self.thresholds];
        for first in &self.first {
            let runs = first.len();
            let mut counts = vec![0_u32; self.thresholds + 1];
            for run in 0..runs {
                counts[first[choose(run, runs)]] += 1;
            }
            let mut passed = 0;
            for (fraction, count) in fractions.iter_mut().zip(counts) {
                passed += count;
                *fraction += f64::from(passed) / runs as f64;
            }
        }
        let tasks = self.first.len() as f64;
        fractions.iter().map(|sum| sum / tasks).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::bootstrap::Interval;
    use super::super::reference::{self, exactly};
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    const FAILED: f64 = f64::INFINITY;

    fn profile(scores: &[Vec<f64>], thresholds: &[f64]) -> Vec<Estimate> {
        performance_profile(scores, thresholds, Bootstrap::new(1).with_replicates(200)).unwrap()
    }

    #[test]
    fn tasks_have_equal_weight_whatever_their_number_of_runs() {
        assert_eq!(profile(&[vec![0.0; 5], vec![2.0; 45]], &[1.0]), [exactly(0.5)]);
    }

    #[test]
    fn without_runs_there_is_no_profile() {
        let profile = |scores: &[Vec<f64>], thresholds: &[f64]| {
            performance_profile(scores, thresholds, Bootstrap::new(1))
        };
        assert_eq!(profile(&[], &[1.0]), None);
        assert_eq!(profile(&[vec![1.0], vec![]], &[1.0]), None);
        assert_eq!(profile(&[vec![1.0]], &[]), Some(vec![]));
    }

    #[test]
    fn fewer_than_five_runs_on_a_task_have_no_band() {
        let profile = profile(&[vec![0.0; 5], vec![2.0; 4]], &[1.0]);
        assert_eq!(profile, [Estimate { value: 0.5, interval: None }]);
    }

    #[test]
    #[should_panic(expected = "thresholds must ascend")]
    fn descending_thresholds_panic() {
        profile(&[vec![1.0]], &[2.0, 1.0]);
    }

    #[test]
    fn a_failed_run_passes_no_threshold() {
        let profile = profile(&[vec![-FAILED, 1.0, FAILED, f64::NAN]], &[0.0, 1.0, FAILED]);
        let fractions: Vec<f64> = profile.iter().map(|estimate| estimate.value).collect();
        assert_eq!(fractions, [0.25, 0.5, 0.5]);
    }

    #[test]
    fn bands_of_one_task_are_binomial() {
        for case in reference::cases("binomial_quantile") {
            let bootstrap = Bootstrap::new(2).with_replicates(100_000);
            let [p, ones] = [0, 1].map(|i| case.samples[i].clone());
            // The zeros pass ½: their fraction is the complement of the proportion of ones.
            let band =
                performance_profile(&[ones], &[0.5], bootstrap).unwrap()[0].interval.unwrap();
            let bound = if p[0] < 0.5 { band.high } else { band.low };
            reference::assert_close(1.0 - bound, case.expected, 1e-14);
        }
    }

    #[test]
    fn tasks_are_resampled_separately() {
        // Scores differ only between tasks, so resampling within tasks changes nothing.
        let scores = [vec![0.0; 5], vec![1.0; 5], vec![2.0; 5], vec![2.0; 5]];
        assert_eq!(profile(&scores, &[0.0, 1.0]), [exactly(0.25), exactly(0.5)]);
    }

    proptest! {
        #[test]
        fn a_profile_counts_the_runs_up_to_each_threshold(scores in reference::tasks(), mut thresholds in vec(-1.0..11.0, 1..6)) {
            thresholds.sort_by(f64::total_cmp);
            let profile = profile(&scores, &thresholds);
            for (estimate, &threshold) in profile.iter().zip(&thresholds) {
                let fraction = |runs: &Vec<f64>| {
                    runs.iter().filter(|&&s| s <= threshold).count() as f64 / runs.len() as f64
                };
                let expected = scores.iter().map(fraction).sum::<f64>() / scores.len() as f64;
                prop_assert!((estimate.value - expected).abs() < 1e-12);
                if let Some(Interval { low, high }) = estimate.interval {
                    prop_assert!(0.0 <= low && low <= high && high <= 1.0);
                }
            }
            for pair in profile.windows(2) {
                prop_assert!(pair[0].value <= pair[1].value);
                if let [Some(a), Some(b)] = [pair[0].interval, pair[1].interval] {
                    prop_assert!(a.low <= b.low && a.high <= b.high);
                }
            }
        }
    }
}
