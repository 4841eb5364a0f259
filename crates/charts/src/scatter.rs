//! What a panel of bias against variance shows: marks, paths and labels at their places.

use super::axis::{Axis, Direction, range};
use super::bias_variance::Setting;
use super::frame::Frame;
use super::page::{Block, REMARK};
use super::place::Placed;
use super::reach::biases;
use super::replication::warning;
use super::scatter_labels::place_labels;
use super::sheet::Rect;
use super::split::Part;
use super::steps::{Lanes, has_place, holds_zero, steps};
use super::text::wrap;
use super::words::list;
use super::{Panel, Point, Series, Style};

const LONGEST_LABEL: f64 = 165.0;
pub(super) const RADIUS: f64 = 4.2;

/// One step of a series, in pixels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    pub at: (f64, f64),
    /// Upper and lower end of the interval.
    pub bar: Option<(f64, f64)>,
    /// Pale is early, full is late.
    pub strength: f64,
}

/// A series at its places.
pub(super) struct Path {
    /// Shown under the pointer.
    pub title: String,
    pub style: Style,
    pub marks: Vec<Mark>,
    pub label: Vec<String>,
    pub placed: Option<Placed>,
}

/// A panel, ready to be drawn; its places count from the upper left corner of the plot.
pub(super) struct ScatterPanel {
    pub axes: Option<(Axis, Axis)>,
    pub paths: Vec<Path>,
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
            title: part.title.clone(),
            warning: warning(&counts),
            footnotes: Vec::new(),
            plot: setting.plot,
        };
        if let Some((x, y)) = panel.axes.clone() {
            let (width, height) = panel.plot;
            let frame = Frame { rect: Rect { left: 0.0, top: 0.0, width, height }, x, y };
            let lanes = Lanes::of(std::iter::once(part));
            let mut taken = Lanes::default();
            let drawn = part.series.iter().filter(|series| series.points.iter().any(has_place));
            let path = |series: &&Series| {
                let aside = lanes.take(&mut taken, series);
                path(series, aside, &frame, setting)
            };
            panel.paths = drawn.map(path).collect();
            place_labels(&mut panel.paths, &frame.rect);
        }
        panel.footnotes = panel.notes(part);
        panel
    }

    pub fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }

    pub fn block(&self) -> Block {
        Block {
            title: self.title.clone(),
            warning: self.warning.clone(),
            footnotes: self.footnotes.clone(),
            before: self.axes.as_ref().map_or(0.0, |(_, y)| Frame::beside(y)),
            plot: self.plot,
            after: 8.0,
        }
    }

    /// What the plot cannot say.
    fn notes(&self, part: &Part) -> Vec<String> {
        let labels = |wanted: fn(usize, usize) -> bool| {
            let chosen = part.series.iter().filter(|series| {
                let places = series.points.iter().filter(|point| has_place(point)).count();
                wanted(places, series.points.len())
            });
            chosen.map(|series| series.label.as_str()).collect::<Vec<_>>()
        };
        let unlabelled = self.paths.iter().filter(|path| path.placed.is_none());
        let unlabelled: Vec<_> = unlabelled.map(|path| path.title.as_str()).collect();
        let beyond = |y: &Axis| {
            let mut points = part.series.iter().flat_map(|series| steps(series));
            points.any(|point| point.high > y.high || (!holds_zero(&point) && point.low < y.low))
        };
        let cut = self.axes.as_ref().is_some_and(|(_, y)| beyond(y));
        let notes = [
            list("no finite value", &labels(|places, _| places == 0)),
            list(
                "at some steps no finite value",
                &labels(|places, all| 0 < places && places < all),
            ),
            list("no room for the label of", &unlabelled),
            cut.then(|| "intervals beyond the vertical axis are cut off".into()),
        ];
        notes.into_iter().flatten().collect()
    }
}

/// The axes for all parts of a panel; none if no point has a place.
fn axes(panel: &Panel, setting: &Setting) -> Option<(Axis, Axis)> {
    let points: Vec<Point> = panel.series.iter().flat_map(steps).collect();
    points.first()?;
    let (width, height) = setting.plot;
    let (left, below) = setting.lanes.size();
    let across = points.iter().map(|point| point.x).filter(|x| *x > 0.0);
    let x = Axis::new(range(across).unwrap_or((1.0, 1.0)), true, 0.06).with_strip(left / width);
    let y = Axis::new(biases(&points), true, 0.08).with_strip(below / height);
    Some((x.with_ticks(Direction::Across, width), y.with_ticks(Direction::Up, height)))
}

fn path(series: &Series, aside: (f64, f64), frame: &Frame, setting: &Setting) -> Path {
    let steps = steps(series);
    let count = steps.len();
    let mark = |(i, point): (usize, &Point)| mark(point, aside, frame, strength(i, count));
    let remark = setting.replication.remark(series.runs, series.failures);
    let mut label = wrap(&series.label, REMARK, LONGEST_LABEL);
    label.extend(remark.iter().map(|remark| format!("({remark})")));
    Path {
        title: std::iter::once(series.label.clone()).chain(remark).collect::<Vec<_>>().join(", "),
        style: setting.book.style(&series.kind, &series.label),
        marks: steps.iter().enumerate().map(mark).collect(),
        label,
        placed: None,
    }
}

fn strength(step: usize, count: usize) -> f64 {
    match count - step {
        1 => 1.0,
        2 => 0.6,
        _ => 0.35,
    }
}

/// In a strip the mark lies `aside` from the middle, in pixels.
fn mark(point: &Point, aside: (f64, f64), frame: &Frame, strength: f64) -> Mark {
    let inside = |value: f64| value.clamp(frame.y.low, frame.y.high);
    let zero = holds_zero(point);
    let x = point.x.max(0.0);
    let (left, top) = frame.pixel((x, if zero { 0.0 } else { inside(point.y) }));
    let at = (if x > 0.0 { left } else { left + aside.0 }, if zero { top + aside.1 } else { top });
    let end = |value: f64| frame.pixel((x, inside(value))).1;
    let lower = if zero { at.1 } else { end(point.low) };
    let known = point.high > 0.0 && !point.low.is_nan();
    Mark { at, bar: known.then(|| (end(point.high), lower)), strength }
}
