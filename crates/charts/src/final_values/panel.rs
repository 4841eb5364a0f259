//! The contents of a panel of rows: the position, label and remark of each row.

use crate::axis::limits::is_number;
use crate::axis::{Axis, Direction};
use crate::drawing::{LegendEntry, Readout};
use crate::figure::Reference;
use crate::final_values::figure::{FinalPanel, FinalRow};
use crate::final_values::limits::horizontal;
use crate::final_values::named_lines::{NamedLine, NamedLines};
use crate::page::caption::list_references;
use crate::page::layout::{Block, Drawable, LEADING, Layout, REMARK, height as lines_height};
use crate::page::legend;
use crate::page::replication::{Replication, warning};
use crate::reference::{self, placed, widened};
use crate::style::Style;
use crate::style::variants::Variants;
use crate::svg::sheet::{Rect, Sheet};
use crate::text::{widest, width, wrap};

/// What the panels of a figure have in common.
pub(crate) struct Setting<'a> {
    pub variants: Variants,
    pub replication: &'a Replication,
    pub log: bool,
    pub width: f64,
    pub layout: Layout,
    /// Whether some panel has a reference line, so that all panels have space for its name.
    pub head: bool,
}

/// The longest line of a label.
fn longest_label(layout: Layout) -> f64 {
    match layout {
        Layout::Sheet => 235.0,
        Layout::Piece => 142.0,
    }
}

pub(crate) const LABEL: f64 = 12.0;
const LEAST_ROW: f64 = 20.0;
/// The space above the rows for the name of the reference kind's line.
pub(crate) const HEAD: f64 = 18.0;
const MARGIN: f64 = 8.0;
/// Strokes and gaps of the reference kind's line, and its width.
pub(crate) const REFERENCE_KIND: (&[f64], f64) = (&[5.0, 3.0], 1.0);

/// The position of the central value of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Position {
    /// On the axis.
    At(f64),
    /// `+∞`: beyond the right end of every axis.
    Right,
    /// `−∞`: beyond the left end of every axis.
    Left,
    /// Zero, on a logarithmic axis.
    Zero,
    /// Negative, on a logarithmic axis.
    NotPositive,
    /// NaN: nowhere.
    Missing,
}

impl Position {
    fn new(value: f64, log: bool) -> Position {
        match value {
            value if value.is_nan() => Position::Missing,
            value if !is_number(value) && value > 0.0 => Position::Right,
            value if !is_number(value) => Position::Left,
            0.0 if log => Position::Zero,
            value if log && value < 0.0 => Position::NotPositive,
            value => Position::At(value),
        }
    }

    fn remark(self) -> Option<&'static str> {
        match self {
            Position::At(_) => None,
            Position::Right => Some("→ diverged"),
            Position::Left => Some("← diverged"),
            Position::Zero => Some("0, not on a log axis"),
            Position::NotPositive => Some("below 0, not on a log axis"),
            Position::Missing => Some("no finite value"),
        }
    }
}

/// A row, ready to be drawn.
pub(crate) struct Row<'a> {
    pub measured: &'a FinalRow,
    /// The label, broken into lines.
    pub label: Vec<String>,
    /// Remarks below the label, broken into lines.
    pub below: Vec<String>,
    /// Remarks to the right of the plot.
    pub remark: String,
    pub position: Position,
    pub style: Style,
    /// The distance of its upper edge from that of the plot, in pixels.
    pub top: f64,
    pub height: f64,
}

/// A panel, ready to be drawn.
pub(crate) struct ForestPanel<'a> {
    pub rows: Vec<Row<'a>>,
    /// `None` if there is nothing to show.
    pub x: Option<Axis>,
    /// Name and value of the reference kind's line, if it is the only line.
    pub reference_kind: Option<(&'a str, f64)>,
    /// The lines of the references, with that of the reference kind if there are any.
    pub lines: NamedLines,
    /// The references of the legend: names and values.
    references: Vec<(String, f64)>,
    title: String,
    warning: Option<String>,
    footnotes: Vec<String>,
    plot: (f64, f64),
}

impl<'a> ForestPanel<'a> {
    pub fn new(
        panel: &FinalPanel,
        ranked: &[&'a FinalRow],
        reference_kind: Option<&'a FinalRow>,
        setting: &Setting,
    ) -> ForestPanel<'a> {
        let x = horizontal(ranked, setting.log)
            .map(|ends| widened(ends, &panel.references, setting.log))
            .map(|ends| Axis::new(ends, setting.log, 0.04))
            .map(|axis| axis.with_ticks(Direction::Across, setting.width));
        let reference_kind = reference_kind
            .map(|row| (row.label.as_str(), row.value))
            .filter(|(_, value)| !setting.log || *value > 0.0);
        let (references, off) = placed(&panel.references, x.as_ref());
        let lines = named_lines(&references, reference_kind, x.as_ref(), setting);
        let of_legend = references.iter().filter(|_| setting.layout == Layout::Piece);
        let of_legend = of_legend.map(|reference| (reference.label.clone(), reference.value));
        let head = if setting.head { HEAD } else { 0.0 };
        let mut end = if lines.is_empty() { head } else { lines.height };
        let mut rows = Vec::with_capacity(ranked.len());
        for measured in ranked {
            let row = row(measured, x.as_ref(), end, setting);
            end += row.height;
            rows.push(row);
        }
        let counts: Vec<_> = ranked.iter().map(|row| (row.label.as_str(), row.runs)).collect();
        ForestPanel {
            rows,
            x,
            reference_kind: reference_kind.filter(|_| lines.is_empty()),
            lines,
            references: of_legend.collect(),
            title: panel.title.clone(),
            warning: warning(&counts),
            footnotes: list_references("not on the axis", off).into_iter().collect(),
            plot: (setting.width, end.max(3.0 * LEAST_ROW)),
        }
    }

