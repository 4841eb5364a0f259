use super::{Drawn, Source, axis, better, bounds, capitalized, scale};
use crate::experiment::Measure;
use crate::results::CellSummary;
use charts::{FinalFigure, FinalPanel, FinalRow, final_values};

/// The metrics that rank, at the end.
pub(super) fn draw(source: &Source<'_>) -> Vec<Drawn> {
    let groups = source.groups().into_iter();
    let figures = groups.map(|(measure, tasks)| {
        let (title, x_label) = words(source, &measure);
        let figure = FinalFigure {
            title,
            x_label,
            x_scale: scale(&measure),
            better: better(&measure),
            reference_line: true,
            caption: source.caption(),
            width: source.width(),
            panels: tasks.iter().map(|&task| panel(source, task, &measure)).collect(),
        };
        Drawn::new(
            source.name("final", &measure),
            "Where each estimator ends. A dot is a seed.",
            final_values(&figure, &source.palette),
        )
    });
    figures.collect()
}

fn words(source: &Source<'_>, measure: &Measure) -> (String, String) {
    let experiment = source.summary.experiment;
    match experiment.trains() {
        true => {
            let label = capitalized(measure.label);
            let chooses = source.summary.cells.iter().any(|cell| cell.chooser.is_some());
            let when = match chooses {
                true => format!("at the best step by {}", source.chosen_by()),
                false => format!("after {} steps", experiment.steps),
            };
            (format!("{label} {when}"), axis(measure))
        }
        false => ("Error of one estimate".to_owned(), measure.note.to_owned()),
    }
}

fn panel(source: &Source<'_>, task: usize, measure: &Measure) -> FinalPanel {
    let shown = source.summary.best_cells(task).filter(|(_, cell)| source.is_shown(cell));
    let rows = shown.filter_map(|(_, cell)| row(cell, measure));
    FinalPanel {
        title: source.summary.task_label(task),
        rows: rows.collect(),
        references: source.references(task, measure),
    }
}

fn row(cell: &CellSummary<'_>, measure: &Measure) -> Option<FinalRow> {
    let estimate = cell.rounded_estimate(measure)?;
    let [low, high] = bounds(estimate);
    Some(FinalRow {
        label: cell.estimator.clone(),
        kind: cell.cell.estimator.kind.to_owned(),
        value: estimate.value,
        low,
        high,
        // Round-off residue is not plotted seed by seed either.
        samples: if estimate.value == 0.0 { vec![] } else { cell.sample(measure) },
        runs: cell.runs.len(),
        failures: cell.failures(),
    })
}
