//! How well a total variance is known.

/// Accumulates draws of a vector, to tell the standard error of their total variance.
///
/// Memory is three sums and two vectors of the draws' dimension d; a draw costs O(d). Fourth moments
/// are taken about a point near the draws, lest they cancel, and are those about the mean up to what
/// separates the two; so this is for deciding when to stop, not for intervals.
///
/// ```
/// use harness::statistics::Spread;
///
/// let mut spread = Spread::about(&[0.0]);
/// (0..100).for_each(|i| spread.push(&[f64::from(i % 4) - 1.5]));
/// // Squared deviations of 2.25 and 0.25 in equal parts: standard deviation 1 of a mean of 1.25.
/// assert!((spread.relative_error() - 1.0 / 1.25 / 10.0).abs() < 1e-12);
/// ```
#[derive(Clone, Debug)]
pub struct Spread {
    point: Vec<f64>,
    count: f64,
    /// Σ (x − point): `[d]`.
    sums: Vec<f64>,
    /// Σ ‖x − point‖² and Σ ‖x − point‖⁴.
    powers: (f64, f64),
}

impl Spread {
    /// No draws yet, of vectors near `point`, `[d]`.
    pub fn about(point: &[f64]) -> Self {
        let sums = vec![0.0; point.len()];
        Self { point: point.to_vec(), count: 0.0, sums, powers: (0.0, 0.0) }
    }

    /// Adds a draw, `[d]`.
    pub fn push(&mut self, draw: &[f64]) {
        let mut squared = 0.0;
        for ((x, point), sum) in draw.iter().zip(&self.point).zip(&mut self.sums) {
            let off = x - point;
            squared += off * off;
            *sum += off;
        }
        self.count += 1.0;
        self.powers.0 += squared;
        self.powers.1 += squared * squared;
    }

    /// Standard error of the total variance, over the total variance; 0 if nothing varies, infinite
    /// without draws.
    pub fn relative_error(&self) -> f64 {
        if self.count == 0.0 {
            return f64::INFINITY;
        }
        let (second, fourth) = (self.powers.0 / self.count, self.powers.1 / self.count);
        let mean: f64 = self.sums.iter().map(|sum| (sum / self.count).powi(2)).sum();
        let variance = second - mean;
        if variance <= 1e-14 * second {
            return if second == 0.0 { 0.0 } else { f64::INFINITY };
        }
        (fourth - second * second).max(0.0).sqrt() / variance / self.count.sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::Spread;

    #[test]
    fn what_does_not_vary_is_known() {
        let mut spread = Spread::about(&[1.0, 2.0]);
        assert_eq!(spread.relative_error(), f64::INFINITY);
        spread.push(&[1.0, 2.0]);
        spread.push(&[1.0, 2.0]);
        assert_eq!(spread.relative_error(), 0.0);
    }

    #[test]
    fn four_times_the_draws_are_half_the_error() {
        let error = |count: i32| {
            let mut spread = Spread::about(&[0.5]);
            (0..count).for_each(|i| spread.push(&[f64::from(i % 5)]));
            spread.relative_error()
        };
        assert!((error(500) / error(2000) - 2.0).abs() < 1e-12);
    }
}
