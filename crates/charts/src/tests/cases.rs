//! Figures of few values, whose marks and notes are known.

use super::LINES;
use super::document::{marks, points};
use super::laws::check;
use crate::svg::sheet;
use crate::*;
use roxmltree::{Document, Node};

#[test]
fn a_known_value_has_a_ring_that_the_caption_explains() {
    let mut figure = lone(&[1.0, 2.0, 3.0], Scale::Linear);
    let rings = |figure: &Figure| {
        let svg = sensitivity(figure, &Palette::new(&[("reinmax", "")], &[])).svg;
        let circles = svg.lines().filter(|line| line.contains("<circle") && line.contains("none"));
        (circles.count(), svg.contains("Ring: known value."))
    };
    assert_eq!(rings(&figure), (0, false));
    // Values off the axis are not drawn.
    figure.panels[0].series[0].expected = vec![(0.0, 1.0), (2.0, 3.0), (1.0, 1e9)];
    assert_eq!(rings(&figure), (2, true));
}

/// The number of dotted lines in a figure, and whether caption, note and description mention them.
fn dotted(svg: &str) -> (usize, bool, bool, bool) {
    let document = Document::parse(svg).unwrap();
    let wanted = reference::DASH.map(|length| sheet::units(length).to_string()).join(" ");
    let is_dotted = |node: &Node| node.attribute("stroke-dasharray") == Some(&wanted);
    let groups = document.descendants().filter(is_dotted);
    let lines = groups.flat_map(|group| group.descendants());
    let lines = lines.filter(|node| node.has_tag_name("polyline")).count();
    let described = document.descendants().find(|node| node.has_tag_name("desc"));
    let described = described.and_then(|node| node.text()).unwrap_or("").to_owned();
    (
        lines,
        svg.contains("Dotted line: reference value."),
        svg.contains("not on the axis: bound (1,000)"),
        described.contains("References: bound (1,000)") || described.contains("bound (2)"),
    )
}

#[test]
fn a_reference_is_a_dotted_line_or_has_a_note() {
    let bound = |value| vec![Reference { label: "bound".into(), value }];
    let mut figure = lone(&[1.0, 2.0, 3.0], Scale::Linear);
    for draw in LINES {
        let svg = |figure: &Figure| dotted(&draw(figure, &Palette::default()).svg);
        figure.panels[0].references = vec![];
        assert_eq!(svg(&figure), (0, false, false, false));
        // The line and its swatch.
        figure.panels[0].references = bound(2.0);
        assert_eq!(svg(&figure), (2, true, false, true));
        figure.panels[0].references = bound(1000.0);
        assert_eq!(svg(&figure), (0, false, true, true));
    }
    let row = |value: f64| FinalRow { value, low: value, high: value, ..FinalRow::default() };
    let rows = vec![row(1.0), row(3.0)];
    for (references, wanted) in [
        (vec![], (0, false, false, false)),
        (bound(2.0), (1, true, false, true)),
        (bound(1000.0), (0, false, true, true)),
    ] {
        let panel = FinalPanel { rows: rows.clone(), references, ..FinalPanel::default() };
        let figure = FinalFigure { panels: vec![panel], ..FinalFigure::default() };
        assert_eq!(dotted(&final_values(&figure, &Palette::default()).svg), wanted);
    }
}

fn lone(values: &[f64], scale: Scale) -> Figure {
    let point = |(i, &y): (usize, &f64)| Point { x: i as f64, y, low: y, high: y };
    let series = Series {
        label: "reinmax".into(),
        kind: "reinmax".into(),
        points: values.iter().enumerate().map(point).collect(),
        runs: 20,
        ..Series::default()
    };
    let panel = Panel { series: vec![series], ..Panel::default() };
    Figure { y_scale: scale, panels: vec![panel], ..Figure::default() }
}

/// The number of points of each line of a lone series, without its swatch.
fn drawn_lines(svg: &str) -> Vec<usize> {
    let document = Document::parse(svg).unwrap();
    let mut lines: Vec<_> =
        marks(&document, "reinmax", "polyline").iter().map(|line| points(line).len()).collect();
    lines.pop();
    lines
}

