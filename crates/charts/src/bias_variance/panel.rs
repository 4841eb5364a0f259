//! The contents of a panel of bias against variance: marks and paths with their positions.

use crate::axis::limits::range;
use crate::axis::{Axis, Direction};
use crate::bias_variance::limits::biases;
use crate::bias_variance::strips::{Tracks, contains_zero, has_place, steps};
use crate::drawing::{LegendEntry, Readout};
use crate::figure::{Figure, Panel, Point, Series};
use crate::label_column::{Label, column_width};
use crate::page::caption::list;
use crate::page::layout::{Block, Drawable, Layout};
use crate::page::legend;
use crate::page::replication::{Replication, warning};
use crate::page::small_multiples::Part;
use crate::style::variants::Variants;
use crate::style::{STRENGTHS, Style};
use crate::svg::frame::Frame;
use crate::svg::sheet::{Rect, Sheet};

/// What the panels of a figure have in common.
pub(crate) struct Setting<'a> {
    pub figure: &'a Figure,
    pub variants: Variants,
    pub replication: &'a Replication,
    pub tracks: Tracks,
    pub plot: (f64, f64),
    pub layout: Layout,
}

pub(crate) const RADIUS: f64 = 4.2;

/// One step of a series, in pixels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    pub at: (f64, f64),
    /// Upper and lower end of the interval.
    pub bar: Option<(f64, f64)>,
    /// 1 is the full color, for late steps; early steps are paler.
    pub strength: f64,
}

/// A series with the positions of its marks.
pub(crate) struct Path {
    pub name: String,
    pub remarks: Vec<String>,
    pub style: Style,
    pub marks: Vec<Mark>,
    pub label: Label,
}

/// A panel, ready to be drawn. Positions are relative to the upper left corner of the plot.
pub(crate) struct ScatterPanel {
    pub axes: Option<(Axis, Axis)>,
    pub paths: Vec<Path>,
    pub layout: Layout,
    title: String,
    warning: Option<String>,
    footnotes: Vec<String>,
    plot: (f64, f64),
}

impl ScatterPanel {
    pub fn new(part: &Part, setting: &Setting) -> ScatterPanel {
        let counts: Vec<_> =
            part.series.iter().map(|series| (series.label.as_str(), series.runs)).collect();
        let mut panel = ScatterPanel {
            axes: axes(&setting.figure.panels[part.panel], setting),
            paths: Vec::new(),
            layout: setting.layout,
            title: part.title.clone(),
            warning: warning(&counts),
            footnotes: Vec::new(),
            plot: setting.plot,
        };
        if let Some((x, y)) = panel.axes.clone() {
            let (width, height) = panel.plot;
            let frame = Frame { rect: Rect { left: 0.0, top: 0.0, width, height }, x, y };
            let tracks = Tracks::of(std::iter::once(part));
            let mut taken = Tracks::default();
            let drawn = part.series.iter().filter(|series| series.points.iter().any(has_place));
            let path = |series: &&Series| {
                let aside = tracks.take(&mut taken, series);
                path(series, aside, &frame, setting)
            };
            panel.paths = drawn.map(path).collect();
        }
        panel.footnotes = panel.notes(part);
        panel
    }

    pub fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }

    /// Whether some path has more than one step.
    pub fn any_path(&self) -> bool {
        self.paths.iter().any(|path| path.marks.len() > 1)
    }

    /// Notes on what the plot cannot show.
    fn notes(&self, part: &Part) -> Vec<String> {
        let labels = |wanted: fn(usize, usize) -> bool| {
            let chosen = part.series.iter().filter(|series| {
                let places = series.points.iter().filter(|point| has_place(point)).count();
                wanted(places, series.points.len())
            });
            chosen.map(|series| series.label.as_str()).collect::<Vec<_>>()
        };
        let beyond = |y: &Axis| {
            let mut points = part.series.iter().flat_map(|series| steps(series));
            points.any(|point| point.high > y.high || (!contains_zero(&point) && point.low < y.low))
        };
        let cut = self.axes.as_ref().is_some_and(|(_, y)| beyond(y));
        let notes = [
            list("no finite value", &labels(|places, _| places == 0)),
            list(
                "no finite value at some steps",
                &labels(|places, all| 0 < places && places < all),
            ),
            cut.then(|| "intervals beyond the vertical axis are cut off".into()),
        ];
        notes.into_iter().flatten().collect()
    }
}

