//! Reading a finished SVG.

use crate::svg::sheet;
use crate::text;
use roxmltree::{Document, Node};

/// The rectangle that a text covers, slightly smaller than its line.
pub(super) fn text_box(node: &Node) -> sheet::Rect {
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

pub(super) fn view_box(root: &Node) -> (f64, f64) {
    let numbers: Vec<f64> =
        root.attribute("viewBox").unwrap().split(' ').map(|text| text.parse().unwrap()).collect();
    (numbers[2], numbers[3])
}

/// Every number in the attributes of a drawn element.
pub(super) fn numbers<'a>(node: &'a Node) -> impl Iterator<Item = f64> + 'a {
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

pub(super) fn places(node: &Node) -> Vec<(f64, f64)> {
    let number = |name: &str| node.attribute(name).and_then(|text| text.parse::<f64>().ok());
    let pairs = [("x", "y"), ("x1", "y1"), ("x2", "y2"), ("cx", "cy")];
    let attributes = pairs.iter().filter_map(|(x, y)| Some((number(x)?, number(y)?)));
    attributes.chain(points(node)).collect()
}

pub(super) fn points(node: &Node) -> Vec<(f64, f64)> {
    let place = |pair: &str| {
        let (x, y) = pair.split_once(',')?;
        Some((x.parse().ok()?, y.parse().ok()?))
    };
    node.attribute("points").unwrap_or("").split(' ').filter_map(place).collect()
}

/// All text without spaces, because lines may break at any of them.
pub(super) fn written(root: &Node) -> String {
    let texts = root.descendants().filter(|node| node.has_tag_name("text"));
    squeezed(&texts.filter_map(|node| node.text()).collect::<Vec<_>>().concat())
}

pub(super) fn squeezed(text: &str) -> String {
    text.split_whitespace().collect()
}

/// The elements of a kind, such as polylines, in the group of a series.
pub(super) fn marks<'a>(document: &'a Document, label: &str, kind: &str) -> Vec<Node<'a, 'a>> {
    let titled = |node: &Node| {
        let title = node.first_element_child().filter(|child| child.has_tag_name("title"));
        let text = title.and_then(|title| title.text()).unwrap_or("");
        node.has_tag_name("g") && text.starts_with(label)
    };
    let groups = document.descendants().filter(titled);
    groups.flat_map(|group| group.descendants()).filter(|node| node.has_tag_name(kind)).collect()
}
