//! Linear least squares in double precision.

/// The coefficients w that minimize ‖Σ_j w_j x_j − y‖, of smallest norm where several do: columns may
/// depend on each other, be 0, or be more than rows.
///
/// A QR decomposition with Householder reflections and column pivoting finds the rank, and reflections
/// from the right make it a complete orthogonal decomposition (Golub & Van Loan 2013, "Matrix
/// Computations", §5.5.6; LAPACK's xGELSY). It stops where no column has a part beyond the others
/// that is longer than `tolerance` times the longest column.
///
/// * `columns` — n columns x_j of m numbers each
/// * `y` — m numbers
///
/// # Panics
/// If a column has another length than `y`.
pub(crate) fn least_squares(columns: Vec<Vec<f64>>, y: Vec<f64>, tolerance: f64) -> Vec<f64> {
    assert!(columns.iter().all(|column| column.len() == y.len()), "columns are as long as y");
    let mut system = System { order: (0..columns.len()).collect(), columns, y };
    let rank = system.triangularize(tolerance);
    let reflections = system.annihilate(rank);
    let mut solution = system.back_substitute(rank);
    for (row, reflection) in reflections.iter().enumerate() {
        let mut gathered = gather(&solution, row, rank);
        reflection.apply(&mut gathered);
        scatter(&gathered, &mut solution, row, rank);
    }
    let mut coefficients = vec![0.0; solution.len()];
    for (&column, &w) in system.order.iter().zip(&solution) {
        coefficients[column] = w;
    }
    coefficients
}

/// Columns in the order of their pivots, and the right side.
struct System {
    columns: Vec<Vec<f64>>,
    y: Vec<f64>,
    order: Vec<usize>,
}

/// I − 2 u uᵀ/‖u‖²
struct Reflection {
    u: Vec<f64>,
    squared: f64,
}

impl Reflection {
    /// The one that makes all numbers of `x` but the first 0, and the first one it makes.
    fn of(x: &[f64]) -> (Self, f64) {
        let norm = norm(x);
        // The sign without cancellation.
        let first = if x[0] > 0.0 { -norm } else { norm };
        let mut u = x.to_vec();
        u[0] -= first;
        let squared = dot(&u, &u);
        (Self { u, squared }, first)
    }

    fn apply(&self, x: &mut [f64]) {
        if self.squared > 0.0 {
            let scale = 2.0 * dot(&self.u, x) / self.squared;
            x.iter_mut().zip(&self.u).for_each(|(x, u)| *x -= scale * u);
        }
    }
}

impl System {
    /// Makes the columns upper triangular up to their rank, which it returns.
    fn triangularize(&mut self, tolerance: f64) -> usize {
        let most = self.columns.len().min(self.y.len());
        let mut longest = 0.0;
        for step in 0..most {
            let lengths = self.columns[step..].iter().map(|column| norm(&column[step..]));
            let (ahead, length) =
                lengths.enumerate().fold((0, -1.0), |top, x| if x.1 > top.1 { x } else { top });
            if step == 0 {
                longest = length;
            }
            if length <= tolerance * longest {
                return step;
            }
            self.columns.swap(step, step + ahead);
            self.order.swap(step, step + ahead);
            let (reflection, _) = Reflection::of(&self.columns[step][step..]);
            self.columns[step..]
                .iter_mut()
                .for_each(|column| reflection.apply(&mut column[step..]));
            reflection.apply(&mut self.y[step..]);
        }
        most
    }

    /// Makes the columns beyond the rank 0, by reflections from the right: one for each row.
    fn annihilate(&mut self, rank: usize) -> Vec<Reflection> {
        let mut reflections = vec![];
        for row in (0..rank).rev() {
            let (reflection, _) = Reflection::of(&gather(&self.row(row), row, rank));
            for above in 0..=row {
                let mut numbers = self.row(above);
                let mut gathered = gather(&numbers, row, rank);
                reflection.apply(&mut gathered);
                scatter(&gathered, &mut numbers, row, rank);
                self.columns.iter_mut().zip(numbers).for_each(|(column, x)| column[above] = x);
            }
            reflections.push(reflection);
        }
        reflections.reverse();
        reflections
    }

    fn row(&self, row: usize) -> Vec<f64> {
        self.columns.iter().map(|column| column[row]).collect()
    }

    /// The solution of the triangle, and 0 beyond the rank.
    fn back_substitute(&self, rank: usize) -> Vec<f64> {
        let mut solution = vec![0.0; self.columns.len()];
        for row in (0..rank).rev() {
            let known = (row + 1..rank).map(|j| self.columns[j][row] * solution[j]).sum::<f64>();
            solution[row] = (self.y[row] - known) / self.columns[row][row];
        }
        solution
    }
}

