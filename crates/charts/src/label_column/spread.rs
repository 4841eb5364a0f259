//! Labels in a column: as near to their lines as they can be without touching.

/// A label that wants to be centerd at `wanted` and is `height` high, in pixels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot {
    pub wanted: f64,
    pub height: f64,
}

/// The centers that keep the order of the wanted ones, do not overlap, lie between `top` and
/// `bottom`, and have the least sum of squared displacements.
///
/// Measured from the stack of all labels without gaps, centers must not fall: an isotonic
/// regression, solved by pooling neighbours that violate it (Ayer et al. 1955). Labels that are
/// higher together than the column run over its lower end; the caller makes the column high
/// enough.
pub(crate) fn centers(slots: &[Slot], top: f64, bottom: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..slots.len()).collect();
    order.sort_by(|&a, &b| slots[a].wanted.total_cmp(&slots[b].wanted));
    let mut stacked = 0.0;
    let mut offsets = Vec::with_capacity(slots.len());
    let mut pools: Vec<(f64, f64)> = Vec::new();
    for &i in &order {
        let offset = stacked + slots[i].height / 2.0;
        stacked += slots[i].height;
        offsets.push(offset);
        pools.push((slots[i].wanted - offset, 1.0));
        while let [.., (before, n), (after, m)] = pools[..]
            && before > after
        {
            pools.truncate(pools.len() - 2);
            pools.push(((before * n + after * m) / (n + m), n + m));
        }
    }
    let last = (bottom - stacked).max(top);
    let shifts = pools
        .iter()
        .flat_map(|&(shift, count)| std::iter::repeat_n(shift.clamp(top, last), count as usize));
    let mut centers = vec![0.0; slots.len()];
    for ((&i, offset), shift) in order.iter().zip(offsets).zip(shifts) {
        centers[i] = shift + offset;
    }
    centers
}

#[cfg(test)]
mod tests {
    use super::*;

    fn solve(wanted: &[f64], height: f64) -> Vec<f64> {
        let slots: Vec<_> = wanted.iter().map(|&wanted| Slot { wanted, height }).collect();
        centers(&slots, 0.0, 100.0)
    }

    #[test]
    fn labels_with_room_stay() {
        assert_eq!(solve(&[80.0, 20.0, 50.0], 10.0), [80.0, 20.0, 50.0]);
    }

    #[test]
    fn a_crowd_spreads_around_its_middle() {
        assert_eq!(solve(&[50.0, 50.0, 50.0], 10.0), [40.0, 50.0, 60.0]);
    }

    #[test]
    fn nothing_leaves_the_column() {
        assert_eq!(solve(&[-30.0, 0.0, 120.0], 10.0), [5.0, 15.0, 95.0]);
    }

    #[test]
    fn labels_of_many_heights_never_overlap() {
        let slots: Vec<_> = (0..12)
            .map(|i| Slot { wanted: f64::from(i * 37 % 50), height: f64::from(5 + i % 3) })
            .collect();
        let centers = centers(&slots, 0.0, 100.0);
        for (a, b) in (0..12).flat_map(|a| (0..a).map(move |b| (a, b))) {
            let gap = (centers[a] - centers[b]).abs();
            assert!(gap >= (slots[a].height + slots[b].height) / 2.0 - 1e-9);
        }
    }
}
