//! The contents of a panel of bias against variance: marks, paths and labels with their positions.

use crate::axis::limits::range;
use crate::axis::{Axis, Direction};
use crate::bias_variance::label_placement::{Obstacle, Placed, Request, place};
use crate::bias_variance::limits::biases;
use crate::bias_variance::strips::{Tracks, contains_zero, has_place, steps};
use crate::figure::{Figure, Panel, Point, Series};
use crate::page::caption::list;
use crate::page::layout::{Block, LEADING, REMARK};
use crate::page::replication::{Replication, warning};
use crate::page::small_multiples::Part;
use crate::style::Style;
use crate::style::variants::Variants;
use crate::svg::frame::Frame;
use crate::svg::sheet::Rect;
use crate::text::{widest, wrap};

/// What the panels of a figure have in common.
pub(crate) struct Setting<'a> {
    pub figure: &'a Figure,
    pub variants: Variants,
    pub replication: &'a Replication,
    pub tracks: Tracks,
    pub plot: (f64, f64),
}

const LONGEST_LABEL: f64 = 165.0;
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
    /// Shown as a tooltip.
    pub title: String,
    pub style: Style,
    pub marks: Vec<Mark>,
    pub label: Vec<String>,
    pub placed: Option<Placed>,
}

/// A panel, ready to be drawn. Positions are relative to the upper left corner of the plot.
pub(crate) struct ScatterPanel {
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
            let tracks = Tracks::of(std::iter::once(part));
            let mut taken = Tracks::default();
            let drawn = part.series.iter().filter(|series| series.points.iter().any(has_place));
            let path = |series: &&Series| {
                let aside = tracks.take(&mut taken, series);
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

    /// Notes on what the plot cannot show.
    fn notes(&self, part: &Part) -> Vec<String> {
        let labels = |wanted: fn(usize, usize) -> bool| {
            let chosen = part.series.iter().filter(|series| {
                let places = series.points.iter().filter(|point| has_place(point)).count();
                wanted(places, series.points.len())
            });
            chosen.map(|series| series.label.as_str()).collect::<Vec<_>>()
        };
        let unlabeled = self.paths.iter().filter(|path| path.placed.is_none());
        let unlabeled: Vec<_> = unlabeled.map(|path| path.title.as_str()).collect();
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
            list("no room to label", &unlabeled),
            cut.then(|| "intervals beyond the vertical axis are cut off".into()),
        ];
        notes.into_iter().flatten().collect()
    }
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
    let remark = setting.replication.remark(series.runs, series.failures);
    let mut label = wrap(&series.label, REMARK, LONGEST_LABEL);
    label.extend(remark.iter().map(|remark| format!("({remark})")));
    Path {
        title: std::iter::once(series.label.clone()).chain(remark).collect::<Vec<_>>().join(", "),
        style: setting.variants.style(&series.kind, &series.label),
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

/// The costs of covering a mark, a bar, or eight pixels of a path.
const MARK: f64 = 150.0;
const BAR: f64 = 5.0;
const STEP: f64 = 3.0;

/// Places each label next to the last mark of its path.
fn place_labels(paths: &mut [Path], bounds: &Rect) {
    let requests: Vec<_> = paths.iter().filter_map(request).collect();
    let obstacles = paths.iter().enumerate().flat_map(|(i, path)| obstacles(i, path));
    let places = place(&requests, &obstacles.collect::<Vec<_>>(), bounds);
    for (path, place) in paths.iter_mut().zip(places) {
        path.placed = place;
    }
}

fn request(path: &Path) -> Option<Request> {
    let size = (widest(&path.label, REMARK) + 2.0, path.label.len() as f64 * REMARK * LEADING);
    path.marks.last().map(|mark| Request { anchor: mark.at, size })
}

fn obstacles(index: usize, path: &Path) -> Vec<Obstacle> {
    let around = |(x, y): (f64, f64), radius: f64| {
        let (left, top, side) = (x - radius, y - radius, 2.0 * radius);
        Rect { left, top, width: side, height: side }
    };
    let marks = path.marks.iter().map(|mark| Obstacle {
        rect: around(mark.at, RADIUS + 1.0),
        cost: MARK,
        mark_of: Some(index),
    });
    let bars = path.marks.iter().filter_map(|mark| {
        let (upper, lower) = mark.bar?;
        let (left, height) = (mark.at.0 - 1.0, lower - upper);
        let rect = Rect { left, top: upper, width: 2.0, height };
        Some(Obstacle { rect, cost: BAR, mark_of: None })
    });
    let steps = path.marks.windows(2).flat_map(|pair| between(pair[0].at, pair[1].at));
    let steps = steps.map(|at| Obstacle { rect: around(at, 2.0), cost: STEP, mark_of: None });
    marks.chain(bars).chain(steps).collect()
}

/// Positions along a segment, eight pixels apart.
fn between(from: (f64, f64), to: (f64, f64)) -> impl Iterator<Item = (f64, f64)> {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let count = (dx.hypot(dy) / 8.0).ceil().max(1.0);
    let at = move |share: f64| (from.0 + share * dx, from.1 + share * dy);
    (1..count as usize).map(move |i| at(i as f64 / count))
}
