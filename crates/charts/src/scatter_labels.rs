//! Where the labels of a panel of bias against variance stand.

use super::page::{LEADING, REMARK};
use super::place::{Obstacle, Wish, place};
use super::scatter::{Path, RADIUS};
use super::sheet::Rect;
use super::text::widest;

/// The costs of covering a mark, a bar, and eight pixels of a path.
const MARK: f64 = 150.0;
const BAR: f64 = 5.0;
const STEP: f64 = 3.0;

/// Each label next to the last mark of its path.
pub(super) fn place_labels(paths: &mut [Path], ground: &Rect) {
    let wishes: Vec<_> = paths.iter().filter_map(wish).collect();
    let obstacles = paths.iter().enumerate().flat_map(|(i, path)| obstacles(i, path));
    let places = place(&wishes, &obstacles.collect::<Vec<_>>(), ground);
    for (path, place) in paths.iter_mut().zip(places) {
        path.placed = place;
    }
}

fn wish(path: &Path) -> Option<Wish> {
    let size = (widest(&path.label, REMARK) + 2.0, path.label.len() as f64 * REMARK * LEADING);
    path.marks.last().map(|mark| Wish { anchor: mark.at, size })
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

/// Places eight pixels apart on the way.
fn between(from: (f64, f64), to: (f64, f64)) -> impl Iterator<Item = (f64, f64)> {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let count = (dx.hypot(dy) / 8.0).ceil().max(1.0);
    let at = move |share: f64| (from.0 + share * dx, from.1 + share * dy);
    (1..count as usize).map(move |i| at(i as f64 / count))
}
