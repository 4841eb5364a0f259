//! Drawing a panel of bias against variance.

use crate::bias_variance::panel::{Path, RADIUS, ScatterPanel};
use crate::label_column::LabelColumn;
use crate::page::caption::tooltip;
use crate::page::empty::nothing;
use crate::page::layout::Layout;
use crate::svg::frame::Frame;
use crate::svg::mark::{pixel, stroke, symbol};
use crate::svg::sheet::{Area, Drawn, Rect, Sheet};
use plotters::element::PathElement;
use plotters::style::Color;

impl ScatterPanel {
    /// Draws the panel with its plot at `rect`.
    pub(super) fn draw_at(&self, sheet: &mut Sheet, rect: Rect) {
        let Some((x, y)) = self.axes.clone() else {
            return nothing(sheet, rect);
        };
        let frame = Frame { rect, x, y };
        sheet.layer(|area| frame.draw_axes(area));
        for path in &self.paths {
            sheet.part_of(&path.name, |sheet| sheet.layer(|area| draw_bars(area, path, &rect)));
        }
        for path in &self.paths {
            sheet.titled(&path.name, &tooltip(&path.name, &path.remarks), |sheet| {
                sheet.layer(|area| draw_steps(area, path, &rect));
                sheet.edged(|sheet| sheet.layer(|area| draw_marks(area, path, &rect)));
            });
        }
        if self.layout == Layout::Sheet {
            self.draw_labels(sheet, &rect);
        }
    }

    /// Draws the labels to the right of the plot, each as near as possible to the height of its last
    /// mark.
    fn draw_labels(&self, sheet: &mut Sheet, rect: &Rect) {
        let height = |path: &Path| path.marks.last().map_or(0.0, |mark| mark.at.1) + rect.top;
        let labels = self.paths.iter().map(|path| (&path.label, height(path)));
        let column = LabelColumn::new(labels.collect(), rect);
        sheet.edged(|sheet| {
            sheet.layer(|area| {
                self.paths.iter().enumerate().try_for_each(|(index, path)| {
                    let [(left, y), (right, _)] = column.swatch(index);
                    let middle = pixel(((left + right) / 2.0, y));
                    area.draw(&symbol(middle, path.style, RADIUS, 1.0))
                })
            });
        });
        sheet.layer(|area| column.write(area));
    }
}

/// Converts a position in a plot to a position on the sheet.
fn moved(rect: &Rect, (x, y): (f64, f64)) -> (f64, f64) {
    (rect.left + x, rect.top + y)
}

fn draw_bars(area: &Area<'_>, path: &Path, rect: &Rect) -> Drawn {
    for mark in &path.marks {
        let Some((upper, lower)) = mark.bar else {
            continue;
        };
        let ends = [upper, lower].map(|y| pixel(moved(rect, (mark.at.0, y))));
        let color = path.style.rgb().mix(0.55 * mark.strength);
        area.draw(&PathElement::new(ends.to_vec(), stroke(color, 1.3)))?;
    }
    Ok(())
}

fn draw_steps(area: &Area<'_>, path: &Path, rect: &Rect) -> Drawn {
    for pair in path.marks.windows(2) {
        let ends = [pair[0].at, pair[1].at].map(|at| pixel(moved(rect, at)));
        let color = path.style.rgb().mix(0.8 * pair[1].strength);
        area.draw(&PathElement::new(ends.to_vec(), stroke(color, 0.9)))?;
    }
    Ok(())
}

fn draw_marks(area: &Area<'_>, path: &Path, rect: &Rect) -> Drawn {
    path.marks.iter().try_for_each(|mark| {
        let at = pixel(moved(rect, mark.at));
        area.draw(&symbol(at, path.style, RADIUS, mark.strength))
    })
}
