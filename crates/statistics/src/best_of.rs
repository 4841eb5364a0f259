//! The score that tuning reaches, against the number of settings that are tried.

/// The expected score of the setting that is chosen from `n` random ones, drawn without replacement.
///
/// The one with the least choosing score is chosen; what is reported is its other score, which had no
/// part in the choice. With the m settings in ascending order of the choosing score,
/// Σ_r C(m − r, n − 1)/C(m, n) · scoreᵣ over the ranks r = 1 … m.
///
/// - `settings`: `[m]`, (choosing score, reported score) of each; failures are `+∞`. Of equal choosing
///   scores the earlier one comes first.
/// - `n`: from 1 to m.
///
/// Returns `None` if `n` is out of range.
///
/// Reference: Dodge, Gururangan, Card, Schwartz & Smith (2019), *Show Your Work: Improved Reporting of
/// Experimental Results*, arXiv:1909.03004, who draw with replacement; without it the estimate is
/// unbiased: Tang, Lee, Xin, Liu, Yu & Lin (2020), arXiv:2004.13705.
///
/// ```
/// use statistics::expected_best_of;
///
/// // Chosen by the first number; the second is reported.
/// let settings = [(3.0, 10.0), (1.0, 30.0), (2.0, 20.0)];
/// assert_eq!(expected_best_of(&settings, 3), Some(30.0));
/// // One is drawn at random. Of two, the best of all is one with probability 2/3.
/// assert!((expected_best_of(&settings, 1).unwrap() - 20.0).abs() < 1e-12);
/// assert!((expected_best_of(&settings, 2).unwrap() - 80.0 / 3.0).abs() < 1e-12);
/// ```
pub fn expected_best_of(settings: &[(f64, f64)], n: usize) -> Option<f64> {
    let m = settings.len();
    if !(1..=m).contains(&n) {
        return None;
    }
    let mut ascending = settings.to_vec();
    ascending.sort_by(|a, b| a.0.total_cmp(&b.0));
    // C(m − r, n − 1)/C(m, n), from the best rank on: each from the one before.
    let mut weight = n as f64 / m as f64;
    let mut expected = 0.0;
    for (r, &(_, score)) in ascending.iter().enumerate() {
        if weight > 0.0 {
            expected += weight * score;
        }
        let left = (m - 1 - r) as f64;
        weight *= if left > 0.0 { (left + 1.0 - n as f64).max(0.0) / left } else { 0.0 };
    }
    Some(expected)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    #[test]
    fn only_possible_sizes_have_a_value() {
        let settings = [(1.0, 1.0), (2.0, 2.0)];
        assert_eq!(expected_best_of(&settings, 0), None);
        assert_eq!(expected_best_of(&settings, 3), None);
        assert_eq!(expected_best_of(&[], 1), None);
    }

    /// A failed setting counts unless it is certain not to be chosen.
    #[test]
    fn failures_count() {
        let settings = [(1.0, 1.0), (f64::INFINITY, f64::INFINITY)];
        assert_eq!(expected_best_of(&settings, 1), Some(f64::INFINITY));
        assert_eq!(expected_best_of(&settings, 2), Some(1.0));
    }

    proptest! {
        /// The mean over all subsets of a size.
        #[test]
        fn it_is_the_mean_over_all_choices(settings in vec((0.0..1.0, -1.0..1.0), 1..9), n in 1_usize..9) {
            prop_assume!(n <= settings.len());
            let subsets = (0_u32..1 << settings.len()).filter(|set| set.count_ones() as usize == n);
            let best = subsets.map(|set| {
                let members = (0..settings.len()).filter(|i| set >> i & 1 == 1);
                let members = members.map(|i| settings[i]);
                members.min_by(|a, b| f64::total_cmp(&a.0, &b.0)).unwrap().1
            });
            let best: Vec<f64> = best.collect();
            let mean = best.iter().sum::<f64>() / best.len() as f64;
            prop_assert!((expected_best_of(&settings, n).unwrap() - mean).abs() < 1e-12);
        }
    }
}
