//! Whether choosing helps at all.

use super::cell::resamples;
use super::metric::lower_is_better;
use super::place::SIGNIFICANT;
use super::summary::Summary;
use model::{Better, Reference, Role};
use statistics::{Estimate, differences, paired_difference, wilcoxon_signed_rank};

/// The best estimator of a task beside the best of the references that choose nothing.
#[derive(Clone, Copy, Debug)]
pub struct Usefulness {
    /// Index of the estimator's cell.
    pub cell: usize,
    /// Its final ranking metric.
    pub estimate: Estimate,
    /// The reference.
    pub reference: Reference,
    /// The value of the reference.
    pub level: Estimate,
    /// The difference of the estimator to the reference, paired by seed.
    pub difference: Estimate,
    /// Whether the difference is significant, and in which direction: `better`, `worse` or nothing.
    pub verdict: &'static str,
    /// The number of seeds, if it is so small that no difference can be significant.
    pub too_few: Option<usize>,
}

impl Summary<'_> {
    /// Whether the best estimator of a task, by the metric that chooses settings, is better than the best
    /// rival. Nothing without such a reference or without runs.
    pub fn usefulness(&self, task: usize) -> Option<Usefulness> {
        let measure = self.ranking_measure(task);
        if measure.better == Better::Neither {
            return None;
        }
        // The metric that chooses settings chooses the estimator, too: what is reported chose nothing.
        let cells = self.best_cells(task).filter(|(_, cell)| cell.estimate(&measure).is_some());
        let (index, cell) = cells.min_by(|a, b| self.score(a.1).total_cmp(&self.score(b.1)))?;
        let estimate = cell.estimate(&measure)?;
        let rivals = self.references(task, measure.name).into_iter();
        let score = |x: Estimate| lower_is_better(&measure, x.value);
        let best = rivals
            .filter(|rival| rival.reference.role == Role::Rival)
            .min_by(|a, b| score(a.estimate).total_cmp(&score(b.estimate)))?;
        let pair = |&(_, record): &(u64, &crate::record::Record)| {
            Some((cell.value(record, &measure)?, *record.references.get(best.reference.name)?))
        };
        let (ours, theirs): (Vec<f64>, Vec<f64>) = cell.runs.iter().filter_map(pair).unzip();
        let difference = paired_difference(&ours, &theirs, &resamples(ours.len()))?;
        let p_value = wilcoxon_signed_rank(&differences(&ours, &theirs));
        let verdict = super::Comparison { difference, p_value, better: measure.better }.verdict();
        let (reference, level) = (best.reference, best.estimate);
        // The least p-value: of differences that all have the same sign.
        let least = wilcoxon_signed_rank(&vec![1.0; ours.len()]);
        let too_few = (least >= SIGNIFICANT).then_some(ours.len());
        Some(Usefulness { cell: index, estimate, reference, level, difference, verdict, too_few })
    }
}
