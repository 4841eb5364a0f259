//! Data of plots of final values.

use crate::estimators::{Noise, TEN, loss};
use charts::{Better, FinalFigure, FinalPanel, FinalRow};

pub fn finals(labels: &[&str], reference_line: bool) -> FinalFigure {
    let panel = |categories: f64| FinalPanel {
        title: format!("categories={categories}"),
        rows: labels.iter().map(|label| row(label, categories)).collect(),
        ..FinalPanel::default()
    };
    FinalFigure {
        title: "Deployed loss after training".into(),
        x_label: "validation loss".into(),
        reference_line,
        caption: "Interquartile mean over seeds.".into(),
        panels: vec![panel(3.0), panel(8.0)],
        ..FinalFigure::default()
    }
}

fn row(label: &str, categories: f64) -> FinalRow {
    let mut random = Noise::of(&format!("final {label} {categories}"));
    let value = loss(label, if label.starts_with("posted") { 0.0 } else { 2000.0 }, categories);
    let samples: Vec<f64> = (0..20).map(|_| value * (0.25 * random.normal()).exp()).collect();
    let (value, failures) = match label {
        "posted-score-function" => (f64::INFINITY, 14),
        "reinforce-loo samples=4" | "muprop" => (value, 2),
        _ => (value, 0),
    };
    let samples = samples
        .into_iter()
        .enumerate()
        .map(|(i, sample)| if i < failures { f64::INFINITY } else { sample })
        .collect();
    FinalRow {
        label: label.into(),
        kind: label.split(' ').next().unwrap_or(label).into(),
        value,
        low: if value.is_finite() { value * 0.88 } else { 16.0 },
        high: value * 1.15,
        samples,
        runs: 20,
        failures,
    }
}

pub fn accuracies() -> FinalFigure {
    let mut figure = finals(&TEN[..6], false);
    for row in figure.panels.iter_mut().flat_map(|panel| &mut panel.rows) {
        let accuracy = |loss: f64| 1.0 / (1.0 + 0.2 * loss);
        (row.low, row.high) = (accuracy(row.high), accuracy(row.low));
        row.value = accuracy(row.value);
        row.samples = row.samples.iter().map(|sample| accuracy(*sample)).collect();
        row.runs = 4;
    }
    figure.x_label = "validation accuracy".into();
    figure.better = Better::Higher;
    figure.panels.truncate(1);
    figure
}
