//! Vertical positions of labels in a column: as near to their lines as possible without overlap.

/// A label of a height, with the center that it should have, in pixels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot {
    pub wanted: f64,
    pub height: f64,
}

/// The centers of the labels: in the order of the wanted centers, without overlap, between `top` and
/// `bottom`, and with the least sum of squared displacements.
///
/// Relative to a stack of all labels without gaps, the displacements must not decrease. This is an
/// isotonic regression, solved by pooling adjacent violators (Ayer et al. 1955). If the labels are
/// higher than the column, they extend beyond its lower end; the caller makes the column high enough.
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
    fn labels_with_space_do_not_move() {
        assert_eq!(solve(&[80.0, 20.0, 50.0], 10.0), [80.0, 20.0, 50.0]);
    }

    #[test]
    fn crowded_labels_spread_around_their_center() {
        assert_eq!(solve(&[50.0, 50.0, 50.0], 10.0), [40.0, 50.0, 60.0]);
    }

    #[test]
    fn no_label_leaves_the_column() {
        assert_eq!(solve(&[-30.0, 0.0, 120.0], 10.0), [5.0, 15.0, 95.0]);
    }

    #[test]
    fn labels_of_different_heights_never_overlap() {
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
