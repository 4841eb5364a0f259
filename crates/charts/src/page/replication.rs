//! How many runs a picture stands on, in words.

/// Fewer runs than this are called few.
const FEW: usize = 5;

/// The usual number of runs of a figure; only what differs from it is noted at a series.
pub(crate) struct Replication {
    usual: usize,
    all_usual: bool,
}

impl Replication {
    /// From the runs and failures of every series; the most frequent number of runs is the usual
    /// one, of equally frequent ones the larger.
    pub fn of(counts: &[(usize, usize)]) -> Replication {
        let frequency = |n: usize| counts.iter().filter(|(runs, _)| *runs == n).count();
        let numbers = counts.iter().map(|(runs, _)| *runs);
        let usual = numbers.max_by_key(|&runs| (frequency(runs), runs)).unwrap_or(0);
        let all_usual = counts.iter().all(|&count| count == (usual, 0));
        Replication { usual, all_usual }
    }

    /// What is to be noted at a series: `n=20, 2 failed`.
    pub fn remark(&self, runs: usize, failures: usize) -> Option<String> {
        (runs != self.usual || failures > 0).then(|| in_words(runs, failures))
    }

    /// What the caption says; `noun` is what has the runs.
    pub fn sentence(&self, noun: &str) -> String {
        let exceptions = if self.all_usual { "" } else { " unless noted" };
        format!("n = {} runs per {noun}{exceptions}.", self.usual)
    }
}

/// `n=20, 2 failed`.
pub(crate) fn in_words(runs: usize, failures: usize) -> String {
    match failures {
        0 => format!("n={runs}"),
        _ => format!("n={runs}, {failures} failed"),
    }
}

/// What a panel says above its plot if some of its series stand on few runs.
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
    fn few_seeds_are_called_few() {
        assert_eq!(warning(&[("a", 5), ("b", 20)]), None);
        assert_eq!(warning(&[]), None);
        let all = warning(&[("a", 3), ("b", 3)]);
        assert_eq!(all.as_deref(), Some("fewer than 5 seeds: n=3"));
        let some = warning(&[("a", 3), ("b", 20)]);
        assert_eq!(some.as_deref(), Some("fewer than 5 seeds: a (n=3)"));
    }
}
