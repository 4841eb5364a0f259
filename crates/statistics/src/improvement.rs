//! Across tasks: how often is one estimator better than another?

use super::bootstrap::{Bootstrap, Estimate, FEWEST_RUNS, percentile_interval};
use super::location::{failed_if_nan, sorted};

/// The probability that a run of `x` is better (lower) than a run of `y` on a random task.
///
/// The mean over tasks of P(X < Y) + ½ P(X = Y), estimated by the Mann–Whitney statistic U / (m n) of
/// the runs of each task. Two failed runs tie. The 95 % interval is the percentile interval of the
/// stratified bootstrap, which resamples runs within each task and side; there is none if a side has
/// fewer than [`FEWEST_RUNS`] runs on some task. Equal to `probability_of_improvement` of rliable
/// for the negated scores.
///
/// - `x`, `y`: `[tasks][runs]`; the number of runs may differ between tasks and sides.
///
/// `None` without tasks, or if a side has no runs on some task.
///
/// # Panics
///
/// If `x` and `y` differ in their number of tasks.
///
/// Reference: Agarwal et al. (2021), arXiv:2108.13264, §4.3.
///
/// ```
/// use statistics::{Bootstrap, probability_of_improvement};
///
/// let x = [vec![0.1, 0.3], vec![5.0, 6.0]];
/// let y = [vec![0.2, 0.4], vec![f64::INFINITY, f64::INFINITY]];
/// let improvement = probability_of_improvement(&x, &y, Bootstrap::new(7)).unwrap();
/// assert_eq!(improvement.value, (0.75 + 1.0) / 2.0);
/// ```
pub fn probability_of_improvement(
    x: &[Vec<f64>],
    y: &[Vec<f64>],
    bootstrap: Bootstrap,
) -> Option<Estimate> {
    assert_eq!(x.len(), y.len(), "both sides need the same tasks");
    if x.is_empty() || x.iter().chain(y).any(Vec::is_empty) {
        return None;
    }
    let tasks: Vec<Merged> = x.iter().zip(y).map(|(x, y)| Merged::new(x, y)).collect();
    let mean_over_tasks = |win_rate: &mut dyn FnMut(&Merged) -> f64| {
        tasks.iter().map(win_rate).sum::<f64>() / tasks.len() as f64
    };
    let value = mean_over_tasks(&mut |task| task.win_rate(|run, _| run));
    let interval = || {
        let mut indices = bootstrap.indices();
        let mut replicates: Vec<f64> = (0..bootstrap.replicates())
            .map(|_| mean_over_tasks(&mut |task| task.win_rate(|_, runs| indices.below(runs))))
            .collect();
        percentile_interval(&mut replicates)
    };
    let enough = x.iter().chain(y).all(|runs| runs.len() >= FEWEST_RUNS);
    Some(Estimate { value, interval: enough.then(interval) })
}

/// The runs of both sides on one task, as places among the distinct scores.
struct Merged {
    /// For each run of x, the number of distinct scores below its own.
    x: Vec<usize>,
    /// The same for y.
    y: Vec<usize>,
    /// Number of distinct scores.
    distinct: usize,
}

impl Merged {
    fn new(x: &[f64], y: &[f64]) -> Self {
        let mut scores = sorted(&[x, y].concat());
        scores.dedup();
        let place = |&score: &f64| scores.partition_point(|&other| other < failed_if_nan(score));
        let [x, y] = [x, y].map(|runs| runs.iter().map(place).collect());
        Self { x, y, distinct: scores.len() }
    }

