//! The figure of a value against two parameters.

mod colors;
pub(crate) mod figure;
mod panel;

use crate::axis::number;
use crate::drawing::Drawing;
use crate::figure::Better;
use crate::heat_map::colors::Colors;
use crate::heat_map::figure::{HeatFigure, HeatPanel, Tile};
use crate::heat_map::panel::{Setting, TilePanel};
use crate::page::caption::{self, NOTHING, sentences};
use crate::page::compose::compose;
use crate::page::layout::{Heading, plot_width};
use crate::page::replication::Replication;

/// The usual size of a tile, and the height of one with a known value, in pixels.
const TILE: (f64, f64) = (54.0, 28.0);
const WITH_KNOWN: f64 = 36.0;
/// The widest and the narrowest plot that follows from its tiles.
const WIDTHS: (f64, f64) = (160.0, 620.0);
/// The least height of a plot, for the label of its vertical axis.
const LEAST_HEIGHT: f64 = 120.0;
/// The width of a plot in pieces.
const PIECE: f64 = 280.0;

/// A value for each combination of two parameters: a tile, darker where the value is better, with the
/// value in it where it fits. All panels share the colors; the best tile of all has a frame.
///
/// A value that is not finite is a cross on an empty tile. An outlier does not make all other tiles
/// equal: the palest color stands for everything from a value on, which the caption names.
pub fn heat_map(figure: &HeatFigure) -> Drawing {
    let tiles = || figure.panels.iter().flat_map(|panel| &panel.tiles);
    let counts: Vec<_> = tiles().map(|tile| (tile.runs, tile.failures)).collect();
    let replication = Replication::of(&counts);
    let most =
        |length: fn(&HeatPanel) -> usize| figure.panels.iter().map(length).max().unwrap_or(1);
    let tall = if tiles().any(|tile| tile.known.is_some()) { WITH_KNOWN } else { TILE.1 };
    let rows = most(|panel| panel.rows.len()).max(1) as f64;
    let usual = most(|panel| panel.columns.len()) as f64 * TILE.0;
    let columns = figure.panels.len().clamp(1, if usual > 300.0 { 2 } else { 3 });
    let setting = Setting {
        colors: Colors::of(tiles().map(|tile| tile.value), figure.better),
        replication: &replication,
        plot: (usual.clamp(WIDTHS.0, WIDTHS.1), (rows * tall).max(LEAST_HEIGHT)),
        x_label: &figure.x_label,
        y_label: &figure.y_label,
    };
    let drawn = |plot: (f64, f64)| -> Vec<TilePanel> {
        let panel = |panel| TilePanel::new(panel, Setting { plot, ..setting });
        figure.panels.iter().map(panel).collect()
    };
    let usual = (setting.plot.0, figure.y_label.as_str());
    let filling = |total| plot_width(&drawn(setting.plot), columns, total, usual);
    let width = figure.width.map_or(setting.plot.0, filling);
    let heading = Heading {
        title: figure.title.clone(),
        x_label: figure.x_label.clone(),
        y_label: figure.y_label.clone(),
        caption: caption(figure, setting.colors, &replication),
        description: describe(figure, setting.colors),
    };
    compose(heading, &drawn((width, setting.plot.1)), &drawn((PIECE, setting.plot.1)), columns)
}

fn caption(figure: &HeatFigure, colors: Option<Colors>, replication: &Replication) -> String {
    let Some(colors) = colors else { return sentences(&[&figure.caption, NOTHING]) };
    let tiles = || figure.panels.iter().flat_map(|panel| &panel.tiles);
    let any = |has: fn(&Tile) -> bool| tiles().any(has);
    let digits = colors.digits();
    let [best, palest] = [colors.best, colors.palest].map(|value| number::any(value, digits));
    let worse = match (colors.is_cut, figure.better) {
        (false, _) => "",
        (true, Better::Lower) => " and above",
        (true, Better::Higher) => " and below",
    };
    sentences(&[
        &figure.caption,
        &format!("Dark to pale: {best} to {palest}{worse}."),
        "Frame: the best.",
        if any(|tile| tile.known.is_some()) { "Below a value: the known one." } else { "" },
        if any(|tile| !tile.value.is_finite()) { "×: no finite value." } else { "" },
        &replication.sentence("tile"),
    ])
}

/// Describes the panels with their best tile, for screen readers.
fn describe(figure: &HeatFigure, colors: Option<Colors>) -> String {
    let panel = |panel: &HeatPanel| {
        let best = Colors::of(panel.tiles.iter().map(|tile| tile.value), figure.better);
        let tile = best.and_then(|best| panel.tiles.iter().find(|tile| tile.value == best.best));
        let best = tile.zip(colors).map(|(tile, colors)| {
            let value = number::any(tile.value, colors.digits());
            let (column, row) = (&panel.columns[tile.column], &panel.rows[tile.row]);
            let (x, y) = (&figure.x_label, &figure.y_label);
            format!("best is {value} at {x} {column} and {y} {row}")
        });
        caption::panel(&panel.title, &best.into_iter().collect::<Vec<_>>(), &[])
    };
    caption::description(&figure.panels.iter().map(panel).collect::<Vec<_>>())
}
