//! What a reader of a ranking has to be warned of.

use super::cell::CellSummary;
use super::summary::{Summary, lower_is_better};
use model::Better;
use std::collections::BTreeMap;

/// With fewer seeds an interval is not one of 95 %.
pub const LEAST_SEEDS: u64 = 5;

/// Names in a list; more are counted.
const NAMED: usize = 4;

impl Summary<'_> {
    /// What a reader of a task's ranking has to be warned of; empty if of nothing.
    pub fn warnings(&self, task: usize) -> Vec<String> {
        let mut warnings = self.experiment.tasks[task].built.warnings();
        warnings.extend(self.few_seeds());
        warnings.extend(self.worse_than_references(task));
        warnings.extend(self.at_an_edge(task));
        warnings
    }

    fn few_seeds(&self) -> Option<String> {
        let seeds = self.experiment.seeds;
        let several = if seeds == 1 { "one seed".to_owned() } else { format!("{seeds} seeds") };
        (seeds < LEAST_SEEDS)
            .then(|| format!("{several}: no intervals; use at least {LEAST_SEEDS}"))
    }

    /// References that no estimator reaches, although they choose nothing.
    fn worse_than_references(&self, task: usize) -> Vec<String> {
        let measure = self.ranking_measure(task);
        if measure.better == Better::Neither {
            return vec![];
        }
        let ranking = self.ranking(task);
        let Some(best) = ranking.first().and_then(|place| place.estimate) else { return vec![] };
        let score = |value: f64| lower_is_better(&measure, value);
        self.references(task, measure.name)
            .into_iter()
            .filter(|r| !r.reference.is_floor && score(best.value) >= score(r.estimate.value))
            .map(|r| format!("no estimator is better than the reference `{}`", r.reference.label))
            .collect()
    }

    /// Tuned parameters whose best value is the least or the greatest that was tried.
    fn at_an_edge(&self, task: usize) -> Vec<String> {
        let cells = self.cells.iter().filter(|cell| cell.cell.task_index == task);
        let mut rivals: BTreeMap<Vec<(String, String)>, Vec<&CellSummary<'_>>> = BTreeMap::new();
        for cell in cells {
            rivals.entry(self.untuned(cell.cell)).or_default().push(cell);
        }
        let mut warnings = vec![];
        for path in &self.experiment.tuned {
            let number = |cell: &CellSummary<'_>| cell.cell.value(path)?.parse::<f64>().ok();
            let is_at_edge = |rivals: &[&CellSummary<'_>], chosen: f64| {
                let grid = || rivals.iter().filter_map(|cell| number(cell));
                let (below, above) = (grid().any(|x| x < chosen), grid().any(|x| x > chosen));
                below != above
            };
            let mut at_edge: Vec<(usize, &str)> = vec![];
            for rivals in rivals.values() {
                let Some(best) = rivals.iter().find(|cell| cell.best && !cell.runs.is_empty())
                else {
                    continue;
                };
                if number(best).is_some_and(|chosen| is_at_edge(rivals, chosen)) {
                    let place = self.cells.iter().position(|cell| std::ptr::eq(cell, *best));
                    at_edge.push((place.unwrap_or(0), &best.estimator));
                }
            }
            at_edge.sort_unstable();
            if !at_edge.is_empty() {
                let names = named(&at_edge.into_iter().map(|(_, name)| name).collect::<Vec<_>>());
                let where_to = "is at the edge of its grid; a better one may lie beyond";
                warnings.push(format!("the best `{path}` {where_to}: {names}"));
            }
        }
        warnings
    }
}

/// The first names, and how many more there are.
fn named(names: &[&str]) -> String {
    let shown = names.iter().take(NAMED).map(|name| format!("`{name}`")).collect::<Vec<_>>();
    match names.len().saturating_sub(NAMED) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
