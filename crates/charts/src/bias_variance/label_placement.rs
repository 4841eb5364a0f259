//! Placement of labels in a plane: next to their marks, without covering anything.

use crate::svg::sheet::Rect;

/// A label of a size in pixels that belongs to the mark at `anchor`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request {
    pub anchor: (f64, f64),
    pub size: (f64, f64),
}

/// Something that a label should not cover.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Obstacle {
    pub rect: Rect,
    /// The cost of covering it.
    pub cost: f64,
    /// The index of its label, if it is a mark: another label near it would be mistaken for its own.
    pub mark_of: Option<usize>,
}

/// The position of a label, with a leader if it is not next to its mark.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Placed {
    pub rect: Rect,
    pub leader: Option<[(f64, f64); 2]>,
    /// Whether it covers an obstacle.
    pub covers: bool,
}

/// Candidate distances from mark to label in pixels.
const DISTANCES: [f64; 12] =
    [7.0, 10.0, 13.0, 20.0, 30.0, 44.0, 60.0, 80.0, 105.0, 135.0, 170.0, 210.0];
/// Beyond this distance a label needs a leader.
const NEAR: f64 = 13.0;
const DIRECTIONS: u32 = 24;
/// The number of times each label is placed again, after the others have positions.
const SWEEPS: usize = 4;
/// The cost of a pixel of distance.
const PIXEL: f64 = 0.6;
/// The cost of being nearer to the mark of another label than to its own.
const AMBIGUOUS: f64 = 30.0;
/// The costs of having a leader, and of its crossing a mark, a leader or a label.
const LEADER: f64 = 4.0;
const ACROSS_MARK: f64 = 3.0;
const ACROSS_LEADER: f64 = 25.0;
const ACROSS_LABEL: f64 = 70.0;

/// Finds a position inside `bounds` for each label: as near to its mark as possible, not covering
/// other labels, and preferably not covering obstacles. `None` where there is no position.
///
/// Greedy, starting with the labels with the most neighbors. Then each label in turn is moved to its
/// best position among the others.
pub(crate) fn place(
    requests: &[Request],
    obstacles: &[Obstacle],
    bounds: &Rect,
) -> Vec<Option<Placed>> {
    let neighbors = |request: &Request| {
        let near = requests.iter().filter(|other| distance(request.anchor, other.anchor) < 60.0);
        near.count()
    };
    let mut order: Vec<usize> = (0..requests.len()).collect();
    order.sort_by_key(|&i| std::cmp::Reverse(neighbors(&requests[i])));
    let mut placed: Vec<Option<Placed>> = vec![None; requests.len()];
    for _ in 0..=SWEEPS {
        for &i in &order {
            placed[i] = None;
            let taken: Vec<Placed> = placed.iter().flatten().copied().collect();
            let options = candidates(&requests[i]).filter(|option| bounds.holds(&option.rect));
            let priced =
                options.filter_map(|option| priced(option, i, requests, obstacles, &taken));
            placed[i] = priced.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, option)| option);
        }
    }
    placed
}

/// Positions around the mark, at increasing distances.
fn candidates(request: &Request) -> impl Iterator<Item = Placed> {
    let &Request { anchor, size: (width, height) } = request;
    DISTANCES.into_iter().flat_map(move |distance| {
        (0..DIRECTIONS).map(move |turn| {
            let angle = f64::from(turn) / f64::from(DIRECTIONS) * std::f64::consts::TAU;
            let (sin, cos) = angle.sin_cos();
            let left = anchor.0 + cos * distance + (cos - 1.0) * width / 2.0;
            let top = anchor.1 + sin * distance + (sin - 1.0) * height / 2.0;
            let rect = Rect { left, top, width, height };
            let end = nearest(&rect, anchor);
            Placed { rect, leader: (distance > NEAR).then_some([anchor, end]), covers: false }
        })
    })
}

/// The position with its cost. `None` if it overlaps another label.
fn priced(
    option: Placed,
    index: usize,
    requests: &[Request],
    obstacles: &[Obstacle],
    taken: &[Placed],
) -> Option<(f64, Placed)> {
    if taken.iter().any(|other| option.rect.overlaps(&other.rect)) {
        return None;
    }
    let request = &requests[index];
    let away = |from: (f64, f64)| distance(nearest(&option.rect, from), from);
    let far = away(request.anchor);
    let mistaken = |obstacle: &&Obstacle| {
        obstacle.mark_of.is_some_and(|owner| owner != index) && away(center(&obstacle.rect)) < far
    };
    let covered = obstacles.iter().filter(|obstacle| obstacle.rect.overlaps(&option.rect));
    let covered: f64 = covered.map(|obstacle| obstacle.cost).sum();
    let crossed = |other: &&Placed| other.leader.is_some_and(|line| crosses(line, &option.rect));
    let price = covered
        + PIXEL * far
        + AMBIGUOUS * f64::from(u8::from(obstacles.iter().any(|o| mistaken(&o))))
        + ACROSS_LABEL * taken.iter().filter(crossed).count() as f64
        + option.leader.map_or(0.0, |line| leader_cost(line, request, obstacles, taken));
    Some((price, Placed { covers: covered > 0.0, ..option }))
}

