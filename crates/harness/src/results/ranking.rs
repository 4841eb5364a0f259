//! The ranking of estimators on a task.

use super::cell::resamples;
use super::metric::lower_is_better;
use super::place::{Comparison, Place, SIGNIFICANT};
use super::summary::Summary;
use statistics::{differences, holm, paired_difference, wilcoxon_signed_rank};

/// The kind that others are compared with.
pub const REFERENCE: &str = "exact";

/// The most places whose ranks are bounded.
const MOST_RANKED: usize = 300;

impl Summary<'_> {
    /// The best cells of a task, best first; those without a run come last.
    pub fn ranking(&self, task: usize) -> &[Place] {
        self.rankings[task].get_or_init(|| self.rank(task))
    }

    fn rank(&self, task: usize) -> Vec<Place> {
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
    /// intervals). The bounds of all places are right together with 95 % confidence. With more than
    /// [`MOST_RANKED`] places there are none: so many pairs take too long, and bound no rank.
    fn bound_ranks(&self, task: usize, ranking: &mut [Place]) {
        let takes_part =
            |place: &&Place| place.estimate.is_some() && self.cells[place.cell].refusal().is_none();
        let cells: Vec<usize> = ranking.iter().filter(takes_part).map(|place| place.cell).collect();
        if cells.len() > MOST_RANKED {
            return;
        }
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
            if agree && p_value < SIGNIFICANT {
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
