/// The median rank of a row's relevant features, of which so many (`hits`) are among the `selected` of all
/// `features`: those selected rank before the others, in an order that is random otherwise. In expectation over
/// that order, where L2X draws one.
pub(super) fn median_rank(features: usize, selected: usize, relevant: usize, hits: usize) -> f64 {
    // The i-th least of h numbers drawn from 1 to n without replacement is i (n + 1)/(h + 1) on average.
    let of_drawn = |i: usize, n: usize, h: usize| (i * (n + 1)) as f64 / (h + 1) as f64;
    let rank = |i: usize| match i.checked_sub(hits) {
        None | Some(0) => of_drawn(i, selected, hits),
        Some(i) => selected as f64 + of_drawn(i, features - selected, relevant - hits),
    };
    0.5 * (rank(relevant.div_ceil(2)) + rank(relevant / 2 + 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernels::Noise;

    /// What L2X reports of a selection without a mistake.
    #[test]
    fn the_best_median_ranks() {
        for (count, best) in [(2, 1.5), (4, 2.5), (5, 3.0)] {
            assert_eq!(median_rank(10, count, count, count), best);
        }
        assert_eq!(median_rank(10, 2, 2, 0), 6.5);
    }

    /// Means of medians of drawn orders.
    #[test]
    fn expectations_are_those_of_random_orders() {
        const ORDERS: usize = 20_000;
        let noise = &mut Noise::named(&["tests", "ranks"]);
        for (selected, relevant, hits) in [(2, 2, 1), (4, 4, 1), (4, 4, 3), (5, 5, 2), (3, 5, 3)] {
            let mut sum = 0.0;
            for _ in 0..ORDERS {
                let inside = noise.permutation(selected).into_iter().take(hits);
                let outside = noise.permutation(10 - selected).into_iter().take(relevant - hits);
                let ranks = inside.chain(outside.map(|rank| selected + rank));
                let mut ranks: Vec<usize> = ranks.map(|rank| rank + 1).collect();
                ranks.sort_unstable();
                sum += (ranks[(relevant - 1) / 2] + ranks[relevant / 2]) as f64 / 2.0;
            }
            let (found, mean) = (median_rank(10, selected, relevant, hits), sum / ORDERS as f64);
            // Five standard deviations of means of ranks, which differ by 2.9 at most on average.
            assert!((found - mean).abs() < 5.0 * 2.9 / (ORDERS as f64).sqrt(), "{found} {mean}");
        }
    }
}
