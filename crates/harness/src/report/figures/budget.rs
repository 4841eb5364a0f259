use super::{Drawn, Source, axis, point, scale_of_losses};
use crate::results::Budget;
use charts::{Figure, Panel, Series, convergence};

/// What each estimator reaches against the number of settings that are tried.
pub(super) fn draw(source: &Source<'_>) -> Vec<Drawn> {
    let is_drawn = |task: usize| of_task(source, task).next().is_some();
    let groups = source.groups().into_iter();
    let groups = groups.filter(|(_, tasks)| tasks.iter().any(|&task| is_drawn(task)));
    let figures = groups.map(|(measure, tasks)| {
        let panel = |&task: &usize| Panel {
            title: source.summary.task_label(task),
            series: of_task(source, task).map(|budget| series(source, budget)).collect(),
            references: source.references(task, &measure),
        };
        let panels: Vec<Panel> = tasks.iter().map(panel).collect();
        let figure = Figure {
            title: format!("What tuning buys: {}", axis(&measure)),
            x_label: "settings tried".to_owned(),
            y_label: measure.axis(),
            y_scale: scale_of_losses(&measure, &panels),
            caption: format!(
                "The expected {} of the best of n random settings, chosen for each seed by {}.",
                measure.label,
                source.chosen_by()
            ),
            panels,
            width: source.width(),
            ..Figure::default()
        };
        Drawn::new(
            source.name("budget", &measure),
            "On the left, one setting at random: how good an estimator is out of the box. On the \
                    right, the best of all that were tried (Dodge et al. 2019, arXiv:1909.03004).",
            convergence(&figure, &source.palette),
        )
    });
    figures.collect()
}

fn of_task<'a>(source: &'a Source<'_>, task: usize) -> impl Iterator<Item = &'a Budget> {
    let cells = &source.summary.cells;
    source.budgets.iter().filter(move |budget| {
        let cell = &cells[budget.cell];
        cell.cell.task_index == task && source.is_shown(cell)
    })
}

fn series(source: &Source<'_>, budget: &Budget) -> Series {
    let reached = budget.reached.iter().enumerate();
    let points = reached.map(|(index, &estimate)| point((index + 1) as f64, estimate)).collect();
    Series { points, ..source.series(&source.summary.cells[budget.cell]) }
}
