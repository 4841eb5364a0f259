//! The contents of a panel of lines, with notes on what cannot be drawn.

use crate::axis::limits::range;
use crate::axis::number::plain;
use crate::axis::{Axis, Direction};
use crate::figure::{Figure, Panel, Point, Reference, Scale, Series};
use crate::label_column::Label;
use crate::lines::limits::vertical;
use crate::lines::segments::{Fate, Segments};
use crate::page::caption::{list, list_references};
use crate::page::layout::{Layout, REMARK, height};
use crate::page::replication::{Replication, warning};
use crate::page::small_multiples::Part;
use crate::reference::{placed, widened};
use crate::style::Style;
use crate::style::variants::Variants;
use crate::text::wrap;

/// How an interval is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Interval {
    /// A translucent band.
    Band,
    /// A bar at each point.
    Bar,
}

/// What differs between the line plots.
pub(crate) struct Options {
    pub x_scale: Scale,
    pub y_scale: Scale,
    pub interval: Interval,
    /// The note on series that are zero everywhere and so have no position on a log axis.
    pub zero: &'static str,
}

/// What the panels of a figure have in common.
pub(crate) struct Setting<'a> {
    pub figure: &'a Figure,
    pub options: &'a Options,
    pub variants: Variants,
    pub replication: &'a Replication,
    pub log_x: bool,
    pub log_y: bool,
    /// The width of a plot in pixels, and its least height; its labels may need more.
    pub width: f64,
    pub height: f64,
    pub layout: Layout,
}

/// The least height of a plot with its labels beside it.
pub(crate) const HEIGHT: f64 = 270.0;
/// The most lines of one color that have bands; more of them have bars at their markers.
const MOST_BANDS: usize = 2;
const STRIP_PADDING: f64 = 8.0;

/// A series that can be drawn.
pub(crate) struct Line {
    pub name: String,
    pub remarks: Vec<String>,
    pub style: Style,
    pub segments: Segments,
    /// Known values.
    pub expected: Vec<Point>,
    label: Label,
}

/// A reference on the vertical axis.
pub(crate) struct Level {
    pub value: f64,
    pub name: String,
    label: Label,
}

/// A panel, ready to be drawn once [`LinePanel::with_height`] has set its height.
pub(crate) struct LinePanel {
    pub lines: Vec<Line>,
    pub levels: Vec<Level>,
    /// `None` if there is nothing to show.
    pub axes: Option<(Axis, Axis)>,
    /// The text of the strip for zero.
    pub strip: Vec<String>,
    pub interval: Interval,
    pub layout: Layout,
    pub title: String,
    pub warning: Option<String>,
    pub footnotes: Vec<String>,
    pub size: (f64, f64),
}

impl LinePanel {
    pub fn new(part: &Part, setting: &Setting) -> LinePanel {
        let traces = Traces::new(part.series.iter().copied(), setting);
        let axes = axes(&setting.figure.panels[part.panel], setting);
        let drawn = traces.pairs().filter(|(_, segments)| segments.is_drawn());
        let lines: Vec<_> =
            drawn.map(|(series, segments)| line(series, segments, setting)).collect();
        let zero = traces.note(setting.options.zero, Fate::Zero);
        let (strip, zero) = match axes {
            Some(_) => (zero.map(|note| wrap(&note, REMARK, setting.width - 16.0)), None),
            None => (None, zero),
        };
        let cut = axes.as_ref().is_some_and(|(_, y)| traces.reach_beyond(y));
        let (levels, off) = placed(part.references, axes.as_ref().map(|(_, y)| y));
        let level = |reference: &Reference| Level {
            value: reference.value,
            name: reference.label.clone(),
            label: Label::muted(&reference.label),
        };
        let footnotes = [
            zero,
            traces.note("no finite value", Fate::NoFiniteValue),
            traces.note("no positive value, so not on a log axis", Fate::NotPositive),
            cut.then(|| "values beyond the vertical axis are cut off".into()),
            list_references("not on the axis", off),
        ];
        let counts = part.series.iter().map(|series| (series.label.as_str(), series.runs));
        LinePanel {
            lines,
            levels: levels.into_iter().map(level).collect(),
            axes,
            strip: strip.unwrap_or_default(),
            interval: setting.options.interval,
            layout: setting.layout,
            title: part.title.clone(),
            warning: warning(&counts.collect::<Vec<_>>()),
            footnotes: footnotes.into_iter().flatten().collect(),
            size: (setting.width, setting.height),
        }
    }

    /// The least height that has room for the labels and the strip.
    pub fn least_height(&self) -> f64 {
        let labels: f64 = match self.layout {
            Layout::Sheet => self.labels().map(Label::height).sum(),
            Layout::Piece => 0.0,
        };
        labels.max(self.size.1) + self.strip_height()
    }

