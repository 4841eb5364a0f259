//! Laws that every figure obeys, checked on the finished SVG of figures with odd values, names and
//! counts.

use crate::svg::sheet;
use crate::*;
use roxmltree::{Document, Node};

type Draw = fn(&Figure, &Palette) -> String;
const LINES: [Draw; 3] = [convergence, variance, sensitivity];
const VALUES: [f64; 14] = [
    f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    0.0,
    -0.0,
    -1.0,
    1e-300,
    f64::MIN_POSITIVE,
    f64::MAX,
    f64::MIN,
    1.0,
    2.5,
    1e6,
    3.0e-5,
];

/// SplitMix64, so that the laws are checked on the same figures everywhere.
struct Draws(u64);

impl Draws {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % below.max(1) as u64) as usize
    }

    /// Usually an ordinary number, sometimes an odd one.
    fn value(&mut self, odd: bool) -> f64 {
        match self.next(if odd { 3 } else { 40 }) {
            0 => VALUES[self.next(VALUES.len())],
            _ => (self.next(1000) as f64 + 1.0) / 100.0,
        }
    }

    fn point(&mut self, x: f64, odd: bool) -> Point {
        let (y, spread) = (self.value(odd), self.value(odd));
        Point { x, y, low: y - spread.abs() / 4.0, high: y + spread.abs() }
    }

    fn label(&mut self, index: usize) -> String {
        let long = "-with-a-name-that-goes-on".repeat(self.next(12) / 8 * self.next(5));
        let parameter = ["", " temperature=0.5", " samples=4, baseline=mean", " <&\"'>"];
        format!("kind{}{long}{} no.{index}", index % 7, parameter[self.next(4)])
    }

    fn series(&mut self, index: usize) -> Series {
        let odd = self.next(3) == 0;
        let count = [0, 1, 2, 11, 41][self.next(5)];
        Series {
            label: self.label(index),
            kind: format!("kind{}", index % 7),
            family: format!("family {}", index % 3),
            points: (0..count).map(|i| self.point(i as f64 * 50.0, odd)).collect(),
            expected: (0..self.next(3)).map(|i| (i as f64 * 50.0, i as f64)).collect(),
            runs: [0, 1, 4, 20, 20, 20][self.next(6)],
            failures: [0, 0, 3][self.next(3)],
        }
    }

    fn references(&mut self) -> Vec<Reference> {
        let count = self.next(4);
        let reference = |i| Reference { label: self.label(i), value: self.value(true) };
        (0..count).map(reference).collect()
    }

    fn figure(&mut self) -> Figure {
        let mut panel = || {
            let count = [0, 1, 4, 12, 20][self.next(5)];
            let series = (0..count).map(|i| self.series(i)).collect();
            let title = ["", "categories=3"][self.next(2)].into();
            Panel { title, series, references: self.references() }
        };
        Figure {
            title: "A heading".into(),
            x_label: "step".into(),
            y_label: "a rather long description of what is measured on this axis".into(),
            panels: (0..3).map(|_| panel()).collect(),
            y_scale: [Scale::Auto, Scale::Linear, Scale::Log][self.next(3)],
            x_scale: [Scale::Auto, Scale::Linear, Scale::Log][self.next(3)],
            caption: "What the caller says".into(),
        }
    }

    fn row(&mut self, index: usize) -> FinalRow {
        let odd = self.next(3) == 0;
        let Point { y, low, high, .. } = self.point(0.0, odd);
        FinalRow {
            label: self.label(index),
            kind: format!("kind{}", index % 7),
            value: y,
            low,
            high,
            samples: (0..self.next(20)).map(|_| self.value(odd)).collect(),
            runs: [4, 20, 20][self.next(3)],
            failures: [0, 0, 3][self.next(3)],
        }
    }

    fn finals(&mut self) -> FinalFigure {
        let Figure { title, x_label, x_scale, caption, .. } = self.figure();
        let mut panel = || {
            let count = [0, 1, 9, 36][self.next(4)];
            let rows = (0..count).map(|i| self.row(i)).collect();
            FinalPanel { title: "categories=3".into(), rows, references: self.references() }
        };
        FinalFigure {
            title,
            x_label,
            x_scale,
            caption,
            panels: (0..3).map(|_| panel()).collect(),
            better: [Better::Lower, Better::Higher][self.next(2)],
            reference_line: true,
        }
    }
}

fn palette() -> Palette {
    let kinds = ["kind0", "kind1", "kind2", "kind3", "kind4"].map(|kind| (kind, "family"));
    Palette::new(&kinds).with_reference("kind0")
}

