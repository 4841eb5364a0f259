//! Wilcoxon's signed-rank test: are the paired differences symmetric about 0?

use super::location::failed_if_nan;
use super::normal::upper_tail;

/// The most differences for which the null distribution is enumerated. With more, the normal
/// approximation errs by less than 1 % of a p-value near 0.05. SciPy has the same limit.
const EXACT_LIMIT: usize = 50;

/// The two-sided p-value of Wilcoxon's signed-rank test.
///
/// Null hypothesis: the differences are symmetric about 0. Zeros are dropped; the n others are
/// ranked by magnitude, and ties share their mean rank. W₊ and W₋ are the sums of the ranks of the
/// positive and of the negative ones. Under the null hypothesis all 2ⁿ sign patterns are equally
/// likely:
///
/// - n ≤ 50: p = min(1, 2 P(W ≤ min(W₊, W₋))), by counting the sign patterns of the given ranks. It
///   is exact, also with ties and zeros.
/// - n > 50: p = 2 Q(|W₊ − n(n+1)/4| / σ), σ² = n(n+1)(2n+1)/24 − Σ (t³ − t)/48 over groups of t tied
///   ranks, without continuity correction.
///
/// Equal to SciPy's `wilcoxon(d, zero_method="wilcox", correction=False)`, except for 14 to 50
/// differences with ties or zeros: SciPy falls back to the normal approximation, this function is
/// exact.
///
/// - `differences`: `[seeds]`, from [`differences`](super::differences); `±∞`, where one side failed,
///   ranks highest.
///
/// If all differences are 0, or there are none, p = 1. The smallest possible p-value for n seeds is
/// 2¹⁻ⁿ: with five seeds nothing is significant at 0.05.
///
/// References: Wilcoxon (1945), *Individual Comparisons by Ranking Methods*, Biometrics Bulletin 1;
/// Pratt and Gibbons (1981), *Concepts of Nonparametric Theory*, ch. 3 (ties).
///
/// ```
/// use statistics::wilcoxon_signed_rank;
///
/// // Of 64 sign patterns, only this one and its opposite are as extreme.
/// assert_eq!(wilcoxon_signed_rank(&[0.4, 0.1, 0.3, 0.7, 0.2, f64::INFINITY]), 2.0 / 64.0);
/// ```
pub fn wilcoxon_signed_rank(differences: &[f64]) -> f64 {
    let ranks = SignedRanks::of(differences);
    if ranks.doubled.len() <= EXACT_LIMIT { ranks.exact() } else { ranks.normal_approximation() }
}

/// Ranks of the magnitudes of the nonzero differences, doubled so that ties have integer ranks too.
struct SignedRanks {
    /// In ascending order.
    doubled: Vec<usize>,
    /// Sum of the doubled ranks of the positive differences, 2 W₊.
    positive: usize,
    /// Σ (t³ − t) over groups of t ties.
    tie_term: f64,
}

impl SignedRanks {
    fn of(differences: &[f64]) -> Self {
        let mut nonzero: Vec<f64> =
            differences.iter().copied().map(failed_if_nan).filter(|&d| d != 0.0).collect();
        nonzero.sort_unstable_by(|a, b| a.abs().total_cmp(&b.abs()));

        let mut ranks = Self { doubled: Vec::new(), positive: 0, tie_term: 0.0 };
        for ties in nonzero.chunk_by(|a, b| a.abs() == b.abs()) {
            // t ties after m smaller magnitudes have ranks m + 1 … m + t, twice whose mean is
            // 2 m + t + 1.
            let doubled = 2 * ranks.doubled.len() + ties.len() + 1;
            ranks.doubled.extend(ties.iter().map(|_| doubled));
            ranks.positive += doubled * ties.iter().filter(|&&d| d > 0.0).count();
            let count = ties.len() as f64;
            ranks.tie_term += count * count * count - count;
        }
        ranks
    }

    /// The exact p-value, by dynamic programming over the differences: `patterns[w]` is the number
    /// of sign patterns of the differences so far with a doubled rank sum of w. All counts are
    /// integers up to 2⁵⁰, which `f64` represents exactly.
    fn exact(&self) -> f64 {
        let total: usize = self.doubled.iter().sum();
        let mut patterns = vec![0_u64; total + 1];
        patterns[0] = 1;
        let mut reached = 0;
        for &rank in &self.doubled {
            reached += rank;
            for sum in (rank..=reached).rev() {
                patterns[sum] += patterns[sum - rank];
            }
        }
        let least = self.positive.min(total - self.positive);
        let tail: u64 = patterns[..=least].iter().sum();
        (2.0 * tail as f64 / (1_u64 << self.doubled.len()) as f64).min(1.0)
    }

