//! Adjustment of p-values for multiple tests.

/// p-values adjusted for the number of tests, by Holm's step-down method.
///
/// With the m p-values in ascending order, p̃₍ᵢ₎ = min(1, maxⱼ≤ᵢ (m − j + 1) p₍ⱼ₎). If every hypothesis
/// with p̃ ≤ α is rejected, the probability of rejecting a true one is at most α, whatever the
/// dependence between the tests.
///
/// - `p_values`: `[m]`, each in `[0, 1]`; NaN counts as 1.
///
/// Returns `[m]`, in the order of the arguments.
///
/// Reference: Holm (1979), *A Simple Sequentially Rejective Multiple Test Procedure*, Scandinavian
/// Journal of Statistics 6.
///
/// ```
/// use statistics::holm;
///
/// assert_eq!(holm(&[0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02]);
/// ```
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let mut ascending: Vec<usize> = (0..p_values.len()).collect();
    ascending.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));

    let mut adjusted = vec![1.0; p_values.len()];
    let mut greatest = 0.0_f64;
    for (rank, &test) in ascending.iter().enumerate() {
        let tests_left = (p_values.len() - rank) as f64;
        greatest = greatest.max((tests_left * p_values[test]).min(1.0));
        adjusted[test] = greatest;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    #[test]
    fn one_test_needs_no_adjustment() {
        assert_eq!(holm(&[0.03]), [0.03]);
        assert!(holm(&[]).is_empty());
    }

    #[test]
    fn later_p_values_never_fall_below_earlier_ones() {
        assert_eq!(holm(&[0.25, 0.125, 0.125]), [0.375, 0.375, 0.375]);
    }

    #[test]
    fn adjusted_p_values_never_exceed_one() {
        assert_eq!(holm(&[0.5, 0.75, f64::NAN]), [1.0, 1.0, 1.0]);
    }

    proptest! {
        /// Closed testing: Holm rejects a hypothesis at α if and only if Bonferroni rejects, at α,
        /// every set of hypotheses that contains it.
        #[test]
        fn it_is_the_closed_bonferroni_test(p_values in vec(0.0..=1.0, 1..7)) {
            let adjusted = holm(&p_values);
            for (test, &adjusted) in adjusted.iter().enumerate() {
                let closed = (0_u32..1 << p_values.len())
                    .filter(|set| set >> test & 1 == 1)
                    .map(|set| {
                        let members = (0..p_values.len()).filter(|i| set >> i & 1 == 1);
                        let least = members.map(|i| p_values[i]).fold(1.0, f64::min);
                        (f64::from(set.count_ones()) * least).min(1.0)
                    })
                    .fold(0.0, f64::max);
                prop_assert_eq!(adjusted, closed);
            }
        }

        #[test]
        fn adjustment_preserves_order(p_values in vec(0.0..=1.0, 1..20)) {
            let adjusted = holm(&p_values);
            for (i, &p) in p_values.iter().enumerate() {
                prop_assert!(p <= adjusted[i] && adjusted[i] <= 1.0);
                for (j, &q) in p_values.iter().enumerate() {
                    prop_assert!(p > q || adjusted[i] <= adjusted[j]);
                }
            }
        }
    }
}
