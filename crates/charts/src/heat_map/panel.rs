//! A panel of tiles.

use crate::axis::TICK_SIZE;
use crate::axis::limits::is_number;
use crate::axis::number;
use crate::drawing::{LegendEntry, Readout};
use crate::heat_map::colors::Colors;
use crate::heat_map::figure::{HeatPanel, Tile};
use crate::page::empty::nothing;
use crate::page::layout::{Block, Drawable, REMARK};
use crate::page::replication::{Replication, warning};
use crate::svg::frame::BELOW;
use crate::svg::mark::{GRID, INK, Lettering, WARNING, cross, line, pixel, write};
use crate::svg::sheet::{Area, Drawn, Rect, Sheet};
use crate::text::{widest, width};
use plotters::element::Rectangle;
use plotters::style::Color;

/// The space between a plot and the labels of its rows.
const BESIDE: f64 = 8.0;
/// The sizes of a value and of the known value below it.
const VALUE: f64 = 12.0;
const KNOWN: f64 = 10.5;
/// The least space between text and the edge of its tile, and between the labels of columns.
const EDGE: f64 = 2.0;
const BETWEEN: f64 = 6.0;

/// What the panels of a figure share.
#[derive(Clone, Copy)]
pub(super) struct Setting<'a> {
    pub colors: Option<Colors>,
    pub replication: &'a Replication,
    /// Width and height of a plot, in pixels.
    pub plot: (f64, f64),
    pub x_label: &'a str,
    pub y_label: &'a str,
}

/// A panel of a figure, ready to be drawn.
pub(super) struct TilePanel<'a> {
    panel: &'a HeatPanel,
    setting: Setting<'a>,
}

impl<'a> TilePanel<'a> {
    pub fn new(panel: &'a HeatPanel, setting: Setting<'a>) -> Self {
        Self { panel, setting }
    }

    /// The colors, if there is anything to draw.
    fn colors(&self) -> Option<Colors> {
        self.setting.colors.filter(|_| !self.panel.tiles.is_empty())
    }

    /// The place of a tile in a plot.
    fn place(&self, tile: &Tile, plot: Rect) -> Rect {
        let width = plot.width / self.panel.columns.len() as f64;
        let height = plot.height / self.panel.rows.len() as f64;
        let left = plot.left + tile.column as f64 * width;
        Rect { left, top: plot.bottom() - (tile.row + 1) as f64 * height, width, height }
    }

    fn draw_tile(&self, sheet: &mut Sheet, tile: &Tile, place: Rect, colors: Colors) {
        let name = self.name(tile);
        sheet.titled(&name, &self.tooltip(tile, &name, colors), |sheet| {
            sheet.layer(|area| {
                let corners = [(place.left, place.top), (place.right(), place.bottom())].map(pixel);
                let middle = (place.left + place.width / 2.0, place.top + place.height / 2.0);
                if !is_number(tile.value) {
                    outline(area, place, 0.0)?;
                    return area.draw(&cross(pixel(middle), WARNING, 4.0));
                }
                let (color, ink) = colors.of_value(tile.value);
                area.draw(&Rectangle::new(corners, color.filled()))?;
                let digits = colors.digits();
                let value = number::any(tile.value, digits);
                let fits = |text: &str, size: f64| width(text, size) + 2.0 * EDGE <= place.width;
                let known = tile.known.map(|known| number::any(known, digits));
                let known = known.filter(|known| {
                    fits(known, KNOWN) && place.height >= VALUE + KNOWN + 2.0 * EDGE
                });
                let shift = if known.is_some() { KNOWN / 2.0 } else { 0.0 };
                if fits(&value, VALUE) && place.height >= VALUE + EDGE {
                    let at = (middle.0, middle.1 - shift);
                    write(area, &value, at, Lettering::new(VALUE, ink).centered())?;
                }
                known.iter().try_for_each(|known| {
                    let at = (middle.0, middle.1 + VALUE / 2.0 + EDGE);
                    write(area, known, at, Lettering::new(KNOWN, ink).centered())
                })
            });
        });
    }

