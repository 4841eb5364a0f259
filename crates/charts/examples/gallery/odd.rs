//! Figures with odd values: infinite, missing, zero, or only one.

use crate::estimators::series;
use charts::{Figure, FinalFigure, FinalPanel, FinalRow, Panel, Point, Scale, Series};

pub fn lone(panel: Panel, y_scale: Scale) -> Figure {
    Figure {
        title: "Series with values that cannot be drawn".into(),
        x_label: "step".into(),
        y_label: "validation loss".into(),
        y_scale,
        panels: vec![panel],
        ..Figure::default()
    }
}

pub fn pathological() -> Vec<Series> {
    let points = |value: &dyn Fn(f64) -> f64| {
        let point = |i: i32| {
            let x = f64::from(i) * 50.0;
            Point { x, y: value(x), low: value(x) * 0.8, high: value(x) * 1.25 }
        };
        (0..=10).map(point).collect::<Vec<_>>()
    };
    let long = "a-series-with-a-very-long-name-that-no-legend-foresaw temperature=0.123456789 \
                samples=1024 baseline=exponential-moving-average";
    vec![
        series("exact", 20, points(&|_| 1.0)),
        series("darn", 20, points(&|_| f64::NAN)),
        series(
            "darn",
            20,
            points(&|x| {
                if x < 300.0 { 2.0 + x / 100.0 } else { f64::INFINITY }
            }),
        ),
        series("spsa", 20, points(&|x| if x < 300.0 { (x / 9.0).exp() } else { f64::NAN })),
        series("soft-argmax", 20, points(&|_| 0.0)),
        series("rk2", 20, points(&|x| -1.0 - x / 500.0)),
        series("imle", 20, points(&|x| 2.0 - x / 120.0)),
        series(
            "rebar",
            2,
            points(&|x| {
                if x == 200.0 { f64::NAN } else { 1.5 + x / 900.0 }
            }),
        ),
        series(long, 20, points(&|x| 3.0 - x / 400.0)),
        series("reinforce", 20, vec![Point { x: 250.0, y: 2.2, low: 1.9, high: f64::INFINITY }]),
        series("<escaped> & \"quoted\"", 20, points(&|x| 2.5 + (x / 90.0).sin())),
    ]
}

pub fn one_point() -> Figure {
    let point = Point { x: 0.0, y: 3.0, low: 3.0, high: 3.0 };
    let wide = |i: i32| {
        let y = 10f64.powi(-i);
        Point { x: f64::from(i), y, low: y / 3.0, high: y * 3.0 }
    };
    let panel = |title: &str, series: Vec<Series>| Panel {
        title: title.into(),
        series,
        ..Panel::default()
    };
    let constant = (0..5).map(|i| Point { x: f64::from(i), ..point }).collect();
    let mut figure = lone(panel("one point", vec![series("exact", 1, vec![point])]), Scale::Auto);
    figure.panels.push(panel("constant", vec![series("reinmax", 20, constant)]));
    figure
        .panels
        .push(panel("12 decades", vec![series("reinforce-loo", 20, (0..13).map(wide).collect())]));
    figure.panels.push(panel("nothing", vec![]));
    figure
}

pub fn odd_finals() -> FinalFigure {
    let row = |label: &str, value: f64, low: f64, high: f64| FinalRow {
        label: label.into(),
        kind: label.into(),
        value,
        low,
        high,
        samples: vec![value, low, high, f64::NAN],
        runs: 4,
        failures: 1,
    };
    let rows = vec![
        row("exact", 1.0, 0.9, 1.1),
        row("darn", f64::NAN, f64::NAN, f64::NAN),
        row("darn", f64::INFINITY, 3.0, f64::INFINITY),
        row("rk2", 2.0, 1.0, f64::INFINITY),
        row("imle", -1.0, f64::NEG_INFINITY, 0.5),
        row("spsa", f64::NEG_INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY),
        row("soft-argmax", 0.0, 0.0, 0.0),
        row("a name that is much longer than any name in the registry ever was <&>", 1.5, 1.2, 1.9),
    ];
    let panel = |title: &str, rows: Vec<FinalRow>| FinalPanel {
        title: title.into(),
        rows,
        ..FinalPanel::default()
    };
    FinalFigure {
        title: "Rows with values that cannot be drawn".into(),
        x_label: "loss".into(),
        reference_line: true,
        panels: vec![
            panel("linear", rows.clone()),
            panel("some rows", rows[2..5].to_vec()),
            panel("no rows", vec![]),
        ],
        ..FinalFigure::default()
    }
}