#[test]
fn no_figure_breaks_a_law() {
    let palette = palette();
    for seed in 0..40 {
        let figure = Draws(seed).figure();
        let labels = figure.panels.iter().flat_map(|panel| &panel.series);
        let labels: Vec<&str> = labels.map(|series| series.label.as_str()).collect();
        let references = figure.panels.iter().flat_map(|panel| &panel.references);
        let lines: Vec<&str> = references.map(|reference| reference.label.as_str()).collect();
        let both = [&labels[..], &lines].concat();
        let draws = LINES.map(|draw| (draw, &both));
        for (draw, labels) in draws.into_iter().chain([(bias_variance as Draw, &labels)]) {
            let svg = draw(&figure, &palette);
            assert_eq!(svg, draw(&figure, &palette), "the same input gives the same bytes");
            check(&svg, labels);
        }
        let finals = Draws(seed).finals();
        let rows = finals.panels.iter().flat_map(|panel| &panel.rows);
        let references = finals.panels.iter().flat_map(|panel| &panel.references);
        let labels = references.map(|reference| reference.label.as_str());
        let labels: Vec<&str> = labels.chain(rows.map(|row| row.label.as_str())).collect();
        let svg = final_values(&finals, &palette);
        assert_eq!(svg, final_values(&finals, &palette));
        check(&svg, &labels);
    }
}

fn check(svg: &str, labels: &[&str]) {
    let document = Document::parse(svg).expect("well-formed XML");
    let root = document.root_element();
    let size = view_box(&root);
    for node in root.descendants().filter(Node::is_element) {
        let name = node.tag_name().name();
        let numbers: Vec<f64> = numbers(&node).collect();
        assert!(numbers.iter().all(|number| number.is_finite()), "{name}: {numbers:?}");
        for (x, y) in places(&node) {
            let inside = (-1.0..=size.0 + 1.0).contains(&x) && (-1.0..=size.1 + 1.0).contains(&y);
            assert!(inside, "{name} at {x}, {y} outside {size:?}");
        }
    }
    let drawn = written(&root);
    for label in labels {
        assert!(drawn.contains(&squeezed(label)), "{label} is missing in {svg}");
    }
    check_texts(&root, size);
}

/// Asserts that no text overlaps another or leaves the sheet.
fn check_texts(root: &Node, size: (f64, f64)) {
    let texts: Vec<_> = root.descendants().filter(|node| node.has_tag_name("text")).collect();
    let boxes: Vec<_> =
        texts.iter().map(|node| (node.text().unwrap_or(""), text_box(node))).collect();
    let sheet = sheet::Rect { left: 0.0, top: 0.0, width: size.0, height: size.1 };
    for (i, (text, rect)) in boxes.iter().enumerate() {
        assert!(sheet.holds(rect), "{text:?} leaves the sheet: {rect:?}");
        let hit = boxes[..i].iter().find(|(_, other)| rect.overlaps(other));
        assert!(hit.is_none(), "{text:?} at {rect:?} overlaps {hit:?}");
    }
}

/// The rectangle that a text covers, slightly smaller than its line.
fn text_box(node: &Node) -> sheet::Rect {
    let number = |name: &str| node.attribute(name).and_then(|text| text.parse::<f64>().ok());
    let (x, y) = (number("x").unwrap(), number("y").unwrap());
    let size = number("font-size").unwrap();
    let (width, height) = (text::width(node.text().unwrap_or("").trim(), size) * 0.95, size * 0.9);
    let before = match node.attribute("text-anchor") {
        Some("end") => width,
        Some("middle") => width / 2.0,
        _ => 0.0,
    };
    match node.attribute("transform") {
        None => sheet::Rect { left: x - before, top: y - height / 2.0, width, height },
        Some(_) => {
            sheet::Rect { left: x - height / 2.0, top: y - before, width: height, height: width }
        }
    }
}

fn view_box(root: &Node) -> (f64, f64) {
    let numbers: Vec<f64> =
        root.attribute("viewBox").unwrap().split(' ').map(|text| text.parse().unwrap()).collect();
    (numbers[2], numbers[3])
}

/// Every number in the attributes of a drawn element.
fn numbers<'a>(node: &'a Node) -> impl Iterator<Item = f64> + 'a {
    const NUMERIC: [&str; 13] = [
        "x",
        "y",
        "x1",
        "x2",
        "y1",
        "y2",
        "cx",
        "cy",
        "r",
        "points",
        "opacity",
        "font-size",
        "stroke-width",
    ];
    let numeric = node.attributes().filter(|attribute| NUMERIC.contains(&attribute.name()));
    numeric.flat_map(|attribute| {
        attribute.value().split([' ', ',']).map(|text| text.parse().unwrap_or(f64::NAN))
    })
}