#[test]
fn a_value_that_is_not_finite_is_never_drawn() {
    let (nan, inf) = (f64::NAN, f64::INFINITY);
    for draw in LINES {
        let svg = draw(&lone(&[nan, inf, -inf], Scale::Auto), &Palette::default()).svg;
        let document = Document::parse(&svg).unwrap();
        for kind in ["polyline", "polygon", "circle"] {
            assert!(marks(&document, "reinmax", kind).is_empty());
        }
        assert!(svg.contains("no finite value: reinmax") && svg.contains("nothing to show"));
        let svg =
            draw(&lone(&[1.0, 2.0, nan, 3.0, 4.0, 5.0], Scale::Linear), &Palette::default()).svg;
        assert_eq!(drawn_lines(&svg)[..2], [2, 3]);
    }
}

#[test]
fn a_value_without_interval_is_drawn_alone() {
    let mut figure = lone(&[1.0, 2.0, 3.0], Scale::Linear);
    let points = &mut figure.panels[0].series[0].points;
    points.iter_mut().for_each(|point| (point.low, point.high) = (f64::NAN, f64::NAN));
    for draw in LINES {
        let svg = draw(&figure, &Palette::default()).svg;
        assert!(svg.contains("reinmax") && !svg.contains("95 % interval"));
        assert!(marks(&Document::parse(&svg).unwrap(), "reinmax", "polygon").is_empty());
    }
    assert!(!bias_variance(&figure, &Palette::default()).svg.contains("interval"));
    let (low, high) = (f64::NAN, f64::NAN);
    let row = FinalRow { label: "lone".into(), value: 2.5, low, high, ..FinalRow::default() };
    let panel = FinalPanel { rows: vec![row], ..FinalPanel::default() };
    let figure = FinalFigure { panels: vec![panel], ..FinalFigure::default() };
    let svg = final_values(&figure, &Palette::default()).svg;
    assert!(svg.contains("lone: 2.5<") && !svg.contains("95 % interval"));
}

#[test]
fn a_log_axis_splits_a_line_where_it_is_not_positive() {
    let figure = lone(&[1.0, 2.0, 3.0, 0.0, 5.0, 6.0, -7.0, 8.0, 9.0], Scale::Log);
    let svg = convergence(&figure, &Palette::default()).svg;
    assert_eq!(drawn_lines(&svg), [3, 2, 2]);
    assert!(svg.contains("2 values ≤ 0 not shown"));
}

#[test]
fn a_diverging_series_has_a_cross_and_a_remark() {
    let figure = lone(&[1.0, 2.0, f64::INFINITY, f64::INFINITY], Scale::Auto);
    let svg = convergence(&figure, &Palette::default()).svg;
    assert!(svg.contains("diverged at 2") && svg.contains("×: no finite values from here on."));
    // The line, the two strokes of the cross with their white edges, and the swatch.
    assert_eq!(drawn_lines(&svg), [2, 2, 2, 2, 2]);
}

#[test]
fn zero_variance_is_named_inside_the_plot() {
    let mut figure = lone(&[1.0, 2.0], Scale::Auto);
    for label in ["exact", "soft-argmax"] {
        let mut series = lone(&[0.0, 0.0], Scale::Auto).panels.remove(0).series.remove(0);
        series.label = label.into();
        figure.panels[0].series.push(series);
    }
    let svg = variance(&figure, &Palette::default()).svg;
    assert!(svg.contains("zero variance: exact, soft-argmax"));
    let document = Document::parse(&svg).unwrap();
    assert!(marks(&document, "exact", "polyline").is_empty());
}

#[test]
fn few_seeds_and_failures_are_reported() {
    let mut figure = lone(&[1.0, 2.0], Scale::Auto);
    figure.panels[0].series[0].runs = 3;
    figure.panels[0].series[0].failures = 1;
    for draw in [convergence, variance, sensitivity, bias_variance] {
        let svg = draw(&figure, &Palette::default()).svg;
        assert!(svg.contains("fewer than 5 seeds: n=3"));
        assert!(svg.contains("n=3, 1 failed"));
    }
}

