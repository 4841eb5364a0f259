//! Vertical lines, each with its name to the right of its upper end, above the rows.

use crate::axis::Axis;
use crate::page::layout::{REMARK, height, paragraph};
use crate::svg::mark::{Lettering, MUTED, line};
use crate::svg::sheet::{Rect, Sheet};
use crate::text::{widest, wrap};

/// The longest line of a name; longer names are wrapped.
const LONGEST: f64 = 200.0;
/// The space from a line to its name, and from there to the next line in the same row.
const BESIDE: f64 = 3.0;
const APART: f64 = 6.0;
const PADDING: f64 = 4.0;

/// A line with its name.
pub(crate) struct NamedLine {
    name: Vec<String>,
    /// Strokes and gaps in pixels.
    dash: &'static [f64],
    width: f64,
    /// From the left edge of the plot, in pixels.
    x: f64,
    /// From the upper edge of the plot, in pixels.
    top: f64,
}

/// The lines of a panel, in their order from left to right.
#[derive(Default)]
pub(crate) struct NamedLines {
    lines: Vec<NamedLine>,
    /// The height of all names.
    pub height: f64,
}

impl NamedLine {
    /// A line at `value` of an axis that is `length` pixels long.
    pub fn new(
        (name, value): (&str, f64),
        (dash, width): (&'static [f64], f64),
        (axis, length): (&Axis, f64),
    ) -> NamedLine {
        let x = axis.position(value) * length;
        NamedLine { name: wrap(name, REMARK, LONGEST), dash, width, x, top: 0.0 }
    }

    /// A line whose name is elsewhere.
    pub fn unnamed(
        value: f64,
        (dash, width): (&'static [f64], f64),
        (axis, length): (&Axis, f64),
    ) -> NamedLine {
        let x = axis.position(value) * length;
        NamedLine { name: Vec::new(), dash, width, x, top: 0.0 }
    }

    fn end(&self) -> f64 {
        self.x + BESIDE + widest(&self.name, REMARK)
    }
}

impl NamedLines {
    /// Places the names in rows. A line that would pass through the previous name starts a new row,
    /// and each line starts in the row of its name. So lines further left start higher, and pass the
    /// names of the others on their left.
    pub fn new(mut lines: Vec<NamedLine>) -> NamedLines {
        lines.sort_by(|a, b| a.x.total_cmp(&b.x));
        let (mut top, mut row, mut end) = (0.0, 0.0_f64, 0.0);
        for line in &mut lines {
            if line.x < end {
                top += row;
                row = 0.0;
            }
            line.top = top;
            row = row.max(height(&line.name, REMARK) + PADDING);
            end = line.end() + APART;
        }
        NamedLines { lines, height: top + row }
    }

    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The right end of the names, from the left edge of the plot.
    pub fn end(&self) -> f64 {
        self.lines.iter().map(NamedLine::end).fold(0.0, f64::max)
    }

    pub fn draw(&self, sheet: &mut Sheet, rect: &Rect) {
        for named in &self.lines {
            let (x, top) = (rect.left + named.x, rect.top + named.top);
            sheet.dashed(named.dash, |sheet| {
                let ends = [(x, top), (x, rect.bottom())];
                sheet.layer(|area| line(area, &ends, MUTED, named.width));
            });
            sheet.layer(|area| {
                let from = (x + BESIDE, top + PADDING / 2.0);
                paragraph(area, &named.name, from, Lettering::new(REMARK, MUTED))
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(places: &[(&str, f64)]) -> NamedLines {
        let axis = Axis::new((0.0, 100.0), false, 0.0);
        let new = |&named: &(&str, f64)| NamedLine::new(named, (&[], 1.0), (&axis, 400.0));
        NamedLines::new(places.iter().map(new).collect())
    }

    fn tops(lines: &NamedLines) -> Vec<(f64, f64)> {
        lines.lines.iter().map(|line| (line.x, line.top)).collect()
    }

    #[test]
    fn names_that_fit_share_a_row() {
        let lines = lines(&[("b", 50.0), ("a", 0.0)]);
        assert_eq!(tops(&lines), [(0.0, 0.0), (200.0, 0.0)]);
        assert_eq!(lines.height, height(&["a".into()], REMARK) + PADDING);
    }

    #[test]
    fn no_line_passes_through_a_name() {
        let crowd =
            lines(&[("floor", 10.0), ("a far longer name", 11.0), ("c", 11.0), ("d", 40.0)]);
        for (i, named) in crowd.lines.iter().enumerate() {
            let bottom = named.top + height(&named.name, REMARK);
            for (j, other) in crowd.lines.iter().enumerate().filter(|(j, _)| *j != i) {
                let beside = other.x <= named.x || other.x >= named.end();
                assert!(beside || other.top >= bottom, "{j} passes through the name of {i}");
            }
        }
        assert!(crowd.height > 2.0 * height(&["a".into()], REMARK));
    }

    #[test]
    fn without_lines_there_is_no_height() {
        assert!(lines(&[]).is_empty());
        assert_eq!((lines(&[]).height, lines(&[]).end()), (0.0, 0.0));
    }
}
