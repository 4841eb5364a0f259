use super::{Drawn, Source, axis, curve, scale_of_losses};
use charts::{Figure, convergence};

/// The metrics that rank, along training.
pub(super) fn draw(source: &Source<'_>) -> Vec<Drawn> {
    if !source.summary.experiment.trains() {
        return vec![];
    }
    let groups = source.groups().into_iter();
    let figures = groups.map(|(measure, tasks)| {
        let mut panels = source.panels(&tasks, |cell| curve(cell, &measure));
        for (panel, &task) in panels.iter_mut().zip(&tasks) {
            panel.references = source.references(task, &measure);
        }
        let figure = Figure {
            title: format!("Convergence: {}", axis(&measure)),
            x_label: "training step".to_owned(),
            y_label: measure.axis(),
            caption: source.caption(),
            y_scale: scale_of_losses(&measure, &panels),
            panels,
            ..Figure::default()
        };
        Drawn {
            name: source.name("convergence", &measure),
            about: "On rows that are not trained on.",
            svg: convergence(&figure, &source.palette),
        }
    });
    figures.collect()
}