    /// Whether some value or interval extends beyond the axis.
    pub fn any_beyond(&self) -> bool {
        let Some(x) = &self.x else { return false };
        let beyond = |row: &FinalRow| row.low < x.low || row.high > x.high;
        let lost = |row: &Row| matches!(row.position, Position::Left | Position::Right);
        self.rows.iter().any(|row| lost(row) || beyond(row.measured))
    }

    pub fn any_reference(&self) -> bool {
        !self.lines.is_empty()
    }
}

impl Drawable for ForestPanel<'_> {
    fn block(&self) -> Block {
        let drawn = self.x.is_some();
        let label_width = |row: &Row| widest(&row.label, LABEL).max(widest(&row.below, REMARK));
        let labels = self.rows.iter().map(label_width).fold(0.0, f64::max);
        let remarks = self.rows.iter().map(|row| width(&row.remark, REMARK)).fold(0.0, f64::max);
        let named_remark = |row: &Row| format!("{}: {}", row.measured.label, row.remark);
        let not_drawn = self.rows.iter().filter(|_| !drawn).map(named_remark);
        let names = (self.lines.end() - self.plot.0).max(0.0);
        Block {
            title: self.title.clone(),
            warning: self.warning.clone(),
            footnotes: not_drawn.chain(self.footnotes.iter().cloned()).collect(),
            before: if drawn { labels.ceil() + MARGIN } else { 0.0 },
            plot: self.plot,
            after: if drawn { remarks.max(names).ceil() + MARGIN } else { 0.0 },
        }
    }

    fn draw(&self, sheet: &mut Sheet, rect: Rect) {
        self.draw_at(sheet, rect);
    }

    fn legend(&self) -> Vec<LegendEntry> {
        let references = self.references.iter();
        references.map(|(name, value)| legend::reference((name, *value))).collect()
    }

    fn readout(&self, _: &str, _: Rect, _: (f64, f64)) -> Option<Readout> {
        None
    }
}

/// The named lines of a panel. There are none without references: then the line of the reference kind
/// has its name centered above it.
fn named_lines(
    references: &[&Reference],
    reference_kind: Option<(&str, f64)>,
    x: Option<&Axis>,
    setting: &Setting,
) -> NamedLines {
    let Some(x) = x.filter(|_| !references.is_empty()) else {
        return NamedLines::default();
    };
    let line = |named, look| match setting.layout {
        Layout::Sheet => NamedLine::new(named, look, (x, setting.width)),
        Layout::Piece => NamedLine::unnamed(named.1, look, (x, setting.width)),
    };
    let look = (&reference::DASH[..], reference::WIDTH);
    let lines = references.iter().map(|r| line((r.label.as_str(), r.value), look));
    NamedLines::new(lines.chain(reference_kind.map(|kind| line(kind, REFERENCE_KIND))).collect())
}

fn row<'a>(measured: &'a FinalRow, x: Option<&Axis>, top: f64, setting: &Setting) -> Row<'a> {
    let position = Position::new(measured.value, setting.log);
    let label = wrap(&measured.label, LABEL, longest_label(setting.layout));
    let remarks = remarks(measured, position, x, setting).join(", ");
    let (below, remark) = match setting.layout {
        Layout::Piece if !remarks.is_empty() => {
            (wrap(&remarks, REMARK, longest_label(setting.layout)), String::new())
        }
        _ => (Vec::new(), remarks),
    };
    let height = label.len() as f64 * LABEL * LEADING + lines_height(&below, REMARK) + 4.0;
    Row {
        measured,
        label,
        below,
        remark,
        position,
        style: setting.variants.style(&measured.kind, &measured.label),
        top,
        height: height.max(LEAST_ROW),
    }
}

fn remarks(row: &FinalRow, position: Position, x: Option<&Axis>, setting: &Setting) -> Vec<String> {
    let beyond = |value: &f64| x.is_some_and(|x| *value < x.low || *value > x.high);
    let finite = row.samples.iter().filter(|value| is_number(**value));
    let not_finite = row.samples.len() - finite.clone().count();
    let counted = |count: usize, what: &str| {
        let seeds = if count == 1 { "seed" } else { "seeds" };
        (count > 0).then(|| format!("{count} {seeds} {what}"))
    };
    let unexplained = if not_finite > row.failures { not_finite } else { 0 };
    [
        position.remark().map(str::to_owned),
        setting.replication.remark(row.runs, row.failures),
        counted(unexplained, "not finite"),
        counted(finite.filter(|value| beyond(value)).count(), "beyond the axis"),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_off_the_axis_has_a_remark() {
        assert_eq!(Position::new(f64::INFINITY, false).remark(), Some("→ diverged"));
        assert_eq!(Position::new(f64::NAN, false).remark(), Some("no finite value"));
        assert_eq!(Position::new(-1.0, true), Position::NotPositive);
        assert_eq!(Position::new(0.0, true).remark(), Some("0, not on a log axis"));
        assert_eq!(Position::new(0.0, false), Position::At(0.0));
        assert_eq!(Position::new(-1.0, false), Position::At(-1.0));
    }
}
