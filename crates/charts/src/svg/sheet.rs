//! The SVG document: layers drawn by plotters, collected in groups.
//!
//! The SVG backend of plotters has only integer coordinates and solid strokes. Two things make up
//! for that. A sheet is drawn at [`UNITS`] plotters units per pixel and scaled down by a view box, so
//! coordinates and stroke widths are fine enough. And each layer is a separate document whose content
//! is moved into a `<g>`, so dashes are inherited and each series has a `<title>`.

use crate::text::clean;
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea};
use plotters::prelude::SVGBackend;
use std::fmt::Write as _;

/// plotters units per pixel. The backend divides font sizes by 1.24; with 12 units, the sizes in use
/// are whole numbers.
const UNITS: f64 = 12.0;

/// The drawing area of a layer: the whole sheet, in plotters units.
pub(crate) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
/// The result of drawing.
pub(crate) type Drawn = Result<(), DrawingAreaErrorKind<std::io::Error>>;

/// Pixels in plotters units.
pub(crate) fn units(pixels: f64) -> i32 {
    (pixels * UNITS).round() as i32
}

/// A rectangle in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rect {
    pub left: f64,
    pub top: f64,
    pub width: f64,
    pub height: f64,
}

impl Rect {
    pub fn right(&self) -> f64 {
        self.left + self.width
    }

    pub fn bottom(&self) -> f64 {
        self.top + self.height
    }
}

#[cfg(test)]
impl Rect {
    /// Whether the two share more than an edge.
    pub fn overlaps(&self, other: &Rect) -> bool {
        self.left < other.right()
            && other.left < self.right()
            && self.top < other.bottom()
            && other.top < self.bottom()
    }

    /// Whether `other` lies inside this rectangle.
    pub fn holds(&self, other: &Rect) -> bool {
        self.left <= other.left
            && other.right() <= self.right()
            && self.top <= other.top
            && other.bottom() <= self.bottom()
    }
}

/// A figure under construction.
pub(crate) struct Sheet {
    width: f64,
    height: f64,
    content: String,
}

impl Sheet {
    /// A white sheet; the size is rounded up to whole pixels.
    pub fn new(width: f64, height: f64) -> Sheet {
        Sheet { width: width.ceil(), height: height.ceil(), content: String::new() }
    }

    /// Draws with plotters.
    pub fn layer(&mut self, draw: impl FnOnce(&Area<'_>) -> Drawn) {
        let mut document = String::new();
        {
            let size = (units(self.width) as u32, units(self.height) as u32);
            let area = SVGBackend::with_string(&mut document, size).into_drawing_area();
            draw(&area).and_then(|()| area.present()).expect("writing to a string cannot fail");
        }
        let content = document.split_once(">\n").map_or("", |(_, content)| content);
        let content = content.strip_suffix("</svg>\n").unwrap_or(content);
        self.content.push_str(&terse(content));
    }

    /// Puts what `draw` adds into the group of a series, with a title, which a browser shows as a
    /// tooltip.
    pub fn titled(&mut self, series: &str, title: &str, draw: impl FnOnce(&mut Sheet)) {
        let (series, title) = (attribute(series), escape(title));
        self.put(format_args!("<g data-series=\"{series}\"><title>{title}</title>\n"));
        draw(self);
        self.content.push_str("</g>\n");
    }

    /// Puts what `draw` adds into a group of a series without a title.
    pub fn part_of(&mut self, series: &str, draw: impl FnOnce(&mut Sheet)) {
        let series = attribute(series);
        self.put(format_args!("<g data-series=\"{series}\">\n"));
        draw(self);
        self.content.push_str("</g>\n");
    }

    /// Gives what `draw` adds a white edge, unless it has its own.
    pub fn edged(&mut self, draw: impl FnOnce(&mut Sheet)) {
        let width = units(1.4);
        self.put(format_args!("<g stroke=\"#FFFFFF\" stroke-width=\"{width}\">\n"));
        draw(self);
        self.content.push_str("</g>\n");
    }

    /// Gives what `draw` adds a dash pattern: lengths of strokes and gaps in pixels.
    pub fn dashed(&mut self, lengths: &[f64], draw: impl FnOnce(&mut Sheet)) {
        let lengths: Vec<_> = lengths.iter().map(|length| units(*length).to_string()).collect();
        self.put(format_args!("<g stroke-dasharray=\"{}\">\n", lengths.join(" ")));
        draw(self);
        self.content.push_str("</g>\n");
    }

    /// The document, with a title and a description for screen readers.
    pub fn finish(self, title: &str, description: &str) -> String {
        let (width, height) = (self.width, self.height);
        let (across, down) = (units(width), units(height));
        let (title, description) = (escape(title), escape(description));
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" \
             width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {across} {down}\" \
             font-family=\"Helvetica, Arial, 'Liberation Sans', sans-serif\" \
             stroke-linejoin=\"round\">\n\
             <title>{title}</title>\n<desc>{description}</desc>\n\
             <rect width=\"{across}\" height=\"{down}\" fill=\"#FFFFFF\"/>\n{}</svg>\n",
            self.content
        )
    }

