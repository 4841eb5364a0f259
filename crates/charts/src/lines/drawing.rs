//! Drawing a panel of lines: intervals first, then one group per series, then the labels.

use crate::figure::Point;
use crate::label_column::LabelColumn;
use crate::lines::band::bands;
use crate::lines::panel::{Interval, Level, Line, LinePanel};
use crate::lines::segments::clip;
use crate::page::caption::tooltip;
use crate::page::empty::nothing;
use crate::page::layout::{Layout, REMARK, height, paragraph};
use crate::reference;
use crate::style::Dash;
use crate::svg::frame::Frame;
use crate::svg::mark::{Lettering, MUTED, cross, line, pixel, ring, stroke, symbol};
use crate::svg::sheet::{Area, Drawn, Rect, Sheet};
use plotters::element::{PathElement, Polygon};
use plotters::style::Color;

const LINE: f64 = 1.6;
const MARKER: f64 = 3.6;
/// A line that ends in this rightmost share of the plot has a leader to its label.
const NEAR_EDGE: f64 = 0.08;
/// The approximate number of markers on a line.
const MARKERS: usize = 6;

/// A line in the coordinates of the axes.
struct Visible<'a> {
    line: &'a Line,
    /// The pieces, clipped to the vertical axis.
    parts: Vec<Vec<(f64, f64)>>,
    /// Its last finite value, clamped to the axis.
    end: Option<(f64, f64)>,
}

impl<'a> Visible<'a> {
    fn new(line: &'a Line, frame: &Frame) -> Visible<'a> {
        let pieces = &line.segments.pieces;
        let last = pieces.last().and_then(|piece| piece.last());
        Visible {
            line,
            parts: pieces.iter().flat_map(|piece| clip(piece, &frame.x, &frame.y)).collect(),
            end: last.map(|point| (point.x, point.y.clamp(frame.y.low, frame.y.high))),
        }
    }
}

impl LinePanel {
    /// Draws the panel with its plot at `rect`.
    pub(super) fn draw_at(&self, sheet: &mut Sheet, rect: Rect) {
        let Some((x, y)) = self.axes.clone() else {
            return nothing(sheet, rect);
        };
        let frame = Frame { rect, x, y };
        let lines: Vec<_> = self.lines.iter().map(|line| Visible::new(line, &frame)).collect();
        let wanted = |line: &Visible| line.end.map_or(rect.top, |end| frame.pixel(end).1);
        let ends = lines.iter().map(wanted).chain(self.levels.iter().map(|l| height_of(&frame, l)));
        let column = (self.layout == Layout::Sheet)
            .then(|| LabelColumn::new(self.labels().zip(ends).collect(), &rect));
        let markers = |(index, visible): (usize, &Visible)| {
            self.markers(&visible.line.segments.pieces, &frame, index as f64 / lines.len() as f64)
        };
        let markers: Vec<Vec<Point>> = lines.iter().enumerate().map(markers).collect();
        sheet.layer(|area| {
            frame.draw_axes(area)?;
            self.write_strip(area, &rect)
        });
        for (visible, markers) in lines.iter().zip(&markers) {
            sheet.part_of(&visible.line.name, |sheet| {
                sheet.layer(|area| self.draw_intervals(area, &frame, visible.line, markers));
            });
        }
        self.draw_levels(sheet, &frame, column.as_ref());
        for (index, visible) in lines.iter().enumerate() {
            let swatch = column.as_ref().map(|column| column.swatch(index));
            draw_line(sheet, &frame, visible, swatch, &markers[index]);
        }
        if let Some(column) = column {
            sheet.layer(|area| {
                draw_leaders(area, &frame, &lines, &column)?;
                column.write(area)
            });
        }
    }

    /// Draws the references, each with its swatch and a leader to it, if there is a column of labels.
    fn draw_levels(&self, sheet: &mut Sheet, frame: &Frame, column: Option<&LabelColumn<'_>>) {
        if self.levels.is_empty() {
            return;
        }
        let (left, right) = (frame.rect.left, frame.rect.right());
        let levels = || (self.lines.len()..).zip(self.levels.iter().map(|l| height_of(frame, l)));
        sheet.dashed(&reference::DASH, |sheet| {
            sheet.layer(|area| {
                levels().try_for_each(|(index, y)| {
                    line(area, &[(left, y), (right, y)], MUTED, reference::WIDTH)?;
                    let Some(column) = column else { return Ok(()) };
                    line(area, &column.swatch(index), MUTED, reference::WIDTH)
                })
            });
        });
        let Some(column) = column else { return };
        sheet.layer(|area| {
            levels().try_for_each(|(index, y)| {
                line(area, &column.leader(index, (right, y)), MUTED, 0.5)
            })
        });
    }

    fn write_strip(&self, area: &Area<'_>, rect: &Rect) -> Drawn {
        let from = (rect.left + 8.0, rect.bottom() - height(&self.strip, REMARK) - 4.0);
        paragraph(area, &self.strip, from, Lettering::new(REMARK, MUTED))
    }