    /// The panel with a plot of the given height.
    pub fn with_height(mut self, height: f64) -> LinePanel {
        let width = self.size.0;
        let strip = self.strip_height() / height;
        self.size.1 = height;
        self.axes = self.axes.map(|(x, y)| {
            let y = y.with_strip(strip).with_ticks(Direction::Up, height);
            (x.with_ticks(Direction::Across, width), y)
        });
        self
    }

    /// The labels to the right of the plot: those of the lines, then those of the references.
    pub fn labels(&self) -> impl Iterator<Item = &Label> {
        let lines = self.lines.iter().map(|line| &line.label);
        lines.chain(self.levels.iter().map(|level| &level.label))
    }

    fn strip_height(&self) -> f64 {
        let text = height(&self.strip, REMARK);
        if text > 0.0 { text + STRIP_PADDING } else { 0.0 }
    }

    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    pub fn any_diverged(&self) -> bool {
        self.lines.iter().any(|line| line.segments.diverged().is_some())
    }

    pub fn any_expected(&self) -> bool {
        self.lines.iter().any(|line| !line.expected.is_empty())
    }

    /// Whether some lines of one color are too many for bands on top of each other.
    pub fn is_crowded(&self) -> bool {
        self.lines.iter().any(|line| !self.has_band(line))
    }

    /// Whether the interval of a line is a band. If not, it is a bar at each marker.
    pub fn has_band(&self, line: &Line) -> bool {
        let of_color = self.lines.iter().filter(|other| other.style.color == line.style.color);
        self.interval == Interval::Band && of_color.count() <= MOST_BANDS
    }
}

/// Series with the segments of each that can be drawn.
struct Traces<'a> {
    series: Vec<&'a Series>,
    traces: Vec<Segments>,
}

impl<'a> Traces<'a> {
    fn new(series: impl Iterator<Item = &'a Series>, setting: &Setting) -> Traces<'a> {
        let series: Vec<_> = series.collect();
        let segments =
            |series: &&Series| Segments::new(&series.points, setting.log_x, setting.log_y);
        let traces = series.iter().map(segments).collect();
        Traces { series, traces }
    }

    fn pairs(&self) -> impl Iterator<Item = (&'a Series, &Segments)> {
        self.series.iter().copied().zip(&self.traces)
    }

    /// A note that lists the series of a fate, if there are any.
    fn note(&self, what: &str, fate: Fate) -> Option<String> {
        let named = self.pairs().filter(|(_, segments)| segments.fate == fate);
        list(what, &named.map(|(series, _)| series.label.as_str()).collect::<Vec<_>>())
    }

    fn reach_beyond(&self, y: &Axis) -> bool {
        let points = self.traces.iter().flat_map(Segments::points);
        let mut values = points.flat_map(|point| [point.y, point.low, point.high]);
        values.any(|value| value < y.low || value > y.high)
    }
}

fn line(series: &Series, segments: &Segments, setting: &Setting) -> Line {
    let mut remarks = Vec::new();
    if let Some(at) = segments.diverged() {
        let x = Some(&setting.figure.x_label).filter(|label| (1..=12).contains(&label.len()));
        let x = x.map_or(String::new(), |label| format!("{label} "));
        remarks.push(format!("diverged at {x}{}", plain(at, 6)));
    }
    remarks.extend(setting.replication.remark(series.runs, series.failures));
    if segments.hidden > 0 {
        let values = if segments.hidden == 1 { "value" } else { "values" };
        remarks.push(format!("{} {values} ≤ 0 not shown", segments.hidden));
    }
    Line {
        name: series.label.clone(),
        style: setting.variants.style(&series.kind, &series.label),
        segments: segments.clone(),
        expected: series.expected.iter().map(|&(x, y)| Point { x, y, low: y, high: y }).collect(),
        label: Label::new(&series.label, &remarks),
        remarks,
    }
}

/// The axes for all parts of a panel, without ticks. `None` if no value can be drawn.
fn axes(panel: &Panel, setting: &Setting) -> Option<(Axis, Axis)> {
    let traces = Traces::new(panel.series.iter(), setting).traces;
    let across = range(traces.iter().flat_map(Segments::points).map(|point| point.x))?;
    let up = widened(vertical(&traces, setting.log_y)?, &panel.references, setting.log_y);
    let y = Axis::new(up, setting.log_y, 0.05);
    let x = match setting.options.interval {
        Interval::Band if across.0 >= 0.0 => Axis::new(across, setting.log_x, 0.0).not_below_zero(),
        Interval::Band => Axis::new(across, setting.log_x, 0.0),
        Interval::Bar => Axis::new(across, setting.log_x, 0.06),
    };
    Some((x, if up.0 >= 0.0 { y.not_below_zero() } else { y }))
}
