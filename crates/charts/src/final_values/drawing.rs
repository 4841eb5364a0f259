//! Drawing a panel of rows.

use crate::axis::Axis;
use crate::axis::number::any;
use crate::final_values::figure::FinalRow;
use crate::final_values::panel::{ForestPanel, HEAD, LABEL, Position, REFERENCE_KIND, Row};
use crate::page::empty::nothing;
use crate::page::layout::{LEADING, REMARK};
use crate::svg::frame::{Frame, Plot};
use crate::svg::mark::{INK, Lettering, MUTED, STRIP, arrow, line, pixel, stroke, symbol, write};
use crate::svg::sheet::{Area, Drawn, Rect, Sheet, units};
use crate::text::width;
use plotters::element::{Circle, EmptyElement, PathElement, Rectangle};
use plotters::style::Color;

const RADIUS: f64 = 4.0;
const SEED: f64 = 1.7;
/// Dots of consecutive seeds have different heights, so that they can be counted.
const HEIGHTS: [f64; 5] = [0.0, 4.0, -4.0, 2.0, -2.0];
const GAP: f64 = 8.0;

impl ForestPanel<'_> {
    /// Draws the panel with its plot at `rect`.
    pub(super) fn draw_at(&self, sheet: &mut Sheet, rect: Rect) {
        let Some(x) = self.x.clone() else {
            return nothing(sheet, rect);
        };
        // The vertical axis measures pixels from the bottom, because rows are placed in pixels.
        let y = Axis::new((0.0, rect.height), false, 0.0);
        let frame = Frame { rect, x, y };
        sheet.layer(|area| {
            self.rows.iter().skip(1).step_by(2).try_for_each(|row| shade(area, row, &rect))?;
            frame.draw_axes(area)
        });
        if let Some(reference_kind) = self.reference_kind {
            draw_reference_kind(sheet, &frame, reference_kind);
        }
        self.lines.draw(sheet, &rect);
        for row in &self.rows {
            sheet.titled(&row.measured.label, &title(row), |sheet| draw_row(sheet, &frame, row));
        }
        sheet.layer(|area| self.rows.iter().try_for_each(|row| write_texts(area, row, &rect)));
    }
}

/// Writes the label to the left of the plot, and the remark to its right.
fn write_texts(area: &Area<'_>, row: &Row, rect: &Rect) -> Drawn {
    let middle = rect.top + row.top + row.height / 2.0;
    write(area, &row.remark, (rect.right() + GAP, middle), Lettering::new(REMARK, MUTED))?;
    let name = (row.label.len() as f64 * LABEL, row.below.len() as f64 * REMARK);
    let mut y = middle - (name.0 + name.1) * LEADING / 2.0;
    let mut put = |lines: &[String], lettering: Lettering| {
        lines.iter().try_for_each(|line| {
            let height = lettering.size * LEADING;
            y += height;
            write(area, line, (rect.left - GAP, y - height / 2.0), lettering.ending())
        })
    };
    put(&row.label, Lettering::new(LABEL, INK))?;
    put(&row.below, Lettering::new(REMARK, MUTED))
}

/// The tooltip: label, value and interval.
fn title(row: &Row) -> String {
    let measured = row.measured;
    let label = &measured.label;
    let title = match row.position {
        Position::At(value) => {
            let [value, low, high] = [value, measured.low, measured.high].map(|x| any(x, 3));
            match measured.has_interval() {
                true => format!("{label}: {value} [{low}, {high}]"),
                false => format!("{label}: {value}"),
            }
        }
        _ => label.clone(),
    };
    if row.remark.is_empty() { title } else { format!("{title}, {}", row.remark) }
}

fn shade(area: &Area<'_>, row: &Row, rect: &Rect) -> Drawn {
    let top = rect.top + row.top;
    let corners = [(rect.left, top), (rect.right(), top + row.height)].map(pixel);
    area.draw(&Rectangle::new(corners, STRIP.filled()))
}

fn draw_reference_kind(sheet: &mut Sheet, frame: &Frame, (name, value): (&str, f64)) {
    let rect = frame.rect;
    let (x, _) = frame.pixel((value, 0.0));
    let fits = width(name, REMARK) <= rect.width;
    let name = if fits { name } else { "reference" };
    let half = width(name, REMARK) / 2.0;
    let middle = x.clamp(rect.left + half, (rect.right() - half).max(rect.left + half));
    let (dash, thickness) = REFERENCE_KIND;
    sheet.dashed(dash, |sheet| {
        let ends = [(x, rect.top + HEAD - 2.0), (x, rect.bottom())];
        sheet.layer(|area| line(area, &ends, MUTED, thickness));
    });
    sheet.layer(|area| {
        let at = (middle, rect.top + HEAD / 2.0 - 1.0);
        write(area, name, at, Lettering::new(REMARK, MUTED).centered())
    });
}

fn draw_row(sheet: &mut Sheet, frame: &Frame, row: &Row) {
    let y = frame.rect.height - row.top - row.height / 2.0;
    let color = row.style.rgb();
    sheet.layer(|area| {
        let plot = frame.plot(area)?;
        let on_axis = |seed: &&f64| (frame.x.low..=frame.x.high).contains(*seed);
        for (seed, height) in
            row.measured.samples.iter().filter(on_axis).zip(HEIGHTS.iter().cycle())
        {
            let dot = Circle::new((0, units(*height)), units(SEED), color.mix(0.35).filled());
            plot.draw(&(EmptyElement::at((*seed, y)) + dot))?;
        }
        draw_interval(&plot, frame, row, y)
    });
    sheet.edged(|sheet| {
        sheet.layer(|area| {
            let plot = frame.plot(area)?;
            match row.position {
                Position::At(value) => plot.draw(&symbol((value, y), row.style, RADIUS, 1.0)),
                Position::Right => plot.draw(&arrow((frame.x.high, y), 9.0, color)),
                Position::Left => plot.draw(&arrow((frame.x.low, y), -9.0, color)),
                Position::Zero | Position::NotPositive | Position::Missing => Ok(()),
            }
        });
    });
}

/// Draws the bar, with an arrow where it extends beyond the axis.
fn draw_interval(plot: &Plot<'_>, frame: &Frame, row: &Row, y: f64) -> Drawn {
    let FinalRow { low, high, .. } = *row.measured;
    if !row.measured.has_interval()
        || matches!(row.position, Position::Missing | Position::NotPositive | Position::Zero)
    {
        return Ok(());
    }
    let inside = |value: f64| (value.clamp(frame.x.low, frame.x.high), y);
    let bar = vec![inside(low), inside(high)];
    let color = row.style.rgb();
    plot.draw(&PathElement::new(bar, stroke(color, 2.0)))?;
    if high > frame.x.high {
        plot.draw(&arrow((frame.x.high, y), 6.0, color))?;
    }
    if low < frame.x.low {
        plot.draw(&arrow((frame.x.low, y), -6.0, color))?;
    }
    Ok(())
}
