//! Drawing a panel of bias against variance.

use crate::bias_variance::panel::{Path, RADIUS, ScatterPanel};
use crate::page::empty::nothing;
use crate::page::layout::{REMARK, paragraph};
use crate::svg::frame::Frame;
use crate::svg::mark::{INK, Lettering, line, pixel, stroke, symbol};
use crate::svg::sheet::{Area, Drawn, Rect, Sheet};
use plotters::element::{PathElement, Rectangle};
use plotters::style::{Color, WHITE};

impl ScatterPanel {
    /// Draws the panel with its plot at `rect`.
    pub fn draw(&self, sheet: &mut Sheet, rect: Rect) {
        let Some((x, y)) = self.axes.clone() else {
            return nothing(sheet, rect);
        };
        let frame = Frame { rect, x, y };
        sheet.layer(|area| {
            frame.draw_axes(area)?;
            self.paths.iter().try_for_each(|path| draw_bars(area, path, &rect))
        });
        for path in &self.paths {
            sheet.titled(&path.title, |sheet| {
                sheet.layer(|area| draw_steps(area, path, &rect));
                sheet.edged(|sheet| sheet.layer(|area| draw_marks(area, path, &rect)));
            });
        }
        sheet.layer(|area| self.paths.iter().try_for_each(|path| write_label(area, path, &rect)));
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

/// Writes the label, on a translucent background if it covers something.
fn write_label(area: &Area<'_>, path: &Path, rect: &Rect) -> Drawn {
    let Some(placed) = path.placed else {
        return Ok(());
    };
    if let Some(leader) = placed.leader {
        line(area, &leader.map(|at| moved(rect, at)), path.style.rgb(), 0.7)?;
    }
    let Rect { left, top, width, height } = placed.rect;
    if placed.covers {
        let corners = [(left, top), (left + width, top + height)];
        let corners = corners.map(|corner| pixel(moved(rect, corner)));
        area.draw(&Rectangle::new(corners, WHITE.mix(0.7).filled()))?;
    }
    let from = moved(rect, (left + 1.0, top));
    paragraph(area, &path.label, from, Lettering::new(REMARK, INK))
}
