//! Accuracy of a classifier whose class numbers mean nothing.

use std::collections::BTreeMap;

/// Share of rows whose class is right, when classes are matched one to one with the true labels in
/// the best way there is; 0 without rows.
///
/// * `rows` — the class and the true label of each row
///
/// The matching is the assignment of largest total (Kuhn 1955, "The Hungarian method for the
/// assignment problem"), in O(n³) for the n classes or labels that occur, whichever are more.
pub fn matched_accuracy(rows: impl Iterator<Item = (usize, usize)>) -> f64 {
    let (mut classes, mut labels) = (Numbered::default(), Numbered::default());
    let numbered: Vec<(usize, usize)> =
        rows.map(|(class, label)| (classes.number(class), labels.number(label))).collect();
    let n = classes.count().max(labels.count());
    let mut counts = vec![0_u64; n * n];
    numbered.iter().for_each(|(class, label)| counts[class * n + label] += 1);
    let matched = assign(n, |class, label| -(counts[class * n + label] as f64)).into_iter();
    let matched: u64 = matched.enumerate().map(|(class, label)| counts[class * n + label]).sum();
    if numbered.is_empty() { 0.0 } else { matched as f64 / numbered.len() as f64 }
}

/// Numbers for values, from 0, in the order in which they occur.
#[derive(Default)]
struct Numbered(BTreeMap<usize, usize>);

impl Numbered {
    fn number(&mut self, value: usize) -> usize {
        let next = self.count();
        *self.0.entry(value).or_insert(next)
    }

    fn count(&self) -> usize {
        self.0.len()
    }
}

/// The column of each row in an assignment of least cost, by shortest augmenting paths with
/// potentials. Rows and columns are counted from 1 inside; 0 stands for none.
fn assign(n: usize, cost: impl Fn(usize, usize) -> f64) -> Vec<usize> {
    let (mut row_potential, mut column_potential) = (vec![0.0; n + 1], vec![0.0; n + 1]);
    let mut row_of = vec![0; n + 1];
    for row in 1..=n {
        row_of[0] = row;
        let mut column = 0;
        let mut shortest = vec![f64::INFINITY; n + 1];
        let mut came_from = vec![0; n + 1];
        let mut visited = vec![false; n + 1];
        while row_of[column] != 0 {
            visited[column] = true;
            let here = row_of[column];
            let (mut step, mut next) = (f64::INFINITY, 0);
            for other in (1..=n).filter(|&other| !visited[other]) {
                let reduced =
                    cost(here - 1, other - 1) - row_potential[here] - column_potential[other];
                if reduced < shortest[other] {
                    (shortest[other], came_from[other]) = (reduced, column);
                }
                if shortest[other] < step {
                    (step, next) = (shortest[other], other);
                }
            }
            for other in 0..=n {
                if visited[other] {
                    row_potential[row_of[other]] += step;
                    column_potential[other] -= step;
                } else {
                    shortest[other] -= step;
                }
            }
            column = next;
        }
        while column != 0 {
            row_of[column] = row_of[came_from[column]];
            column = came_from[column];
        }
    }
    let mut columns = vec![0; n];
    for column in 1..=n {
        columns[row_of[column] - 1] = column - 1;
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernels::Noise;

    /// The best of all matchings, by trying them.
    fn best(counts: &[u64], n: usize, class: usize, taken: &mut Vec<usize>) -> u64 {
        if class == n {
            return 0;
        }
        let mut most = 0;
        for label in 0..n {
            if !taken.contains(&label) {
                taken.push(label);
                most = most.max(counts[class * n + label] + best(counts, n, class + 1, taken));
                taken.pop();
            }
        }
        most
    }

    /// The class and label of each row that was counted.
    fn rows(counts: &[u64], n: usize) -> impl Iterator<Item = (usize, usize)> {
        let counted = counts.iter().enumerate();
        counted.flat_map(move |(i, &count)| (0..count).map(move |_| (i / n, i % n)))
    }

    #[test]
    fn the_matching_is_the_best_there_is() {
        let mut noise = Noise::named(&["law", "matching"]);
        for n in 1..=6 {
            for _ in 0..50 {
                let counts: Vec<u64> = (0..n * n).map(|_| u64::from(noise.index(20))).collect();
                let total: u64 = counts.iter().sum();
                let accuracy = matched_accuracy(rows(&counts, n));
                let truth = best(&counts, n, 0, &mut vec![]) as f64 / (total.max(1)) as f64;
                assert!((accuracy - truth).abs() < 1e-12, "{counts:?}: {accuracy} for {truth}");
            }
        }
    }

    #[test]
    fn permuted_classes_are_right() {
        assert_eq!(matched_accuracy(rows(&[0, 7, 3, 0], 2)), 1.0);
        assert_eq!(matched_accuracy(rows(&[0, 0, 0, 0], 2)), 0.0);
        // However many classes there could be, those that occur are matched.
        let huge = [(7_000_000, 0), (7_000_000, 0), (9, 123_456_789), (9, 0)];
        assert_eq!(matched_accuracy(huge.into_iter()), 0.75);
    }
}
