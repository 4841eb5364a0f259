//! What a panel of lines shows, and what it says about that which it cannot show.

use super::axis::{Axis, Direction, range};
use super::frame::Frame;
use super::label::{Label, column_width};
use super::lines::{Interval, Setting};
use super::number::plain;
use super::page::{Block, REMARK, height};
use super::reach::vertical;
use super::replication::warning;
use super::split::Part;
use super::text::wrap;
use super::trace::{Fate, Trace};
use super::words::list;
use super::{Panel, Point, Series, Style};

/// The least height of a plot in pixels; more if its labels need it.
const HEIGHT: f64 = 270.0;
const STRIP_PADDING: f64 = 8.0;

/// A series that has places on the axes.
pub(super) struct Line {
    /// Shown under the pointer.
    pub title: String,
    pub style: Style,
    pub trace: Trace,
    /// Where its value is known to be.
    pub expected: Vec<Point>,
    pub label: Label,
}

/// A panel; it can be drawn once it has a size.
pub(super) struct LinePanel {
    pub lines: Vec<Line>,
    /// None if there is nothing to show.
    pub axes: Option<(Axis, Axis)>,
    /// The text of the strip for zero.
    pub strip: Vec<String>,
    pub interval: Interval,
    title: String,
    warning: Option<String>,
    footnotes: Vec<String>,
    size: (f64, f64),
}

impl LinePanel {
    pub fn new(part: &Part, setting: &Setting) -> LinePanel {
        let traces = Traces::new(part.series.iter().copied(), setting);
        let axes = axes(&setting.figure.panels[part.panel], setting);
        let drawn = traces.pairs().filter(|(_, trace)| trace.is_drawn());
        let lines: Vec<_> = drawn.map(|(series, trace)| line(series, trace, setting)).collect();
        let zero = traces.note(setting.manner.zero, Fate::Zero);
        let (strip, zero) = match axes {
            Some(_) => (zero.map(|note| wrap(&note, REMARK, setting.width - 16.0)), None),
            None => (None, zero),
        };
        let cut = axes.as_ref().is_some_and(|(_, y)| traces.reach_beyond(y));
        let footnotes = [
            zero,
            traces.note("no finite value", Fate::NoFiniteValue),
            traces.note("no positive value, so not on a log axis", Fate::NotPositive),
            cut.then(|| "values beyond the vertical axis are cut off".into()),
        ];
        let counts = part.series.iter().map(|series| (series.label.as_str(), series.runs));
        LinePanel {
            lines,
            axes,
            strip: strip.unwrap_or_default(),
            interval: setting.manner.interval,
            title: part.title.clone(),
            warning: warning(&counts.collect::<Vec<_>>()),
            footnotes: footnotes.into_iter().flatten().collect(),
            size: (setting.width, HEIGHT),
        }
    }

    /// The height that the labels and the strip need.
    pub fn least_height(&self) -> f64 {
        let labels: f64 = self.lines.iter().map(|line| line.label.height()).sum();
        labels.max(HEIGHT) + self.strip_height()
    }

    /// The panel with a plot of that height.
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

    fn strip_height(&self) -> f64 {
        let text = height(&self.strip, REMARK);
        if text > 0.0 { text + STRIP_PADDING } else { 0.0 }
    }

    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    pub fn any_diverged(&self) -> bool {
        self.lines.iter().any(|line| line.trace.diverged().is_some())
    }

    pub fn any_expected(&self) -> bool {
        self.lines.iter().any(|line| !line.expected.is_empty())
    }

    pub fn block(&self) -> Block {
        Block {
            title: self.title.clone(),
            warning: self.warning.clone(),
            footnotes: self.footnotes.clone(),
            before: self.axes.as_ref().map_or(0.0, |(_, y)| Frame::beside(y)),
            plot: self.size,
            after: column_width(self.lines.iter().map(|line| &line.label)),
        }
    }
}

/// Series, and what of each can be drawn.
struct Traces<'a> {
    series: Vec<&'a Series>,
    traces: Vec<Trace>,
}

impl<'a> Traces<'a> {
    fn new(series: impl Iterator<Item = &'a Series>, setting: &Setting) -> Traces<'a> {
        let series: Vec<_> = series.collect();
        let trace = |series: &&Series| Trace::new(&series.points, setting.log_x, setting.log_y);
        let traces = series.iter().map(trace).collect();
        Traces { series, traces }
    }

    fn pairs(&self) -> impl Iterator<Item = (&'a Series, &Trace)> {
        self.series.iter().copied().zip(&self.traces)
    }

    /// Names the series of a fate, if there are any.
    fn note(&self, what: &str, fate: Fate) -> Option<String> {
        let named = self.pairs().filter(|(_, trace)| trace.fate == fate);
        list(what, &named.map(|(series, _)| series.label.as_str()).collect::<Vec<_>>())
    }

    fn reach_beyond(&self, y: &Axis) -> bool {
        let points = self.traces.iter().flat_map(Trace::points);
        let mut values = points.flat_map(|point| [point.y, point.low, point.high]);
        values.any(|value| value < y.low || value > y.high)
    }
}

fn line(series: &Series, trace: &Trace, setting: &Setting) -> Line {
    let mut remarks = Vec::new();
    if let Some(at) = trace.diverged() {
        let x = Some(&setting.figure.x_label).filter(|label| (1..=12).contains(&label.len()));
        let x = x.map_or(String::new(), |label| format!("{label} "));
        remarks.push(format!("diverged at {x}{}", plain(at, 6)));
    }
    remarks.extend(setting.replication.remark(series.runs, series.failures));
    if trace.hidden > 0 {
        let values = if trace.hidden == 1 { "value" } else { "values" };
        remarks.push(format!("{} {values} ≤ 0 not shown", trace.hidden));
    }
    let said = std::iter::once(&series.label).chain(&remarks).cloned().collect::<Vec<_>>();
    Line {
        title: said.join(", "),
        style: setting.book.style(&series.kind, &series.label),
        trace: trace.clone(),
        expected: series.expected.iter().map(|&(x, y)| Point { x, y, low: y, high: y }).collect(),
        label: Label::new(&series.label, &remarks),
    }
}

/// The axes for all parts of a panel, still without ticks; none if no value has a place.
fn axes(panel: &Panel, setting: &Setting) -> Option<(Axis, Axis)> {
    let traces = Traces::new(panel.series.iter(), setting).traces;
    let across = range(traces.iter().flat_map(Trace::points).map(|point| point.x))?;
    let up = vertical(&traces, setting.log_y)?;
    let y = Axis::new(up, setting.log_y, 0.05);
    let x = match setting.manner.interval {
        Interval::Band if across.0 >= 0.0 => Axis::new(across, setting.log_x, 0.0).not_below_zero(),
        Interval::Band => Axis::new(across, setting.log_x, 0.0),
        Interval::Bar => Axis::new(across, setting.log_x, 0.06),
    };
    Some((x, if up.0 >= 0.0 { y.not_below_zero() } else { y }))
}
