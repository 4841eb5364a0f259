//! What a reader of a ranking has to be warned of.

use super::metric::lower_is_better;
use super::summary::Summary;
use model::{Better, Role};
use statistics::FEWEST_RUNS;

/// Names in a list; more are counted.
const NAMED: usize = 4;

impl Summary<'_> {
    /// What a reader of a task's ranking has to be warned of; empty if of nothing.
    pub fn warnings(&self, task: usize) -> Vec<String> {
        let mut warnings = self.experiment.tasks[task].built.warnings();
        warnings.extend(self.few_seeds());
        warnings.extend(self.unequal_settings(task));
        warnings.extend(self.worse_than_references(task));
        warnings.extend(self.at_an_edge(task));
        warnings
    }

    fn few_seeds(&self) -> Option<String> {
        let seeds = self.experiment.seeds;
        let several = if seeds == 1 { "one seed".to_owned() } else { format!("{seeds} seeds") };
        (seeds < FEWEST_RUNS as u64)
            .then(|| format!("{several}: no intervals; use at least {FEWEST_RUNS}"))
    }

    /// Estimators of which more settings were tried than of others.
    fn unequal_settings(&self, task: usize) -> Option<String> {
        let counts = self.rivals.iter().filter_map(|rivals| {
            let cell = &self.cells[*rivals.first()?];
            (cell.cell.task_index == task).then_some(rivals.len())
        });
        let counts: Vec<usize> = counts.collect();
        let (least, most) = (counts.iter().min()?, counts.iter().max()?);
        (least < most).then(|| {
            format!(
                "between {least} and {most} settings of each estimator were tried: those with more have \
                 an advantage; a `[tuning]` section gives all the same number"
            )
        })
    }

    /// Rivals that no estimator reaches, although they choose nothing.
    fn worse_than_references(&self, task: usize) -> Vec<String> {
        let measure = self.ranking_measure(task);
        if measure.better == Better::Neither {
            return vec![];
        }
        let score = |value: f64| lower_is_better(&measure, value);
        let scores = self.best_cells(task).filter_map(|(_, cell)| cell.estimate(&measure));
        let Some(best) = scores.map(|x| score(x.value)).reduce(f64::min) else { return vec![] };
        self.references(task, measure.name)
            .into_iter()
            .filter(|r| r.reference.role == Role::Rival && best >= score(r.estimate.value))
            .map(|r| format!("no estimator is better than the reference `{}`", r.reference.label))
            .collect()
    }

    /// Tuned parameters whose best value is the least or the greatest that was tried.
    fn at_an_edge(&self, task: usize) -> Vec<String> {
        let mut chosen: Vec<(usize, &[usize])> = vec![];
        for rivals in &self.rivals {
            let best = rivals.iter().copied().find(|&index| self.cells[index].best);
            let is_here = |&best: &usize| {
                let cell = &self.cells[best];
                cell.cell.task_index == task && !cell.runs.is_empty()
            };
            chosen.extend(best.filter(is_here).map(|best| (best, rivals.as_slice())));
        }
        chosen.sort_unstable();
        let mut warnings = vec![];
        for path in &self.experiment.tuned {
            let number = |&cell: &usize| self.cells[cell].cell.value(path)?.parse::<f64>().ok();
            let is_at_edge = |best: usize, rivals: &[usize]| {
                let Some(best) = number(&best) else { return false };
                let grid = || rivals.iter().filter_map(number);
                grid().any(|x| x < best) != grid().any(|x| x > best)
            };
            let at_edge = chosen.iter().filter(|(best, rivals)| is_at_edge(*best, rivals));
            let names: Vec<&str> =
                at_edge.map(|(best, _)| self.cells[*best].estimator.as_str()).collect();
            if !names.is_empty() {
                let names = named(&names);
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