    fn normal_approximation(&self) -> f64 {
        let n = self.doubled.len() as f64;
        let mean = n * (n + 1.0) / 4.0;
        let variance = n * (n + 1.0) * (2.0 * n + 1.0) / 24.0 - self.tie_term / 48.0;
        let positive = self.positive as f64 / 2.0;
        2.0 * upper_tail((positive - mean).abs() / variance.sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::super::reference;
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    #[test]
    fn p_values_match_scipy() {
        for case in reference::cases("wilcoxon") {
            reference::assert_close(wilcoxon_signed_rank(case.sample()), case.expected, 1e-12);
        }
    }

    #[test]
    fn normal_approximations_match_scipy() {
        for case in reference::cases("wilcoxon_asymptotic") {
            let p = SignedRanks::of(case.sample()).normal_approximation();
            reference::assert_close(p, case.expected, 1e-12);
        }
    }

    #[test]
    fn up_to_fifty_differences_are_enumerated() {
        let all_positive = |n: u32| (1..=n).map(f64::from).collect::<Vec<f64>>();
        let least = wilcoxon_signed_rank(&all_positive(50));
        assert_eq!(least, 2.0 / (1_u64 << 50) as f64);
        assert!(wilcoxon_signed_rank(&all_positive(51)) > 100.0 * least);
    }

    #[test]
    fn without_differences_p_is_one() {
        assert_eq!(wilcoxon_signed_rank(&[]), 1.0);
        assert_eq!(wilcoxon_signed_rank(&[0.0, -0.0]), 1.0);
    }

    #[test]
    fn failed_runs_rank_highest() {
        let with = |failed: f64| wilcoxon_signed_rank(&[1.0, -2.0, 3.0, 4.0, failed]);
        assert_eq!(with(f64::INFINITY), with(1e9));
        assert_eq!(with(f64::NAN), with(1e9));
        assert_eq!(with(-f64::INFINITY), with(-1e9));
    }

    /// Small integers, so that there are many ties and zeros.
    fn tied_differences() -> impl Strategy<Value = Vec<f64>> {
        vec((-4_i8..=4).prop_map(f64::from), 1..10)
    }

    proptest! {
        #[test]
        fn every_sign_pattern_counts_once(differences in tied_differences()) {
            let nonzero: Vec<f64> = differences.iter().copied().filter(|&d| d != 0.0).collect();
            let rank = |d: f64| -> f64 {
                let below = nonzero.iter().filter(|x| x.abs() < d.abs()).count();
                let up_to = nonzero.iter().filter(|x| x.abs() <= d.abs()).count();
                (below + 1 + up_to) as f64 / 2.0
            };
            let signed_rank_sum = |positive: &dyn Fn(usize) -> bool| -> f64 {
                let ranks = nonzero.iter().enumerate();
                ranks.map(|(i, &d)| if positive(i) { rank(d) } else { -rank(d) }).sum()
            };
            let observed = signed_rank_sum(&|i| nonzero[i] > 0.0).abs();
            let patterns = 1_u32 << nonzero.len();
            let extreme = (0..patterns)
                .filter(|pattern| signed_rank_sum(&|i| pattern >> i & 1 == 1).abs() >= observed)
                .count();
            let expected = extreme as f64 / f64::from(patterns);
            prop_assert_eq!(wilcoxon_signed_rank(&differences), expected);
        }

        #[test]
        fn sign_scale_and_order_do_not_matter(
            (differences, shuffled) in tied_differences()
                .prop_flat_map(|d| (Just(d.clone()), Just(d).prop_shuffle())),
        ) {
            let p = wilcoxon_signed_rank(&differences);
            let flipped: Vec<f64> = shuffled.iter().map(|d| -8.0 * d).collect();
            prop_assert_eq!(p, wilcoxon_signed_rank(&flipped));
            prop_assert!(0.0 < p && p <= 1.0);
        }
    }
}
