//! Drawing a panel of lines: intervals first, then one group per series, then the labels.

use crate::figure::Point;
use crate::label_column::LabelColumn;
use crate::lines::band::bands;
use crate::lines::panel::{Interval, Level, Line, LinePanel};
use crate::lines::segments::clip;
use crate::page::empty::nothing;
use crate::page::layout::{REMARK, height, paragraph};
use crate::reference;
use crate::style::Dash;
use crate::svg::frame::{Frame, Plot};
use crate::svg::mark::{Lettering, MUTED, cross, line, pixel, ring, stroke, symbol};
use crate::svg::sheet::{Area, Drawn, Rect, Sheet};
use plotters::element::{PathElement, Polygon};
use plotters::style::Color;

const LINE: f64 = 1.6;
const MARKER: f64 = 3.6;
/// The largest distance between the bars of two series at the same `x`, in pixels, so that they do
/// not hide each other, and the largest distance over all series.
const MOST_APART: f64 = 2.5;
const MOST_ASIDE: f64 = 24.0;
/// A line that ends in this rightmost share of the plot has a leader to its label.
const NEAR_EDGE: f64 = 0.08;
/// The approximate number of markers on a line.
const MARKERS: usize = 6;

/// A line in the coordinates of the axes.
struct Visible<'a> {
    line: &'a Line,
    pieces: Vec<Vec<Point>>,
    /// The pieces, clipped to the vertical axis.
    parts: Vec<Vec<(f64, f64)>>,
    /// Known values.
    expected: Vec<Point>,
    /// Its last finite value, clamped to the axis.
    end: Option<(f64, f64)>,
}

impl<'a> Visible<'a> {
    /// The line, moved right by `aside` pixels.
    fn new(line: &'a Line, frame: &Frame, aside: f64) -> Visible<'a> {
        let step =
            aside / frame.rect.width * (frame.x.even(frame.x.high) - frame.x.even(frame.x.low));
        let moved = |point: &Point| match aside {
            0.0 => *point,
            _ => Point { x: frame.x.uneven(frame.x.even(point.x) + step), ..*point },
        };
        let pieces = line.segments.pieces.iter().map(|piece| piece.iter().map(moved).collect());
        let pieces: Vec<Vec<Point>> = pieces.collect();
        let last = pieces.last().and_then(|piece| piece.last());
        Visible {
            line,
            parts: pieces.iter().flat_map(|piece| clip(piece, &frame.x, &frame.y)).collect(),
            expected: line.expected.iter().map(moved).collect(),
            end: last.map(|point| (point.x, point.y.clamp(frame.y.low, frame.y.high))),
            pieces,
        }
    }
}

impl LinePanel {
    /// Draws the panel with its plot at `rect`.
    pub fn draw(&self, sheet: &mut Sheet, rect: Rect) {
        let Some((x, y)) = self.axes.clone() else {
            return nothing(sheet, rect);
        };
        let frame = Frame { rect, x, y };
        let lines = self.visible(&frame);
        let wanted = |line: &Visible| line.end.map_or(rect.top, |end| frame.pixel(end).1);
        let ends = lines.iter().map(wanted).chain(self.levels.iter().map(|l| height_of(&frame, l)));
        let column = LabelColumn::new(self.labels().zip(ends).collect(), &rect);
        sheet.layer(|area| {
            frame.draw_axes(area)?;
            self.write_strip(area, &rect)?;
            let plot = frame.plot(area)?;
            lines.iter().try_for_each(|visible| self.draw_intervals(&plot, &frame, visible))
        });
        if !self.levels.is_empty() {
            self.draw_levels(sheet, &frame, &column);
        }
        for (index, visible) in lines.iter().enumerate() {
            let phase = index as f64 / lines.len() as f64;
            let markers = self.markers(&visible.pieces, &frame, phase);
            draw_line(sheet, &frame, visible, column.swatch(index), markers);
        }
        sheet.layer(|area| {
            let plot = frame.plot(area)?;
            let expected = lines.iter().flat_map(|visible| &visible.expected);
            for point in expected.filter(|point| (frame.y.low..=frame.y.high).contains(&point.y)) {
                plot.draw(&ring((point.x, point.y), MARKER + 2.6))?;
            }
            Ok(())
        });
        sheet.layer(|area| {
            draw_leaders(area, &frame, &lines, &column)?;
            column.write(area)
        });
    }