    /// The content without a background, for a page. A label is for screen readers; without one, the
    /// picture only repeats what a text beside it says.
    pub fn finish_piece(self, label: &str) -> String {
        let (width, height) = (self.width, self.height);
        let (across, down) = (units(width), units(height));
        let role = match label {
            "" => "aria-hidden=\"true\"".to_owned(),
            _ => format!("role=\"img\" aria-label=\"{}\"", attribute(label)),
        };
        format!(
            "<svg {role} width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {across} {down}\">\n{}</svg>",
            self.content
        )
    }

    fn put(&mut self, text: std::fmt::Arguments<'_>) {
        self.content.write_fmt(text).expect("writing to a string cannot fail");
    }
}

/// Removes defaults of SVG and the font, which the whole sheet shares.
///
/// Attribute values are escaped, so these strings occur only as attributes.
fn terse(content: &str) -> String {
    content
        .replace(" opacity=\"1\"", "")
        .replace(" stroke=\"none\" stroke-width=\"1\"", "")
        .replace(" font-family=\"sans-serif\"", "")
        .replace(" dy=\"0.5ex\"", " dy=\".35em\"")
        .replace(" \"/>", "\"/>")
        .replace("\n</text>", "</text>")
}

fn escape(text: &str) -> String {
    clean(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A text as the value of an attribute.
fn attribute(text: &str) -> String {
    escape(text).replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use plotters::element::PathElement;
    use plotters::style::BLACK;

    #[test]
    fn layers_become_groups_of_one_document() {
        let mut sheet = Sheet::new(10.2, 5.0);
        sheet.titled("\"a\"", "a < b", |sheet| {
            sheet.dashed(&[4.0, 2.0], |sheet| {
                sheet.layer(|area| area.draw(&PathElement::new(vec![(0, 0), (12, 24)], BLACK)));
            });
        });
        let svg = sheet.finish("T & t", "d");
        assert!(svg.contains("width=\"11\" height=\"5\" viewBox=\"0 0 132 60\""));
        assert!(svg.contains("<g data-series=\"&quot;a&quot;\"><title>a &lt; b</title>"));
        assert!(svg.contains("<g stroke-dasharray=\"48 24\">\n<polyline fill=\"none\""));
        assert!(svg.contains("points=\"0,0 12,24\"/>\n</g>\n</g>\n</svg>\n"));
        assert!(svg.contains("<title>T &amp; t</title>"));
    }

    #[test]
    fn rectangles_that_touch_do_not_overlap() {
        let left = Rect { left: 0.0, top: 0.0, width: 10.0, height: 10.0 };
        let right = Rect { left: 10.0, ..left };
        assert!(!left.overlaps(&right) && left.overlaps(&Rect { left: 9.0, ..left }));
        assert!(left.holds(&left) && !left.holds(&right));
    }
}