fn leader_cost(
    leader: [(f64, f64); 2],
    request: &Request,
    obstacles: &[Obstacle],
    taken: &[Placed],
) -> f64 {
    let own = |rect: &Rect| distance(center(rect), request.anchor) < 8.0;
    let marks = obstacles.iter().filter(|obstacle| !own(&obstacle.rect));
    let marks = marks.filter(|obstacle| crosses(leader, &obstacle.rect)).count();
    let leaders = taken.iter().filter_map(|other| other.leader);
    let leaders = leaders.filter(|other| intersect(leader, *other)).count();
    let labels = taken.iter().filter(|other| crosses(leader, &other.rect)).count();
    LEADER
        + ACROSS_MARK * marks as f64
        + ACROSS_LEADER * leaders as f64
        + ACROSS_LABEL * labels as f64
}

fn center(rect: &Rect) -> (f64, f64) {
    (rect.left + rect.width / 2.0, rect.top + rect.height / 2.0)
}

fn distance(a: (f64, f64), b: (f64, f64)) -> f64 {
    (a.0 - b.0).hypot(a.1 - b.1)
}

/// The point of `rect` nearest to `to`.
fn nearest(rect: &Rect, to: (f64, f64)) -> (f64, f64) {
    (to.0.clamp(rect.left, rect.right()), to.1.clamp(rect.top, rect.bottom()))
}

/// Whether a segment passes through a rectangle (Liang and Barsky 1984).
fn crosses([from, to]: [(f64, f64); 2], rect: &Rect) -> bool {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let sides = [
        (-dx, from.0 - rect.left),
        (dx, rect.right() - from.0),
        (-dy, from.1 - rect.top),
        (dy, rect.bottom() - from.1),
    ];
    let (mut enter, mut leave) = (0.0_f64, 1.0_f64);
    for (speed, room) in sides {
        match speed {
            0.0 if room < 0.0 => return false,
            0.0 => {}
            speed if speed < 0.0 => enter = enter.max(room / speed),
            speed => leave = leave.min(room / speed),
        }
    }
    enter < leave
}

/// Whether two segments cross.
fn intersect([a, b]: [(f64, f64); 2], [c, d]: [(f64, f64); 2]) -> bool {
    let side = |p: (f64, f64), q: (f64, f64), r: (f64, f64)| {
        (q.0 - p.0) * (r.1 - p.1) - (q.1 - p.1) * (r.0 - p.0)
    };
    side(a, b, c) * side(a, b, d) < 0.0 && side(c, d, a) * side(c, d, b) < 0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Rect = Rect { left: 0.0, top: 0.0, width: 300.0, height: 200.0 };

    fn around((x, y): (f64, f64), cost: f64) -> Obstacle {
        let rect = Rect { left: x - 4.0, top: y - 4.0, width: 8.0, height: 8.0 };
        Obstacle { rect, cost, mark_of: None }
    }

    #[test]
    fn a_lone_label_is_next_to_its_mark() {
        let request = Request { anchor: (150.0, 100.0), size: (60.0, 14.0) };
        let placed = place(&[request], &[around(request.anchor, 50.0)], &BOUNDS);
        let placed = placed[0].unwrap();
        assert!(placed.leader.is_none());
        assert!(distance(nearest(&placed.rect, request.anchor), request.anchor) < 14.0);
    }

    #[test]
    fn crowded_labels_do_not_overlap_or_leave_the_bounds() {
        let request = |i: u32| {
            let i = f64::from(i);
            Request { anchor: (250.0 + 3.0 * i, 20.0 + 5.0 * (i % 4.0)), size: (70.0, 14.0) }
        };
        let requests: Vec<_> = (0..12).map(request).collect();
        let obstacles: Vec<_> =
            requests.iter().map(|request| around(request.anchor, 50.0)).collect();
        let placed: Vec<_> = place(&requests, &obstacles, &BOUNDS).into_iter().flatten().collect();
        assert_eq!(placed.len(), requests.len());
        for (i, a) in placed.iter().enumerate() {
            assert!(BOUNDS.holds(&a.rect));
            assert!(placed[..i].iter().all(|b| !a.rect.overlaps(&b.rect)));
        }
    }

    #[test]
    fn a_label_without_room_is_not_placed() {
        let request = Request { anchor: (10.0, 10.0), size: (400.0, 14.0) };
        assert_eq!(place(&[request], &[], &BOUNDS), [None]);
    }

    #[test]
    fn crossings_of_segments_and_rectangles_are_found() {
        let rect = Rect { left: 10.0, top: 10.0, width: 10.0, height: 10.0 };
        assert!(crosses([(0.0, 15.0), (30.0, 15.0)], &rect));
        assert!(!crosses([(0.0, 5.0), (30.0, 5.0)], &rect));
        assert!(!crosses([(0.0, 15.0), (9.0, 15.0)], &rect));
        assert!(intersect([(0.0, 0.0), (2.0, 2.0)], [(0.0, 2.0), (2.0, 0.0)]));
        assert!(!intersect([(0.0, 0.0), (1.0, 0.0)], [(0.0, 1.0), (1.0, 1.0)]));
    }
}