fn places(node: &Node) -> Vec<(f64, f64)> {
    let number = |name: &str| node.attribute(name).and_then(|text| text.parse::<f64>().ok());
    let pairs = [("x", "y"), ("x1", "y1"), ("x2", "y2"), ("cx", "cy")];
    let attributes = pairs.iter().filter_map(|(x, y)| Some((number(x)?, number(y)?)));
    attributes.chain(points(node)).collect()
}

fn points(node: &Node) -> Vec<(f64, f64)> {
    let place = |pair: &str| {
        let (x, y) = pair.split_once(',')?;
        Some((x.parse().ok()?, y.parse().ok()?))
    };
    node.attribute("points").unwrap_or("").split(' ').filter_map(place).collect()
}

/// All text without spaces, because lines may break at any of them.
fn written(root: &Node) -> String {
    let texts = root.descendants().filter(|node| node.has_tag_name("text"));
    squeezed(&texts.filter_map(|node| node.text()).collect::<Vec<_>>().concat())
}

fn squeezed(text: &str) -> String {
    text.split_whitespace().collect()
}

/// The elements of a kind, such as polylines, in the group of a series.
fn marks<'a>(document: &'a Document, label: &str, kind: &str) -> Vec<Node<'a, 'a>> {
    let titled = |node: &Node| {
        let title = node.first_element_child().filter(|child| child.has_tag_name("title"));
        let text = title.and_then(|title| title.text()).unwrap_or("");
        node.has_tag_name("g") && text.starts_with(label)
    };
    let groups = document.descendants().filter(titled);
    groups.flat_map(|group| group.descendants()).filter(|node| node.has_tag_name(kind)).collect()
}

#[test]
fn a_known_value_has_a_ring_that_the_caption_explains() {
    let mut figure = lone(&[1.0, 2.0, 3.0], Scale::Linear);
    let rings = |figure: &Figure| {
        let svg = sensitivity(figure, &Palette::new(&[("reinmax", "")]));
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
        let svg = |figure: &Figure| dotted(&draw(figure, &Palette::default()));
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
        assert_eq!(dotted(&final_values(&figure, &Palette::default())), wanted);
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
        let svg = draw(&lone(&[nan, inf, -inf], Scale::Auto), &Palette::default());
        let document = Document::parse(&svg).unwrap();
        for kind in ["polyline", "polygon", "circle"] {
            assert!(marks(&document, "reinmax", kind).is_empty());
        }
        assert!(svg.contains("no finite value: reinmax") && svg.contains("nothing to show"));
        let svg = draw(&lone(&[1.0, 2.0, nan, 3.0, 4.0, 5.0], Scale::Linear), &Palette::default());
        assert_eq!(drawn_lines(&svg)[..2], [2, 3]);
    }
}

#[test]
fn a_log_axis_splits_a_line_where_it_is_not_positive() {
    let figure = lone(&[1.0, 2.0, 3.0, 0.0, 5.0, 6.0, -7.0, 8.0, 9.0], Scale::Log);
    let svg = convergence(&figure, &Palette::default());
    assert_eq!(drawn_lines(&svg), [3, 2, 2]);
    assert!(svg.contains("2 values ≤ 0 not shown"));
}

#[test]
fn a_diverging_series_has_a_cross_and_a_remark() {
    let figure = lone(&[1.0, 2.0, f64::INFINITY, f64::INFINITY], Scale::Auto);
    let svg = convergence(&figure, &Palette::default());
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
    let svg = variance(&figure, &Palette::default());
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
        let svg = draw(&figure, &Palette::default());
        assert!(svg.contains("fewer than 5 seeds: n=3"));
        assert!(svg.contains("n=3, 1 failed"));
    }
}

#[test]
fn an_empty_figure_says_so() {
    for draw in [convergence, variance, sensitivity, bias_variance] {
        let svg = draw(&Figure::default(), &Palette::default());
        check(&svg, &[]);
        assert!(svg.contains("Nothing to show."));
    }
    assert!(
        final_values(&FinalFigure::default(), &Palette::default()).contains("Nothing to show.")
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
    let svg = final_values(&figure, &Palette::default());
    assert!(svg.contains("→ diverged") && svg.contains("no finite value"));
    let document = Document::parse(&svg).unwrap();
    for kind in ["polyline", "polygon", "circle", "line"] {
        assert!(marks(&document, "none", kind).is_empty());
    }
    assert!(!marks(&document, "bad", "polygon").is_empty());
}
