//! Ranks: a scale that all tasks share.

use super::location::{failed_if_nan, sorted};

/// The rank of each score among the runs of all estimators on the same task, between 0 and 1.
///
/// r = (#{better runs} + ½ #{equal runs}) / #{runs}. Equal runs have the same score and include the
/// run itself. Losses of different tasks have different scales; their ranks do not, whatever the sign
/// or spread of the losses. Failed runs count as the worst of the pool and stay `+∞`, so they reach
/// no threshold of a [`performance_profile`](super::performance_profile).
///
/// - `scores`: `[estimators][tasks][runs]`; the number of runs may differ.
///
/// Returns the same shape.
///
/// # Panics
///
/// If the estimators differ in their number of tasks.
///
/// Reference: Conover and Iman (1981), *Rank Transformations as a Bridge Between Parametric and
/// Nonparametric Statistics*, The American Statistician 35.
///
/// ```
/// use statistics::pooled_ranks;
///
/// let a = vec![vec![0.1, 0.3], vec![100.0]];
/// let b = vec![vec![0.2, f64::INFINITY], vec![100.0]];
/// let ranks = pooled_ranks(&[a, b]);
/// assert_eq!(ranks[0], [vec![0.125, 0.625], vec![0.5]]);
/// assert_eq!(ranks[1], [vec![0.375, f64::INFINITY], vec![0.5]]);
/// ```
pub fn pooled_ranks(scores: &[Vec<Vec<f64>>]) -> Vec<Vec<Vec<f64>>> {
    let tasks = scores.first().map_or(0, Vec::len);
    assert!(scores.iter().all(|s| s.len() == tasks), "estimators differ in their number of tasks");
    let pools: Vec<Vec<f64>> = (0..tasks)
        .map(|task| {
            sorted(&scores.iter().flat_map(|s| s[task].iter().copied()).collect::<Vec<_>>())
        })
        .collect();
    let ranks_of = |(runs, pool): (&Vec<f64>, &Vec<f64>)| {
        runs.iter().map(|&score| rank(failed_if_nan(score), pool)).collect()
    };
    scores.iter().map(|s| s.iter().zip(&pools).map(ranks_of).collect()).collect()
}

/// The rank of a score in its pool, which is sorted and contains the score.
fn rank(score: f64, pool: &[f64]) -> f64 {
    if score == f64::INFINITY {
        return score;
    }
    let better = pool.partition_point(|&other| other < score);
    let up_to = pool.partition_point(|&other| other <= score);
    (better + up_to) as f64 / (2 * pool.len()) as f64
}

#[cfg(test)]
mod tests {
    use super::super::reference::tasks;
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    #[test]
    fn without_estimators_there_are_no_ranks() {
        assert!(pooled_ranks(&[]).is_empty());
        assert_eq!(pooled_ranks(&[vec![vec![]]]), [[vec![]; 1]]);
    }

    #[test]
    fn nan_counts_as_a_failed_run() {
        let ranks = pooled_ranks(&[vec![vec![f64::NAN, 5.0, -f64::INFINITY]]]);
        assert_eq!(ranks, [[[f64::INFINITY, 0.5, 1.0 / 6.0]]]);
    }

    #[test]
    #[should_panic(expected = "differ in their number of tasks")]
    fn a_missing_task_panics() {
        pooled_ranks(&[vec![vec![1.0]], vec![]]);
    }

    proptest! {
        #[test]
        fn only_the_order_on_each_task_matters(scores in vec(tasks(), 1..4)) {
            let ranks = pooled_ranks(&scores);
            let scales = [1.0, -1e3, 1e-3];
            let moved: Vec<Vec<Vec<f64>>> = scores
                .iter()
                .map(|tasks| {
                    let move_by = |(runs, shift): (&Vec<f64>, &f64)| {
                        runs.iter().map(|s| shift.abs() * s + shift).collect()
                    };
                    tasks.iter().zip(&scales).map(move_by).collect()
                })
                .collect();
            prop_assert_eq!(pooled_ranks(&moved), ranks);
        }

        #[test]
        fn ranks_average_one_half_without_failed_runs(runs in vec(-1e3..1e3_f64, 1..20)) {
            let count = runs.len() as f64;
            let ranks = pooled_ranks(&[vec![runs]]);
            prop_assert!((ranks[0][0].iter().sum::<f64>() / count - 0.5).abs() < 1e-12);
        }
    }
}
