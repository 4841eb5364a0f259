//! Two results of one question, cell by cell.

mod side;

pub use side::{Key, Side};

use crate::results::resamples;
use model::Better;
use statistics::{
    Estimate, differences, interquartile_mean, paired_difference, wilcoxon_signed_rank,
};

/// Two results, cell by cell. Differences are those of the second from the first.
pub struct Comparison {
    /// The cells that both have, in the order of the first.
    pub cells: Vec<Pair>,
    /// The labels of cells that only the first has.
    pub only_first: Vec<String>,
    /// The labels of cells that only the second has.
    pub only_second: Vec<String>,
    /// What else differs: what, in the first, in the second.
    pub circumstances: Vec<[String; 3]>,
}

/// A cell of both.
pub struct Pair {
    /// Which one.
    pub key: Key,
    /// Seeds that both have.
    pub seeds: usize,
    /// Interquartile means of these seeds, in the first and in the second.
    pub values: [f64; 2],
    /// The interquartile mean of the differences.
    pub difference: Estimate,
    /// The probability of a difference at least as large if there were none (Wilcoxon signed-rank,
    /// two-sided), not adjusted for the number of cells.
    pub p_value: f64,
    /// What came of it.
    pub verdict: Verdict,
}

/// How the second is, compared with the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The same numbers, bit for bit.
    Identical,
    /// Other numbers, whose difference may be 0: its 95 % interval does not exclude it, or there are too
    /// few seeds for an interval.
    Equal,
    /// The interval of the difference is on the good side.
    Better,
    /// It is on the bad side.
    Worse,
    /// The interval excludes 0, and no side is good.
    Different,
}

impl Verdict {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Identical => "identical",
            Self::Equal => "no difference",
            Self::Better => "better",
            Self::Worse => "worse",
            Self::Different => "different",
        }
    }
}

impl Comparison {
    /// Compares the cells that have the same task, estimator, optimizer and metric in both, paired by seed.
    pub fn of(first: &Side, second: &Side) -> Self {
        let mut cells = vec![];
        let mut only_first = vec![];
        for (key, cell) in &first.cells {
            let pair = second.get(key).and_then(|other| Pair::of(key, cell, other));
            match pair {
                Some(pair) => cells.push(pair),
                None => only_first.push(key.label()),
            }
        }
        let lacks = |key: &&Key| first.get(key).is_none();
        let only_second = second.cells.iter().map(|(key, _)| key).filter(lacks);
        let only_second = only_second.map(Key::label).collect();
        Self { cells, only_first, only_second, circumstances: first.circumstances(second) }
    }

    /// How many cells have this verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.cells.iter().filter(|cell| cell.verdict == verdict).count()
    }

    /// The cells that are worse by more than a share of the first's value.
    pub fn worse(&self, tolerance: f64) -> Vec<&Pair> {
        self.cells.iter().filter(|cell| cell.is_worse(tolerance)).collect()
    }
}

impl Pair {
    fn of(key: &Key, first: &side::Seeds, second: &side::Seeds) -> Option<Self> {
        let both = first.values.iter().zip(&second.values);
        let (a, b): (Vec<f64>, Vec<f64>) = both.filter_map(|(&a, &b)| Some((a?, b?))).unzip();
        let difference = paired_difference(&b, &a, &resamples(a.len()))?;
        let is_same = a.iter().zip(&b).all(|(a, b)| a.to_bits() == b.to_bits());
        let interval = difference.interval;
        let (is_above, is_below) = (
            interval.is_some_and(|interval| interval.low > 0.0),
            interval.is_some_and(|interval| interval.high < 0.0),
        );
        let verdict = match (first.better, is_above, is_below) {
            _ if is_same => Verdict::Identical,
            (_, false, false) => Verdict::Equal,
            (Better::Lower, true, _) | (Better::Higher, false, _) => Verdict::Worse,
            (Better::Lower, false, _) | (Better::Higher, true, _) => Verdict::Better,
            (Better::Neither, ..) => Verdict::Different,
        };
        Some(Self {
            key: key.clone(),
            seeds: a.len(),
            values: [interquartile_mean(&a)?, interquartile_mean(&b)?],
            p_value: wilcoxon_signed_rank(&differences(&b, &a)),
            difference,
            verdict,
        })
    }

    /// Whether the second is worse, by more than this share of the first's value.
    fn is_worse(&self, tolerance: f64) -> bool {
        self.verdict == Verdict::Worse
            && self.difference.value.abs() > tolerance * self.values[0].abs()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(better: &str, values: &[&str]) -> Side {
        let columns: Vec<String> = (0..values.len()).map(|seed| format!("seed {seed}")).collect();
        let text = format!(
            "task,estimator,optimizer,best,metric,better,{}\nt,e,o,yes,m,{better},{}\n",
            columns.join(","),
            values.join(",")
        );
        Side::parse("x".as_ref(), text.as_bytes()).unwrap()
    }

    fn verdict(better: &str, a: &[&str], b: &[&str]) -> Verdict {
        Comparison::of(&side(better, a), &side(better, b)).cells[0].verdict
    }

    #[test]
    fn verdicts_follow_the_interval_and_the_good_side() {
        let (low, high) = (["1", "1.1", "1.2", "1", "1.1"], ["2", "2.1", "2.2", "2", "2.1"]);
        assert_eq!(verdict("lower", &low, &low), Verdict::Identical);
        for (better, up, down) in [
            ("lower", Verdict::Worse, Verdict::Better),
            ("higher", Verdict::Better, Verdict::Worse),
            ("neither", Verdict::Different, Verdict::Different),
        ] {
            assert_eq!(verdict(better, &low, &high), up, "{better}");
            assert_eq!(verdict(better, &high, &low), down, "{better}");
        }
        let mixed = ["1.1", "1", "1.1", "1.1", "1"];
        assert_eq!(verdict("lower", &low, &mixed), Verdict::Equal);
        // Too few seeds for an interval.
        assert_eq!(verdict("lower", &low[..3], &high[..3]), Verdict::Equal);
        // A failed run is worse than any other.
        assert_eq!(verdict("lower", &low, &["miss"; 5]), Verdict::Worse);
    }

    #[test]
    fn only_seeds_of_both_are_compared() {
        let (a, b) = (side("lower", &["1", "2", "", "4"]), side("lower", &["1", "", "3", "4"]));
        let comparison = Comparison::of(&a, &b);
        assert_eq!((comparison.cells[0].seeds, comparison.count(Verdict::Identical)), (2, 1));
        let none = side("lower", &["", "", "", ""]);
        let comparison = Comparison::of(&a, &none);
        assert_eq!((comparison.cells.len(), comparison.only_first.len()), (0, 1));
    }

    #[test]
    fn a_tolerance_is_a_share_of_the_first_value() {
        let a = side("lower", &["1", "1", "1", "1", "1"]);
        let b = side("lower", &["1.05", "1.05", "1.05", "1.05", "1.05"]);
        let comparison = Comparison::of(&a, &b);
        assert_eq!([0.0, 0.04, 0.06].map(|share| comparison.worse(share).len()), [1, 1, 0]);
    }
}
