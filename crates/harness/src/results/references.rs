//! Values to compare metrics with: floors and simple baselines.

use super::cell::resamples;
use super::summary::Summary;
use model::Reference;
use statistics::Estimate;
use std::collections::BTreeMap;

/// A reference of a task, over the seeds of its stored runs.
#[derive(Clone, Copy, Debug)]
pub struct ReferenceValue {
    /// The reference.
    pub reference: Reference,
    /// Its interquartile mean over seeds, with its interval.
    pub estimate: Estimate,
}

impl Summary<'_> {
    /// The references of a task that belong to a metric.
    pub fn references(&self, task: usize, metric: &str) -> Vec<ReferenceValue> {
        let declared = self.experiment.tasks[task].built.references().into_iter();
        let value = |reference: Reference| {
            let values = self.reference_values(task, reference.name);
            let estimate = resamples(values.len()).estimate(&values)?;
            Some(ReferenceValue { reference, estimate })
        };
        declared.filter(|reference| reference.metric == metric).filter_map(value).collect()
    }

    /// The value of a reference for each seed: it does not depend on the estimator.
    fn reference_values(&self, task: usize, name: &str) -> Vec<f64> {
        let cells = self.cells.iter().filter(|cell| cell.cell.task_index == task);
        let runs = cells.flat_map(|cell| &cell.runs);
        let value = |(seed, record): &(u64, &crate::record::Record)| {
            Some((*seed, *record.references.get(name)?))
        };
        runs.filter_map(value).collect::<BTreeMap<u64, f64>>().into_values().collect()
    }
}
