//! A place in a ranking.

use model::Better;
use statistics::Estimate;

/// A place in a ranking.
#[derive(Clone, Debug)]
pub struct Place {
    /// Index of the cell.
    pub cell: usize,
    /// Its final ranking metric.
    pub estimate: Option<Estimate>,
    /// How it compares with the reference.
    pub comparison: Option<Comparison>,
    /// The ranks that it may have, from 1: the first if as many are better as significantly are, the last
    /// if as many are worse as significantly are. None without a run, and if it was refused.
    pub ranks: Option<(usize, usize)>,
}

/// A comparison with the reference, paired by seed.
#[derive(Clone, Copy, Debug)]
pub struct Comparison {
    /// The difference of the ranking metric.
    pub difference: Estimate,
    /// The probability of a difference at least as large if there were none (Wilcoxon signed-rank,
    /// two-sided), adjusted for the number of comparisons (Holm).
    pub p_value: f64,
    /// Which values of the difference are good.
    pub better: Better,
}

/// A p-value below this is significant.
pub(super) const SIGNIFICANT: f64 = 0.05;

impl Comparison {
    /// Whether the difference is significant, and in which direction: `better`, `worse` or nothing.
    /// Without an interval there is no verdict.
    pub fn verdict(&self) -> &'static str {
        let interval = self.difference.interval;
        let is_above = interval.is_some_and(|interval| interval.low > 0.0);
        let is_below = interval.is_some_and(|interval| interval.high < 0.0);
        match (self.p_value < SIGNIFICANT, self.better) {
            (true, Better::Lower) if is_above => "worse",
            (true, Better::Lower) if is_below => "better",
            (true, Better::Higher) if is_above => "better",
            (true, Better::Higher) if is_below => "worse",
            _ => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use statistics::Interval;

    /// A verdict takes a small p and an interval on one side of 0; the metric says which side is good.
    #[test]
    fn verdicts_by_hand() {
        let verdict = |better: Better, p_value: f64, bounds: Option<[f64; 2]>| {
            let interval = bounds.map(|[low, high]| Interval { low, high });
            Comparison { difference: Estimate { value: 0.0, interval }, p_value, better }.verdict()
        };
        let (above, below, around) = (Some([0.1, 0.5]), Some([-0.5, -0.1]), Some([-0.1, 0.1]));
        for (bounds, [lower, higher]) in [
            (above, ["worse", "better"]),
            (below, ["better", "worse"]),
            (around, ["", ""]),
            (Some([0.0, 0.5]), ["", ""]),
            (Some([-0.5, 0.0]), ["", ""]),
            (None, ["", ""]),
        ] {
            assert_eq!(verdict(Better::Lower, 0.04, bounds), lower, "{bounds:?}");
            assert_eq!(verdict(Better::Higher, 0.04, bounds), higher, "{bounds:?}");
            assert_eq!(verdict(Better::Neither, 0.04, bounds), "");
            for better in [Better::Lower, Better::Higher] {
                assert_eq!(verdict(better, 0.05, bounds), "", "{bounds:?}");
            }
        }
    }
}
