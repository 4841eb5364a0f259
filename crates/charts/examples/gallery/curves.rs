//! Data of line plots and of plots of bias against variance.

use crate::estimators::{Noise, TEN, loss, noise, series};
use charts::{Figure, Panel, Point, Scale, Series};

/// Two panels, one per task, with 41 steps.
pub fn curves(labels: &[&str], runs: usize, value: fn(&str, f64, f64) -> f64) -> Figure {
    let panel = |categories: f64| Panel {
        title: format!("argmax-index, categories={categories}"),
        series: labels.iter().map(|label| curve(label, runs, categories, value)).collect(),
        ..Panel::default()
    };
    Figure {
        title: "Deployed loss during training".into(),
        x_label: "step".into(),
        y_label: "validation loss of the deployed argmax".into(),
        caption: "Lines: interquartile mean over seeds.".into(),
        panels: vec![panel(3.0), panel(8.0)],
        ..Figure::default()
    }
}

fn curve(label: &str, runs: usize, categories: f64, value: fn(&str, f64, f64) -> f64) -> Series {
    let mut noise = Noise::of(&format!("{label}{categories}"));
    let mut wander = 0.0;
    let point = |i: i32| {
        let x = f64::from(i) * 50.0;
        wander = 0.8 * wander + 0.03 * noise.normal();
        let y = value(label, x, categories) * (1.0 + wander);
        let width = 0.12 * (1.0 + noise.uniform()) * (20.0 / runs as f64).sqrt();
        Point { x, y, low: y * (1.0 - 0.8 * width), high: y * (1.0 + width) }
    };
    let mut series = series(label, runs, (0..41).map(point).collect());
    if label.starts_with("posted") {
        let diverges = |point: &mut Point| (point.y, point.high) = (f64::INFINITY, f64::NAN);
        series.points.iter_mut().skip(24).for_each(diverges);
        series.failures = runs / 2;
    }
    if label.starts_with("reinforce-loo") {
        series.failures = 2;
    }
    series
}

pub fn noisy(figure: Figure) -> Figure {
    Figure {
        title: "Noise of the gradient during training".into(),
        y_label: "total variance of the logit gradient".into(),
        ..figure
    }
}

pub fn linear() -> Figure {
    let mut figure = curves(&TEN, 20, |label, x, categories| 4.0 + loss(label, x, categories));
    figure.y_scale = Scale::Linear;
    figure
}

pub fn one_panel(mut figure: Figure) -> Figure {
    figure.panels.truncate(1);
    figure
}

pub fn paths(labels: &[&str]) -> Figure {
    let panel = |categories: f64| Panel {
        title: format!("categories={categories}"),
        series: labels.iter().map(|label| path(label, categories)).collect(),
        ..Panel::default()
    };
    Figure {
        title: "Bias against variance of the gradient".into(),
        x_label: "total variance of the logit gradient".into(),
        y_label: "relative bias".into(),
        caption: "256 draws at steps 0, 1,000 and 2,000.".into(),
        panels: vec![panel(3.0), panel(8.0)],
        ..Figure::default()
    }
}

fn path(label: &str, categories: f64) -> Series {
    let mut random = Noise::of(&format!("bias {label}"));
    let unbiased = random.uniform() < 0.35 || label == "exact";
    let bias = 10f64.powf(2.0 * random.uniform() - 1.5);
    let point = |step: f64| {
        let x = noise(label, step, categories);
        let error = 0.02 * (1.0 + x).ln() + 0.01;
        match unbiased {
            true => Point { x, y: 0.4 * error, low: 0.0, high: error },
            false => {
                let y = bias * (1.0 + step / 1500.0);
                Point { x, y, low: (y - error).max(0.0), high: y + error }
            }
        }
    };
    series(label, 20, [0.0, 1000.0, 2000.0].map(point).into())
}

pub fn temperatures() -> Figure {
    let kinds = ["gumbel-softmax", "straight-through-gumbel-softmax", "gumbel-rao", "soft-argmax"];
    let line = |kind: &str| {
        let mut random = Noise::of(kind);
        let (best, floor) = (0.3 + 0.6 * random.uniform(), 0.2 + random.uniform());
        let point = |x: f64| {
            let y = floor + (x / best).ln().powi(2) * (0.8 + 0.1 * random.normal());
            Point { x, y, low: y * 0.85, high: y * 1.2 }
        };
        series(kind, 20, [0.05, 0.1, 0.2, 0.5, 1.0, 2.0].map(point).into())
    };
    Figure {
        title: "How much does the temperature matter?".into(),
        x_label: "temperature".into(),
        y_label: "validation loss".into(),
        panels: vec![Panel { series: kinds.map(line).into(), ..Panel::default() }],
        ..Figure::default()
    }
}
