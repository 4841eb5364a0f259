//! Entries of a legend that a page writes.

use crate::axis::number;
use crate::drawing::LegendEntry;
use crate::reference;
use crate::style::{Dash, Style};
use crate::svg::mark::{MUTED, line, pixel, symbol};
use crate::svg::sheet::Sheet;

/// Width and height of a swatch, and the radius of its marker, in pixels.
const SIZE: (f64, f64) = (26.0, 12.0);
const RADIUS: f64 = 3.6;
const LINE: f64 = 1.6;
const ENDS: [(f64, f64); 2] = [(0.5, SIZE.1 / 2.0), (SIZE.0 - 0.5, SIZE.1 / 2.0)];

/// The entry of a series: a piece of its line, if it has one, with its marker.
pub(crate) fn series(label: &str, remarks: &[String], style: Style, has_line: bool) -> LegendEntry {
    let mut sheet = Sheet::new(SIZE.0, SIZE.1);
    let strokes = |sheet: &mut Sheet| sheet.layer(|area| line(area, &ENDS, style.rgb(), LINE));
    match style.dash {
        _ if !has_line => {}
        Dash::Solid => strokes(&mut sheet),
        dash => sheet.dashed(dash.lengths(), strokes),
    }
    let center = pixel((SIZE.0 / 2.0, SIZE.1 / 2.0));
    sheet.edged(|sheet| sheet.layer(|area| area.draw(&symbol(center, style, RADIUS, 1.0))));
    LegendEntry {
        label: label.to_owned(),
        remarks: remarks.to_vec(),
        swatch: sheet.finish_piece(""),
        is_reference: false,
    }
}

/// The entry of a reference, with its value.
pub(crate) fn reference((label, value): (&str, f64)) -> LegendEntry {
    let mut sheet = Sheet::new(SIZE.0, SIZE.1);
    sheet.dashed(&reference::DASH, |sheet| {
        sheet.layer(|area| line(area, &ENDS, MUTED, reference::WIDTH));
    });
    LegendEntry {
        label: label.to_owned(),
        remarks: vec![number::any(value, 3)],
        swatch: sheet.finish_piece(""),
        is_reference: true,
    }
}
