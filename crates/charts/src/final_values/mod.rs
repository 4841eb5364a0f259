//! The figure of final values: one row per series, best first.

mod drawing;
pub(crate) mod figure;
mod limits;
mod named_lines;
mod order;
mod panel;

use crate::axis::is_log;
use crate::axis::limits::is_number;
use crate::drawing::Drawing;
use crate::figure::Better;
use crate::final_values::figure::{FinalFigure, FinalPanel, FinalRow};
use crate::final_values::order::ranked;
use crate::final_values::panel::{ForestPanel, Setting};
use crate::page::caption::{self, NOTHING, sentences};
use crate::page::compose::compose;
use crate::page::layout::{Heading, Layout, plot_width};
use crate::page::replication::Replication;
use crate::reference;
use crate::style::palette::Palette;
use crate::style::variants::Variants;

/// The width of a plot by the number of columns, in pixels.
const WIDTHS: [f64; 3] = [460.0, 340.0, 260.0];
/// The width of a plot in pieces.
const PIECE: f64 = 204.0;

/// The final value of each series: a marker, a bar for its 95 % interval, and a faint dot for each
/// seed.
///
/// An infinite value is an arrow at the edge with the remark "→ diverged". Seeds far from all
/// intervals do not stretch the axis; a remark at the right counts them.
pub fn final_values(figure: &FinalFigure, palette: &Palette) -> Drawing {
    let rows = || figure.panels.iter().flat_map(|panel| &panel.rows);
    let counts: Vec<_> = rows().map(|row| (row.runs, row.failures)).collect();
    let replication = Replication::of(&counts);
    let columns = match figure.panels.len() {
        4 => 2,
        count => count.clamp(1, WIDTHS.len()),
    };
    let values = figure.panels.iter().map(|panel| panel.rows.iter().flat_map(interval));
    let setting = Setting {
        variants: Variants::new(palette, rows().map(|row| (row.kind.as_str(), row.label.as_str()))),
        replication: &replication,
        log: is_log(figure.x_scale, values),
        width: WIDTHS[columns - 1],
        layout: Layout::Sheet,
        head: figure.reference_line && rows().any(|row| palette.is_reference(&row.kind)),
    };
    let ranked: Vec<_> = figure.panels.iter().map(|panel| ranked(panel, figure.better)).collect();
    let drawn = |setting: &Setting| -> Vec<ForestPanel> {
        let panels = ranked.iter().zip(&figure.panels).map(|(rows, panel)| {
            let reference = reference(rows, palette).filter(|_| figure.reference_line);
            ForestPanel::new(panel, rows, reference, setting)
        });
        panels.collect()
    };
    let filling = |total| plot_width(&drawn(&setting), columns, total, (setting.width, ""));
    let width = figure.width.map_or(setting.width, filling);
    let setting = Setting { width, ..setting };
    let panels = drawn(&setting);
    let pieces = drawn(&Setting { width: PIECE, layout: Layout::Piece, ..setting });
    let heading = Heading {
        title: figure.title.clone(),
        x_label: figure.x_label.clone(),
        y_label: String::new(),
        caption: caption(figure, &panels, &replication),
        description: describe(figure, &ranked),
    };
    compose(heading, &panels, &pieces, columns)
}

fn interval(row: &FinalRow) -> [f64; 3] {
    [row.value, row.low, row.high]
}

fn reference<'a>(rows: &[&'a FinalRow], palette: &Palette) -> Option<&'a FinalRow> {
    let mut rows = rows.iter().copied();
    rows.find(|row| palette.is_reference(&row.kind) && is_number(row.value))
}

fn caption(figure: &FinalFigure, panels: &[ForestPanel], replication: &Replication) -> String {
    let mut rows = figure.panels.iter().flat_map(|panel| &panel.rows).peekable();
    if rows.peek().is_none() {
        return sentences(&[&figure.caption, NOTHING]);
    }
    let bar = figure.panels.iter().flat_map(|panel| &panel.rows).any(FinalRow::has_interval);
    let dots = rows.any(|row| !row.samples.is_empty());
    let better = match figure.better {
        Better::Lower => "lower is better",
        Better::Higher => "higher is better",
    };
    sentences(&[
        &figure.caption,
        if bar { "Bar: 95 % interval." } else { "" },
        if dots { "Dot: one seed." } else { "" },
        if panels.iter().any(ForestPanel::any_beyond) {
            "Arrow: extends beyond the axis."
        } else {
            ""
        },
        if panels.iter().any(ForestPanel::any_reference) { reference::CAPTION } else { "" },
        &format!("Best first; {better}."),
        &replication.sentence("row"),
    ])
}

/// Describes the rows in their order, for screen readers.
fn describe(figure: &FinalFigure, ranked: &[Vec<&FinalRow>]) -> String {
    let panel = |(panel, rows): (&FinalPanel, &Vec<&FinalRow>)| {
        let labels: Vec<_> = rows.iter().map(|row| row.label.clone()).collect();
        caption::panel(&panel.title, &labels, &panel.references)
    };
    caption::description(&figure.panels.iter().zip(ranked).map(panel).collect::<Vec<_>>())
}