    /// A tile in words, such as `learning-rate 0.01, temperature 1`.
    fn name(&self, tile: &Tile) -> String {
        let (column, row) = (&self.panel.columns[tile.column], &self.panel.rows[tile.row]);
        format!("{} {column}, {} {row}", self.setting.x_label, self.setting.y_label)
    }

    fn tooltip(&self, tile: &Tile, name: &str, colors: Colors) -> String {
        let value = match tile.value {
            value if is_number(value) => number::any(value, colors.digits()),
            _ => "no finite value".to_owned(),
        };
        let known =
            tile.known.map(|known| format!(" (known: {})", number::any(known, colors.digits())));
        let remark = self.setting.replication.remark(tile.runs, tile.failures);
        let remark = remark.map(|remark| format!(", {remark}"));
        format!("{name}: {value}{}{}", known.unwrap_or_default(), remark.unwrap_or_default())
    }

    /// The labels of both axes. Columns that are too narrow share a label with their neighbors.
    fn write_labels(&self, area: &Area<'_>, plot: Rect) -> Drawn {
        let lettering = Lettering::new(TICK_SIZE, INK);
        let HeatPanel { columns, rows, .. } = self.panel;
        let across = plot.width / columns.len() as f64;
        let every = ((widest(columns, TICK_SIZE) + BETWEEN) / across).ceil().max(1.0) as usize;
        for (index, column) in columns.iter().enumerate().step_by(every) {
            let at = (plot.left + (index as f64 + 0.5) * across, plot.bottom() + BELOW / 2.0);
            write(area, column, at, lettering.centered())?;
        }
        let up = plot.height / rows.len() as f64;
        let every = (TICK_SIZE * 1.3 / up).ceil().max(1.0) as usize;
        let mut labels = rows.iter().enumerate().step_by(every);
        labels.try_for_each(|(index, row)| {
            let at = (plot.left - BESIDE, plot.bottom() - (index as f64 + 0.5) * up);
            write(area, row, at, lettering.ending())
        })
    }
}

/// A line around a tile, inside its edge.
fn outline(area: &Area<'_>, place: Rect, inset: f64) -> Drawn {
    let (left, top) = (place.left + inset, place.top + inset);
    let (right, bottom) = (place.right() - inset, place.bottom() - inset);
    let corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)];
    let (color, width) = if inset > 0.0 { (INK, 1.8) } else { (GRID, 0.8) };
    line(area, &corners, color, width)
}

impl Drawable for TilePanel<'_> {
    fn block(&self) -> Block {
        let tiles = || self.panel.tiles.iter();
        let few: Vec<(String, usize)> = tiles().map(|tile| (self.name(tile), tile.runs)).collect();
        let few: Vec<(&str, usize)> =
            few.iter().map(|(name, runs)| (name.as_str(), *runs)).collect();
        let remark = |tile: &Tile| {
            let remark = self.setting.replication.remark(tile.runs, tile.failures)?;
            Some(format!("{}: {remark}", self.name(tile)))
        };
        Block {
            title: self.panel.title.clone(),
            warning: warning(&few),
            footnotes: tiles().filter_map(remark).collect(),
            before: widest(&self.panel.rows, TICK_SIZE) + 2.0 * BESIDE,
            plot: self.setting.plot,
            after: REMARK,
        }
    }

    fn draw(&self, sheet: &mut Sheet, rect: Rect) {
        let Some(colors) = self.colors() else { return nothing(sheet, rect) };
        for tile in &self.panel.tiles {
            self.draw_tile(sheet, tile, self.place(tile, rect), colors);
        }
        sheet.layer(|area| {
            let best = self.panel.tiles.iter().filter(|tile| tile.value == colors.best);
            best.clone().try_for_each(|tile| outline(area, self.place(tile, rect), 0.9))?;
            self.write_labels(area, rect)
        });
    }

    fn legend(&self) -> Vec<LegendEntry> {
        vec![]
    }

    fn readout(&self, _: &str, _: Rect, _: (f64, f64)) -> Option<Readout> {
        None
    }
}
