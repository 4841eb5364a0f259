//! Notes on the number of runs behind a figure.

/// With fewer runs than this, a panel has a warning.
const FEW: usize = 5;

/// The usual number of runs of a figure. A series has a note only if it differs.
pub(crate) struct Replication {
    usual: usize,
    all_usual: bool,
}

impl Replication {
    /// From the runs and failures of every series. The most frequent number of runs is the usual
    /// one; among equally frequent ones, the largest.
    pub fn of(counts: &[(usize, usize)]) -> Replication {
        let frequency = |n: usize| counts.iter().filter(|(runs, _)| *runs == n).count();
        let numbers = counts.iter().map(|(runs, _)| *runs);
        let usual = numbers.max_by_key(|&runs| (frequency(runs), runs)).unwrap_or(0);
        let all_usual = counts.iter().all(|&count| count == (usual, 0));
        Replication { usual, all_usual }
    }

    /// The note on a series, such as `n=20, 2 failed`, if it differs from the usual.
    pub fn remark(&self, runs: usize, failures: usize) -> Option<String> {
        (runs != self.usual || failures > 0).then(|| in_words(runs, failures))
    }

    /// The sentence for the caption. `noun` names what has the runs, such as "series".
    pub fn sentence(&self, noun: &str) -> String {
        let exceptions = if self.all_usual { "" } else { " unless noted" };
        format!("n = {} runs per {noun}{exceptions}.", self.usual)
    }
}

/// The numbers of runs and failures, such as `n=20, 2 failed`.
fn in_words(runs: usize, failures: usize) -> String {
    match failures {
        0 => format!("n={runs}"),
        _ => format!("n={runs}, {failures} failed"),
    }
}

/// The warning above a plot if some of its series have few runs.
pub(crate) fn warning(series: &[(&str, usize)]) -> Option<String> {
    let few: Vec<_> = series.iter().filter(|(_, runs)| *runs < FEW).collect();
    let (_, first) = few.first()?;
    let names = if few.len() == series.len() && few.iter().all(|(_, runs)| runs == first) {
        format!("n={first}")
    } else {
        few.iter().map(|(label, runs)| format!("{label} (n={runs})")).collect::<Vec<_>>().join(", ")
    };
    Some(format!("fewer than {FEW} seeds: {names}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_exceptions_are_noted() {
        let replication = Replication::of(&[(20, 0), (20, 2), (18, 0), (20, 0)]);
        assert_eq!(replication.remark(20, 0), None);
        assert_eq!(replication.remark(20, 2).as_deref(), Some("n=20, 2 failed"));
        assert_eq!(replication.remark(18, 0).as_deref(), Some("n=18"));
        assert_eq!(replication.sentence("series"), "n = 20 runs per series unless noted.");
        assert_eq!(Replication::of(&[(3, 0)]).sentence("row"), "n = 3 runs per row.");
    }

    #[test]
    fn few_seeds_give_a_warning() {
        assert_eq!(warning(&[("a", 5), ("b", 20)]), None);
        assert_eq!(warning(&[]), None);
        let all = warning(&[("a", 3), ("b", 3)]);
        assert_eq!(all.as_deref(), Some("fewer than 5 seeds: n=3"));
        let some = warning(&[("a", 3), ("b", 20)]);
        assert_eq!(some.as_deref(), Some("fewer than 5 seeds: a (n=3)"));
    }
}