impl Drawable for ScatterPanel {
    fn block(&self) -> Block {
        Block {
            title: self.title.clone(),
            warning: self.warning.clone(),
            footnotes: self.footnotes.clone(),
            before: self.axes.as_ref().map_or(0.0, |(_, y)| Frame::beside(y)),
            plot: self.plot,
            after: match self.layout {
                Layout::Sheet => column_width(self.paths.iter().map(|path| &path.label)),
                Layout::Piece => 0.0,
            },
        }
    }

    fn draw(&self, sheet: &mut Sheet, rect: Rect) {
        self.draw_at(sheet, rect);
    }

    fn legend(&self) -> Vec<LegendEntry> {
        let entry = |path: &Path| legend::series(&path.name, &path.remarks, path.style, false);
        self.paths.iter().map(entry).collect()
    }

    fn readout(&self, _: &str, _: Rect, _: (f64, f64)) -> Option<Readout> {
        None
    }
}

/// The label of a series beside its plot.
pub(crate) fn label(series: &Series, replication: &Replication) -> Label {
    let remark = replication.remark(series.runs, series.failures);
    Label::new(&series.label, remark.as_slice())
}

/// The axes for all parts of a panel. `None` if no point can be drawn.
fn axes(panel: &Panel, setting: &Setting) -> Option<(Axis, Axis)> {
    let points: Vec<Point> = panel.series.iter().flat_map(steps).collect();
    points.first()?;
    let (width, height) = setting.plot;
    let (left, below) = setting.tracks.size();
    let across = points.iter().map(|point| point.x).filter(|x| *x > 0.0);
    let x = Axis::new(range(across).unwrap_or((1.0, 1.0)), true, 0.06).with_strip(left / width);
    let y = Axis::new(biases(&points), true, 0.08).with_strip(below / height);
    Some((x.with_ticks(Direction::Across, width), y.with_ticks(Direction::Up, height)))
}

fn path(series: &Series, aside: (f64, f64), frame: &Frame, setting: &Setting) -> Path {
    let steps = steps(series);
    let count = steps.len();
    let mark = |(i, point): (usize, &Point)| mark(point, aside, frame, strength(i, count));
    Path {
        name: series.label.clone(),
        remarks: setting.replication.remark(series.runs, series.failures).into_iter().collect(),
        style: setting.variants.style(&series.kind, &series.label),
        marks: steps.iter().enumerate().map(mark).collect(),
        label: label(series, setting.replication),
    }
}

fn strength(step: usize, count: usize) -> f64 {
    STRENGTHS[(count - step - 1).min(STRENGTHS.len() - 1)]
}

/// The mark of a point. In a strip, it is `aside` pixels from the middle.
fn mark(point: &Point, aside: (f64, f64), frame: &Frame, strength: f64) -> Mark {
    let inside = |value: f64| value.clamp(frame.y.low, frame.y.high);
    let zero = contains_zero(point);
    let x = point.x.max(0.0);
    let (left, top) = frame.pixel((x, if zero { 0.0 } else { inside(point.y) }));
    let at = (if x > 0.0 { left } else { left + aside.0 }, if zero { top + aside.1 } else { top });
    let end = |value: f64| frame.pixel((x, inside(value))).1;
    let lower = if zero { at.1 } else { end(point.low) };
    let known = point.high > 0.0 && point.has_interval();
    Mark { at, bar: known.then(|| (end(point.high), lower)), strength }
}