/// The number at `row`, and those from `rank` on.
fn gather(numbers: &[f64], row: usize, rank: usize) -> Vec<f64> {
    std::iter::once(numbers[row]).chain(numbers[rank..].iter().copied()).collect()
}

fn scatter(gathered: &[f64], numbers: &mut [f64], row: usize, rank: usize) {
    numbers[row] = gathered[0];
    numbers[rank..].copy_from_slice(&gathered[1..]);
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn norm(x: &[f64]) -> f64 {
    dot(x, x).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernels::Noise;

    fn solve(columns: &[&[f64]], y: &[f64]) -> Vec<f64> {
        least_squares(columns.iter().map(|column| column.to_vec()).collect(), y.to_vec(), 1e-10)
    }

    fn assert_close(ours: &[f64], theirs: &[f64]) {
        assert_eq!(ours.len(), theirs.len());
        let is_close = |(a, b): (&f64, &f64)| (a - b).abs() < 1e-9;
        assert!(ours.iter().zip(theirs).all(is_close), "{ours:?} for {theirs:?}");
    }

    /// The line through (0, 1), (1, 3) and (2, 4): 7/6 + 3/2 x.
    #[test]
    fn a_line_by_hand() {
        let found = solve(&[&[1.0, 1.0, 1.0], &[0.0, 1.0, 2.0]], &[1.0, 3.0, 4.0]);
        assert_close(&found, &[7.0 / 6.0, 1.5]);
    }

    /// Equal columns share what one would have; twice the column gets twice the share: of w₁ + 2 w₂ = 5
    /// the shortest is (1, 2).
    #[test]
    fn columns_that_depend_on_each_other_share() {
        let x = [1.0, -2.0, 0.5];
        let y = x.map(|x| 5.0 * x);
        let twice = x.map(|x| 2.0 * x);
        assert_close(&solve(&[&x, &x], &y), &[2.5, 2.5]);
        assert_close(&solve(&[&x, &twice], &y), &[1.0, 2.0]);
        assert_close(&solve(&[&x, &[0.0; 3], &x], &y), &[2.5, 0.0, 2.5]);
    }

    /// One equation w₁ + 2 w₂ + 2 w₃ = 9: the shortest solution is (1, 2, 2).
    #[test]
    fn more_columns_than_rows_have_the_shortest_solution() {
        assert_close(&solve(&[&[1.0], &[2.0], &[2.0]], &[9.0]), &[1.0, 2.0, 2.0]);
        assert_close(
            &solve(&[&[1.0, 0.0], &[0.0, 1.0], &[1.0, 0.0]], &[4.0, 3.0]),
            &[2.0, 3.0, 2.0],
        );
    }

    #[test]
    fn nothing_can_be_learned_from_zeros() {
        assert_close(&solve(&[&[0.0, 0.0], &[0.0, 0.0]], &[1.0, 2.0]), &[0.0, 0.0]);
        assert_close(&solve(&[], &[1.0]), &[]);
    }

    /// Whatever the rank, the residual is orthogonal to the columns, and the coefficients to what does
    /// not change the fit.
    #[test]
    fn residuals_are_orthogonal_to_the_columns() {
        let mut noise = Noise::named(&["tests", "least squares"]);
        for (rows, free, copies) in [(20, 4, 0), (20, 4, 3), (5, 9, 0), (6, 3, 4), (1, 1, 0)] {
            let mut columns: Vec<Vec<f64>> = (0..free).map(|_| noise.normals(rows)).collect();
            for copy in 0..copies {
                let sum = columns[copy % free].iter().zip(&columns[(copy + 1) % free]);
                columns.push(sum.map(|(a, b)| a - 2.0 * b).collect());
            }
            let y = noise.normals(rows);
            let w = least_squares(columns.clone(), y.clone(), 1e-10);
            let fit = |w: &[f64]| -> Vec<f64> {
                (0..rows).map(|i| columns.iter().zip(w).map(|(x, w)| x[i] * w).sum()).collect()
            };
            let residual: Vec<f64> = fit(&w).iter().zip(&y).map(|(fit, y)| fit - y).collect();
            assert!(
                columns.iter().all(|column| dot(column, &residual).abs() < 1e-9),
                "{rows} {free}"
            );
            // A solution is in the span of the rows: it is what is found for its own fit.
            let again = least_squares(columns.clone(), fit(&w), 1e-10);
            assert_close(&again, &w);
            for copy in 0..copies {
                // w_copy is paid with w_a and −2 w_b, so this direction changes no fit.
                let (a, b) = (copy % free, (copy + 1) % free);
                let along = w[free + copy] - w[a] + 2.0 * w[b];
                assert!(along.abs() < 1e-9, "{along}");
            }
        }
    }
}