    /// The fraction of pairs in which x is better, where a tie counts one half. `choose` maps the
    /// index of each run, and the number of runs, to the run that replaces it in the resample.
    fn win_rate(&self, mut choose: impl FnMut(usize, usize) -> usize) -> f64 {
        let (m, n) = (self.x.len(), self.y.len());
        let mut counts = vec![(0_u64, 0_u64); self.distinct];
        for run in 0..n {
            counts[self.y[choose(run, n)]].1 += 1;
        }
        for run in 0..m {
            counts[self.x[choose(run, m)]].0 += 1;
        }
        // A pair gives x two points if y is worse, and one if they tie.
        let (mut points, mut worse) = (0, 0);
        for &(x, y) in counts.iter().rev() {
            points += x * (2 * worse + y);
            worse += y;
        }
        points as f64 / (2 * m * n) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::super::bootstrap::Interval;
    use super::super::reference;
    use super::*;
    use proptest::prelude::*;

    const FAILED: f64 = f64::INFINITY;

    fn improvement(x: &[Vec<f64>], y: &[Vec<f64>]) -> Estimate {
        probability_of_improvement(x, y, Bootstrap::new(1).with_replicates(200)).unwrap()
    }

    #[test]
    fn it_matches_mann_whitney_of_scipy() {
        for case in reference::cases("mann_whitney") {
            let (x, y) = (case.samples[0].clone(), case.samples[1].clone());
            reference::assert_close(improvement(&[x], &[y]).value, case.expected, 1e-14);
        }
    }

    #[test]
    fn two_failed_runs_tie() {
        assert_eq!(improvement(&[vec![FAILED]], &[vec![f64::NAN]]).value, 0.5);
        let one_failed = improvement(&[vec![1.0, FAILED]], &[vec![FAILED, FAILED]]);
        assert_eq!(one_failed.value, 0.75);
    }

    #[test]
    fn tasks_have_equal_weight_whatever_their_number_of_runs() {
        let x = [vec![0.0], vec![2.0; 9]];
        let y = [vec![1.0], vec![1.0; 9]];
        assert_eq!(improvement(&x, &y).value, 0.5);
    }

    #[test]
    fn without_runs_it_is_undefined() {
        let none = |x: &[Vec<f64>], y: &[Vec<f64>]| {
            probability_of_improvement(x, y, Bootstrap::new(1)).is_none()
        };
        assert!(none(&[], &[]));
        assert!(none(&[vec![1.0]], &[vec![]]));
        assert!(none(&[vec![], vec![1.0]], &[vec![1.0], vec![1.0]]));
    }

    #[test]
    fn fewer_than_five_runs_on_a_task_have_no_interval() {
        let with =
            |runs| improvement(&[vec![1.0; 5], vec![1.0; runs]], &[vec![2.0; 5], vec![2.0; 5]]);
        assert_eq!(with(5), reference::exactly(1.0));
        assert_eq!(with(4), Estimate { value: 1.0, interval: None });
    }

    #[test]
    #[should_panic(expected = "both sides need the same tasks")]
    fn a_missing_task_panics() {
        improvement(&[vec![1.0], vec![1.0]], &[vec![1.0]]);
    }

    #[test]
    fn tasks_are_resampled_separately() {
        // Scores differ only between tasks, so resampling within tasks changes nothing.
        let x = [vec![0.0; 5], vec![1.0; 5], vec![2.0; 5]];
        let y = [vec![1.0; 5], vec![1.0; 5], vec![1.0; 5]];
        assert_eq!(improvement(&x, &y), reference::exactly(0.5));
    }

    proptest! {
        #[test]
        fn the_probabilities_of_both_sides_add_up_to_one(x in reference::tasks(), y in reference::tasks()) {
            let forth = improvement(&x, &y);
            prop_assert!((forth.value + improvement(&y, &x).value - 1.0).abs() < 1e-12);
            if let Some(Interval { low, high }) = forth.interval {
                prop_assert!(0.0 <= low && low <= high && high <= 1.0);
            }
            prop_assert!((improvement(&x, &x).value - 0.5).abs() < 1e-12);
        }

        #[test]
        fn only_the_order_of_scores_matters(x in reference::tasks(), y in reference::tasks()) {
            let cubes = |tasks: &[Vec<f64>]| -> Vec<Vec<f64>> {
                tasks.iter().map(|runs| runs.iter().map(|s| s * s * s - 7.0).collect()).collect()
            };
            prop_assert_eq!(improvement(&x, &y), improvement(&cubes(&x), &cubes(&y)));
        }
    }
}
