//! The ranking of estimators on a task.

use super::cell::resamples;
use super::metric::lower_is_better;
use super::summary::Summary;
use model::Better;
use statistics::{Estimate, differences, holm, paired_difference, wilcoxon_signed_rank};

/// The kind that others are compared with.
pub const REFERENCE: &str = "exact";

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

impl Comparison {
    /// Whether the difference is significant, and in which direction: `better`, `worse` or nothing.
    /// Without an interval there is no verdict.
    pub fn verdict(&self) -> &'static str {
        let interval = self.difference.interval;
        let is_above = interval.is_some_and(|interval| interval.low > 0.0);
        let is_below = interval.is_some_and(|interval| interval.high < 0.0);
        match (self.p_value < 0.05, self.better) {
            (true, Better::Lower) if is_above => "worse",
            (true, Better::Lower) if is_below => "better",
            (true, Better::Higher) if is_above => "better",
            (true, Better::Higher) if is_below => "worse",
            _ => "",
        }
    }
}

impl Summary<'_> {
    /// The best cells of a task, best first; those without a run come last.
    pub fn ranking(&self, task: usize) -> Vec<Place> {
        let measure = self.ranking_measure(task);
        let place = |(index, cell): (usize, &super::CellSummary<'_>)| Place {
            cell: index,
            estimate: cell.estimate(&measure),
            comparison: None,
            ranks: None,
        };
        let mut ranking: Vec<Place> = self.best_cells(task).map(place).collect();
        let score = |place: &Place| {
            place.estimate.map_or(f64::INFINITY, |x| lower_is_better(&measure, x.value))
        };
        ranking.sort_by(|a, b| {
            let is_last = |place: &Place| place.estimate.is_none();
            is_last(a).cmp(&is_last(b)).then(score(a).total_cmp(&score(b)))
        });
        self.compare(task, &mut ranking);
        self.bound_ranks(task, &mut ranking);
        ranking
    }

    /// Bounds the rank of each place by comparing all pairs, paired by seed: Wilcoxon's signed-rank test,
    /// adjusted by Holm over the pairs (as Mogstad et al. 2024, "Inference for ranks", do with confidence
    /// intervals). The bounds of all places are right together with 95 % confidence.
    fn bound_ranks(&self, task: usize, ranking: &mut [Place]) {
        let takes_part =
            |place: &&Place| place.estimate.is_some() && self.cells[place.cell].refusal().is_none();
        let cells: Vec<usize> = ranking.iter().filter(takes_part).map(|place| place.cell).collect();
        let pairs: Vec<(usize, usize)> = (0..cells.len())
            .flat_map(|worse| (0..worse).map(move |better| (better, worse)))
            .collect();
        let measure = self.ranking_measure(task);
        // Of a pair, whether most seeds agree with its order, and p.
        let test = |&(better, worse): &(usize, usize)| {
            let (ours, theirs) = self.paired(task, cells[better], cells[worse]);
            let differences = differences(&ours, &theirs);
            let sign = |x: &f64| lower_is_better(&measure, *x);
            let agree = differences.iter().filter(|x| sign(x) < 0.0).count();
            let disagree = differences.iter().filter(|x| sign(x) > 0.0).count();
            (agree > disagree, wilcoxon_signed_rank(&differences))
        };
        let (agree, p_values): (Vec<bool>, Vec<f64>) = pairs.iter().map(test).unzip();
        let mut ranks: Vec<(usize, usize)> = vec![(1, cells.len()); cells.len()];
        for (((better, worse), agree), p_value) in pairs.into_iter().zip(agree).zip(holm(&p_values))
        {
            if agree && p_value < 0.05 {
                ranks[better].1 -= 1;
                ranks[worse].0 += 1;
            }
        }
        for place in ranking {
            place.ranks = cells.iter().position(|&cell| cell == place.cell).map(|i| ranks[i]);
        }
    }

    /// Compares each place with the reference's, paired by seed. What was refused is not compared, and
    /// changes nobody's p.
    fn compare(&self, task: usize, ranking: &mut [Place]) {
        let is_reference = |cell: usize| {
            let cell = &self.cells[cell];
            cell.cell.estimator.kind == REFERENCE && cell.refusal().is_none()
        };
        // Of several, the first of the experiment.
        let cells = ranking.iter().map(|place| place.cell);
        let Some(reference) = cells.filter(|&cell| is_reference(cell)).min() else { return };
        let mut compared = vec![];
        let is_compared = |cell: usize| cell != reference && self.cells[cell].refusal().is_none();
        for (index, place) in ranking.iter().enumerate().filter(|(_, p)| is_compared(p.cell)) {
            let (ours, theirs) = self.paired(task, place.cell, reference);
            let resamples = resamples(ours.len());
            let Some(difference) = paired_difference(&ours, &theirs, &resamples) else { continue };
            let p_value = wilcoxon_signed_rank(&differences(&ours, &theirs));
            compared.push((index, difference, p_value));
        }
        let better = self.ranking_measure(task).better;
        let adjusted = holm(&compared.iter().map(|&(.., p)| p).collect::<Vec<_>>());
        for ((index, difference, _), p_value) in compared.into_iter().zip(adjusted) {
            ranking[index].comparison = Some(Comparison { difference, p_value, better });
        }
    }

    /// The final ranking metrics of two cells, for the seeds that both have.
    fn paired(&self, task: usize, ours: usize, theirs: usize) -> (Vec<f64>, Vec<f64>) {
        let measure = self.ranking_measure(task);
        let value = |cell: usize, seed: u64| {
            let cell = &self.cells[cell];
            cell.value(cell.record(seed)?, &measure)
        };
        let seeds = self.cells[ours].runs.iter().map(|&(seed, _)| seed);
        seeds.filter_map(|seed| Some((value(ours, seed)?, value(theirs, seed)?))).unzip()
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