    /// The lines. Lines with bars are moved apart.
    fn visible(&self, frame: &Frame) -> Vec<Visible<'_>> {
        let count = self.lines.len() as f64;
        let apart = match self.interval {
            Interval::Band => 0.0,
            Interval::Bar => MOST_APART.min(MOST_ASIDE / count),
        };
        let aside = |index: usize| (index as f64 - (count - 1.0) / 2.0) * apart;
        let lines = self.lines.iter().enumerate();
        lines.map(|(i, line)| Visible::new(line, frame, aside(i))).collect()
    }

    /// Draws the references, each with its swatch and a leader to it.
    fn draw_levels(&self, sheet: &mut Sheet, frame: &Frame, column: &LabelColumn<'_>) {
        let (left, right) = (frame.rect.left, frame.rect.right());
        let levels = || (self.lines.len()..).zip(self.levels.iter().map(|l| height_of(frame, l)));
        sheet.dashed(&reference::DASH, |sheet| {
            sheet.layer(|area| {
                levels().try_for_each(|(index, y)| {
                    line(area, &[(left, y), (right, y)], MUTED, reference::WIDTH)?;
                    line(area, &column.swatch(index), MUTED, reference::WIDTH)
                })
            });
        });
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

    fn draw_intervals(&self, plot: &Plot<'_>, frame: &Frame, visible: &Visible) -> Drawn {
        let color = visible.line.style.rgb();
        for piece in &visible.pieces {
            match self.interval {
                Interval::Band if piece.len() > 1 => {
                    for outline in bands(piece, &frame.x, &frame.y) {
                        plot.draw(&Polygon::new(outline, color.mix(0.13)))?;
                    }
                }
                _ => {
                    for bar in piece.iter().filter_map(|point| bar(point, frame)) {
                        plot.draw(&PathElement::new(bar.to_vec(), stroke(color.mix(0.6), 1.2)))?;
                    }
                }
            }
        }
        Ok(())
    }

    /// The points with a marker: all if there are few, else every n-th, and every isolated point.
    fn markers(&self, pieces: &[Vec<Point>], frame: &Frame, phase: f64) -> Vec<(f64, f64)> {
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
            .map(|(_, (_, point))| (point.x, point.y))
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
    swatch: [(f64, f64); 2],
    markers: Vec<(f64, f64)>,
) {
    let (style, segments) = (visible.line.style, &visible.line.segments);
    let color = style.rgb();
    let strokes = |sheet: &mut Sheet| {
        sheet.layer(|area| {
            let plot = frame.plot(area)?;
            for part in visible.parts.iter().filter(|part| part.len() > 1) {
                plot.draw(&PathElement::new(part.clone(), stroke(color, LINE)))?;
            }
            line(area, &swatch, color, LINE)
        });
    };
    sheet.titled(&visible.line.title, |sheet| {
        match style.dash {
            Dash::Solid => strokes(sheet),
            dash => sheet.dashed(dash.lengths(), strokes),
        }
        sheet.edged(|sheet| {
            sheet.layer(|area| {
                let plot = frame.plot(area)?;
                for at in markers {
                    plot.draw(&symbol(at, style, MARKER, 1.0))?;
                }
                if let Some(end) = visible.end.filter(|_| segments.diverged().is_some()) {
                    plot.draw(&cross(end, color, 4.5))?;
                }
                let [(left, y), (right, _)] = swatch;
                area.draw(&symbol(pixel(((left + right) / 2.0, y)), style, MARKER, 1.0))
            });
        });
    });
}