#[test]
fn an_empty_figure_says_so() {
    for draw in [convergence, variance, sensitivity, bias_variance] {
        let svg = draw(&Figure::default(), &Palette::default()).svg;
        check(&svg, &[]);
        assert!(svg.contains("Nothing to show."));
    }
    assert!(
        final_values(&FinalFigure::default(), &Palette::default()).svg.contains("Nothing to show.")
    );
}

#[test]
fn a_diverged_row_is_an_arrow_and_a_remark() {
    let row = |label: &str, value: f64| FinalRow {
        label: label.into(),
        value,
        low: 1.0,
        high: value,
        ..FinalRow::default()
    };
    let rows = vec![row("good", 2.0), row("bad", f64::INFINITY), row("none", f64::NAN)];
    let panel = FinalPanel { rows, ..FinalPanel::default() };
    let figure = FinalFigure { panels: vec![panel], ..FinalFigure::default() };
    let svg = final_values(&figure, &Palette::default()).svg;
    assert!(svg.contains("→ diverged") && svg.contains("no finite value"));
    let document = Document::parse(&svg).unwrap();
    for kind in ["polyline", "polygon", "circle", "line"] {
        assert!(marks(&document, "none", kind).is_empty());
    }
    assert!(!marks(&document, "bad", "polygon").is_empty());
}

#[test]
fn a_figure_is_as_wide_as_asked_for() {
    let document = |width: Option<f64>| {
        let figure =
            Figure { width, y_label: "loss".into(), ..lone(&[3.0, 2.0, 1.0], Scale::Linear) };
        let drawing = convergence(&figure, &Palette::default());
        let svg = Document::parse(&drawing.svg).unwrap();
        svg.root_element().attribute("width").unwrap().parse::<f64>().unwrap()
    };
    for wanted in [500.0, 800.0, 1234.0] {
        assert!((document(Some(wanted)) - wanted).abs() <= 1.0, "{}", document(Some(wanted)));
    }
    // Labels stay whole.
    assert!(document(Some(100.0)) > 300.0);
    assert!(document(None) > 500.0);
}

#[test]
fn a_heat_map_marks_the_best_tile_and_crosses_out_what_diverged() {
    let tile = |column, row, value| Tile { column, row, value, runs: 5, ..Tile::default() };
    let panel = HeatPanel {
        title: "reinmax".into(),
        columns: vec!["0.001".into(), "0.01".into()],
        rows: vec!["1".into()],
        tiles: vec![tile(0, 0, 101.5), Tile { known: Some(98.3), ..tile(1, 0, 100.2) }],
    };
    let figure = HeatFigure {
        x_label: "learning rate".into(),
        y_label: "temperature".into(),
        panels: vec![panel],
        ..HeatFigure::default()
    };
    let svg = heat_map(&figure).svg;
    for text in ["101.5", "100.2", "98.3", "Dark to pale: 100.2 to 101.5.", "Frame: the best."] {
        assert!(svg.contains(text), "{text}: {svg}");
    }
    assert!(svg.contains("best is 100.2 at learning rate 0.01 and temperature 1"));
    assert!(svg.contains("<title>learning rate 0.01, temperature 1: 100.2 (known: 98.3)</title>"));
    let frames = |svg: &str| svg.matches("stroke=\"#222222\" stroke-width=\"22\"").count();
    assert_eq!((frames(&svg), svg.contains("no finite value")), (1, false));
    let mut diverged = figure;
    diverged.panels[0].tiles[1].value = f64::INFINITY;
    let svg = heat_map(&diverged).svg;
    assert!(svg.contains("no finite value") && svg.contains("×: no finite value."));
    assert!(svg.contains("best is 101.5 at"));
    assert!(heat_map(&HeatFigure::default()).svg.contains("Nothing to show."));
}
