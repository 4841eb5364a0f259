//! Laws that every figure obeys, checked on the finished SVG of figures with odd values, names and
//! counts.

use super::document::{numbers, places, squeezed, text_box, view_box, written};
use super::draws::Draws;
use super::{Draw, LINES};
use crate::svg::sheet;
use crate::*;
use roxmltree::{Document, Node};

fn palette() -> Palette {
    let kinds = ["kind0", "kind1", "kind2", "kind3", "kind4"].map(|kind| (kind, "family"));
    Palette::new(&kinds, &["kind3"]).with_reference("kind0")
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
            let drawing = draw(&figure, &palette);
            assert_eq!(drawing.svg, draw(&figure, &palette).svg, "the same input, the same bytes");
            check(&drawing.svg, labels);
            check_pieces(&drawing, labels);
        }
        let finals = Draws(seed).finals();
        let rows = finals.panels.iter().flat_map(|panel| &panel.rows);
        let references = finals.panels.iter().flat_map(|panel| &panel.references);
        let labels = references.map(|reference| reference.label.as_str());
        let labels: Vec<&str> = labels.chain(rows.map(|row| row.label.as_str())).collect();
        let drawing = final_values(&finals, &palette);
        assert_eq!(drawing.svg, final_values(&finals, &palette).svg);
        check(&drawing.svg, &labels);
        check_pieces(&drawing, &labels);
        let heat = Draws(seed).heat();
        let titles: Vec<&str> = heat.panels.iter().map(|panel| panel.title.as_str()).collect();
        let drawing = heat_map(&heat);
        assert_eq!(drawing.svg, heat_map(&heat).svg);
        check(&drawing.svg, &titles);
        check_pieces(&drawing, &[]);
    }
}

pub(super) fn check(svg: &str, labels: &[&str]) {
    let drawn = check_document(svg);
    for label in labels {
        assert!(drawn.contains(&squeezed(label)), "{label} is missing in {svg}");
    }
}

/// A page shows every label: in a plot, its legend or its notes. Its plots are about as wide as the
/// screen of a phone, and all as wide as the first.
fn check_pieces(drawing: &Drawing, labels: &[&str]) {
    let mut shown = String::new();
    let mut widths = vec![];
    for piece in &drawing.panels {
        shown += &check_document(&piece.svg);
        for entry in &piece.legend {
            check_document(&entry.swatch);
            shown += &squeezed(&entry.label);
        }
        shown += &squeezed(&piece.notes.concat());
        let plot = Document::parse(&piece.svg).unwrap();
        widths.push(view_box(&plot.root_element()).0 / f64::from(sheet::units(1.0)));
        check_readout(piece);
    }
    assert!(widths.iter().all(|width| *width == widths[0] && *width < 480.0), "{widths:?}");
    for label in labels {
        assert!(shown.contains(&squeezed(label)), "{label} is missing in the pieces");
    }
}

/// A pointer reads finite values inside the plot, ascending, and only those of series in the legend.
fn check_readout(piece: &Piece) {
    let Some(readout) = &piece.readout else { return };
    assert!(
        readout.x.windows(2).all(|pair| pair[0] < pair[1]) && readout.x.len() == readout.at.len()
    );
    assert!(readout.at.iter().chain(&readout.ends).all(|at| (0.0..=1.0).contains(at)));
    for (label, values) in &readout.series {
        assert!(piece.legend.iter().any(|entry| entry.label == *label), "{label}");
        assert!(values.len() == readout.x.len() && values.iter().any(Option::is_some));
        assert!(values.iter().flatten().all(|value| value[0].is_finite()));
    }
}

/// Checks the shapes and texts of a document. Returns its text without spaces.
fn check_document(svg: &str) -> String {
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
    check_texts(&root, size);
    written(&root)
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