    /// Draws the intervals of a line: bands, or bars at all points, or bars at those with a marker.
    fn draw_intervals(
        &self,
        area: &Area<'_>,
        frame: &Frame,
        line: &Line,
        markers: &[Point],
    ) -> Drawn {
        let plot = frame.plot(area)?;
        let color = line.style.rgb();
        let bars = |points: &[Point]| {
            let mut bars = points.iter().filter_map(|point| bar(point, frame));
            bars.try_for_each(|bar| {
                plot.draw(&PathElement::new(bar.to_vec(), stroke(color.mix(0.6), 1.2)))
            })
        };
        if self.interval == Interval::Band && !self.has_band(line) {
            return bars(markers);
        }
        for piece in &line.segments.pieces {
            if self.interval == Interval::Bar || piece.len() == 1 {
                bars(piece)?;
                continue;
            }
            for outline in bands(piece, &frame.x, &frame.y) {
                plot.draw(&Polygon::new(outline, color.mix(0.13)))?;
            }
        }
        Ok(())
    }

    /// The points with a marker: all if there are few, else every n-th, and every isolated point.
    fn markers(&self, pieces: &[Vec<Point>], frame: &Frame, phase: f64) -> Vec<Point> {
        let count = pieces.iter().map(Vec::len).sum::<usize>();
        let all = self.interval == Interval::Bar || count <= MARKERS + 2;
        let every = if all { 1 } else { count / MARKERS };
        let first = (phase * every as f64) as usize;
        let numbered =
            pieces.iter().flat_map(|piece| piece.iter().map(|point| (piece.len(), point)));
        numbered
            .enumerate()
            .filter(|(i, (length, _))| *length == 1 || i % every == first)
            .filter(|(_, (_, point))| (frame.y.low..=frame.y.high).contains(&point.y))
            .map(|(_, (_, point))| *point)
            .collect()
    }
}

fn height_of(frame: &Frame, level: &Level) -> f64 {
    frame.pixel((frame.x.low, level.value)).1
}

/// Draws leaders from the lines that end near the right edge to their labels.
fn draw_leaders(
    area: &Area<'_>,
    frame: &Frame,
    lines: &[Visible],
    column: &LabelColumn<'_>,
) -> Drawn {
    let near_edge = |end: &(f64, f64)| frame.rect.right() - end.0 < NEAR_EDGE * frame.rect.width;
    for (index, visible) in lines.iter().enumerate() {
        let end = visible.end.map(|end| frame.pixel(end));
        if let Some(end) = end.filter(near_edge) {
            line(area, &column.leader(index, end), visible.line.style.rgb(), 0.7)?;
        }
    }
    Ok(())
}

fn bar(point: &Point, frame: &Frame) -> Option<[(f64, f64); 2]> {
    let (low, high) = bounds(point, frame)?;
    (low < high).then_some([(point.x, low), (point.x, high)])
}

/// The interval clamped to the axis.
fn bounds(point: &Point, frame: &Frame) -> Option<(f64, f64)> {
    let inside = |value: f64| value.clamp(frame.y.low, frame.y.high);
    point.has_interval().then(|| (inside(point.low), inside(point.high)))
}

fn draw_line(
    sheet: &mut Sheet,
    frame: &Frame,
    visible: &Visible,
    swatch: Option<[(f64, f64); 2]>,
    markers: &[Point],
) {
    let (style, segments) = (visible.line.style, &visible.line.segments);
    let color = style.rgb();
    let strokes = |sheet: &mut Sheet| {
        sheet.layer(|area| {
            let plot = frame.plot(area)?;
            for part in visible.parts.iter().filter(|part| part.len() > 1) {
                plot.draw(&PathElement::new(part.clone(), stroke(color, LINE)))?;
            }
            swatch.map_or(Ok(()), |swatch| line(area, &swatch, color, LINE))
        });
    };
    sheet.titled(
        &visible.line.name,
        &tooltip(&visible.line.name, &visible.line.remarks),
        |sheet| {
            match style.dash {
                Dash::Solid => strokes(sheet),
                dash => sheet.dashed(dash.lengths(), strokes),
            }
            sheet.edged(|sheet| {
                sheet.layer(|area| {
                    let plot = frame.plot(area)?;
                    for point in markers {
                        plot.draw(&symbol((point.x, point.y), style, MARKER, 1.0))?;
                    }
                    if let Some(end) = visible.end.filter(|_| segments.diverged().is_some()) {
                        plot.draw(&cross(end, color, 4.5))?;
                    }
                    let Some([(left, y), (right, _)]) = swatch else { return Ok(()) };
                    area.draw(&symbol(pixel(((left + right) / 2.0, y)), style, MARKER, 1.0))
                });
            });
            sheet.layer(|area| {
                let plot = frame.plot(area)?;
                let on_axis = |point: &&Point| (frame.y.low..=frame.y.high).contains(&point.y);
                let mut expected = visible.line.expected.iter().filter(on_axis);
                expected.try_for_each(|point| plot.draw(&ring((point.x, point.y), MARKER + 2.6)))
            });
        },
    );
}
