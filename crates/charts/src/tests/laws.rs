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

pub(super) fn check(svg: &str, labels: &[&str]) {
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
