//! How large is a bias, seen through sampling noise?

use super::bootstrap::Interval;

/// The noise of a mean x̄ of n draws with covariance Σ around a vector e, as far as it matters to how
/// the error D = x̄ − e reflects the bias b = E D.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Noise {
    /// E ‖D‖² without bias, tr Σ / n.
    pub floor: f64,
    /// tr Σ² / (tr Σ)²: one over the number of directions that the noise spreads over. Times
    /// n / (n − 1), because the floor scatters as well.
    pub concentration: f64,
    /// DᵀΣD / (‖D‖² tr Σ): the fraction of the noise along the error, in `[0, 1]`.
    pub alignment: f64,
    /// DᵀΣ²D / (DᵀΣD tr Σ): that fraction along ΣD, where noise shortens the error fastest; from the
    /// alignment to 1.
    pub steepness: f64,
    /// Degrees of freedom that the ratios are estimated with, at least 1.
    pub freedom: f64,
}

impl Noise {
    /// The noise of a mean of n draws that misses e by `error`, its shape estimated from batches.
    ///
    /// With deviations y = √(size) (batch mean − mean) of B batches, S = Σ y yᵀ / ν estimates Σ with
    /// ν = B − 1 degrees of freedom, and inner products of the deviations give all that is needed of
    /// it. Where nothing can be estimated all noise is taken to lie along the bias: the widest
    /// interval.
    ///
    /// - `deviations`: `[batches][d]`, at least two.
    /// - `error`: `[d]`.
    pub fn of(floor: f64, draws: f64, deviations: &[Vec<f64>], error: &[f64]) -> Self {
        let freedom = (deviations.len() - 1) as f64;
        let trace = deviations.iter().map(|y| squared_norm(y)).sum::<f64>() / freedom;
        let (alignment, steepness) = directions(deviations, trace, error);
        Self {
            floor,
            concentration: concentration(deviations, trace) * draws / (draws - 1.0),
            alignment,
            steepness,
            freedom,
        }
    }

    /// The 95 % interval of ‖b‖², given ‖D‖².
    ///
    /// It holds the values under which the observation is between the 2.5 % and 97.5 % quantiles. An
    /// observation below the floor says no more than one at the floor: the upper bound does not
    /// shrink to nothing by a lucky draw.
    pub fn squared_bias(&self, observed: f64) -> Interval {
        let z = student_quantile(self.freedom);
        let estimate = (observed - self.floor).max(0.0);
        let quantile = |z: f64| move |squared_bias| self.quantile(squared_bias, estimate, z);
        Interval {
            low: solve(quantile(z), observed),
            high: solve(quantile(-z), observed.max(self.floor)),
        }
    }

    /// The quantile of ‖D‖² at z standard deviations, for a given ‖b‖² and its `estimate`.
    ///
    /// With x̄ normal, the mean is m = ‖b‖² + tr Σ / n and the variance v = 2 tr Σ² / n² + 4 bᵀΣb / n.
    /// The distribution is close to the gamma distribution with these moments (Satterthwaite 1946,
    /// Patnaik 1949), whose quantiles are m (1 − w + z √w)³ with w = v / (9 m²) (Wilson and Hilferty
    /// 1931).
    ///
    /// bᵀΣb is seen along D only. A bias longer than the estimate has been shortened by noise, most
    /// likely along ΣD, and has so much more of the noise along itself.
    fn quantile(&self, squared_bias: f64, estimate: f64, z: f64) -> f64 {
        let mean = squared_bias + self.floor;
        let excess = (squared_bias - estimate).max(0.0);
        let along_bias = self.alignment * squared_bias + (self.steepness - self.alignment) * excess;
        // Relative to the mean first: the squares of small numbers would vanish.
        let floor = self.floor / mean;
        let variance = 2.0 * self.concentration * floor * floor + 4.0 * floor * along_bias / mean;
        let w = variance / 9.0;
        let root = (1.0 - w + z * w.sqrt()).max(0.0); // 0 as well where the mean is 0
        mean * root * root * root
    }
}

/// tr Σ² / (tr Σ)² from the deviations of batches, the trace of whose covariance S is `trace`.
///
/// tr S² overestimates tr Σ² by the scatter of S. The unbiased estimate for normal deviations is
/// ν² / ((ν + 2) (ν − 1)) (tr S² − (tr S)² / ν) (Bai and Saranadasa 1996, *Effect of High Dimension*,
/// Statistica Sinica 6).
fn concentration(deviations: &[Vec<f64>], trace: f64) -> f64 {
    let freedom = (deviations.len() - 1) as f64;
    if freedom < 2.0 {
        return 1.0;
    }
    let products = deviations.iter().flat_map(|x| deviations.iter().map(move |y| dot(x, y)));
    let trace_of_square = products.map(|p| p * p).sum::<f64>() / (freedom * freedom);
    let unbiased = freedom * freedom / ((freedom + 2.0) * (freedom - 1.0))
        * (trace_of_square - trace * trace / freedom);
    let dimension = deviations[0].len() as f64;
    // `min` first: it takes 0 / 0 for 1.
    (unbiased / (trace * trace)).min(1.0).max(1.0 / dimension)
}

/// Alignment and steepness (see [`Noise`]) from the deviations of batches.
///
/// ‖SD‖² overestimates DᵀΣ²D by the scatter of S. With E S² = (1 + 1/ν) Σ² + Σ tr Σ / ν for normal
/// deviations, (‖SD‖² − DᵀSD tr S / ν) / (1 + 1/ν) is nearly unbiased.
fn directions(deviations: &[Vec<f64>], trace: f64, error: &[f64]) -> (f64, f64) {
    let freedom = (deviations.len() - 1) as f64;
    let mut image = vec![0.0; error.len()]; // SD
    for y in deviations {
        let weight = dot(y, error) / freedom;
        image.iter_mut().zip(y).for_each(|(image, y)| *image += weight * y);
    }
    let along_error = dot(error, &image);
    // `min` takes 0 / 0 for 1.
    let alignment = (along_error / (squared_norm(error) * trace)).min(1.0);
    let steepness = squared_norm(&image) / (along_error * trace);
    let unbiased = (steepness - 1.0 / freedom) / (1.0 + 1.0 / freedom);
    (alignment, unbiased.min(1.0).max(alignment))
}

/// The argument from 0 up where a function rises through `target`, by bisection.
fn solve(rising: impl Fn(f64) -> f64, target: f64) -> f64 {
    if rising(0.0) >= target {
        return 0.0;
    }
    let (mut below, mut above) = (0.0, target);
    while rising(above) < target {
        above *= 2.0;
    }
    loop {
        let middle = below + 0.5 * (above - below);
        if middle <= below || middle >= above {
            return above;
        }
        if rising(middle) < target { below = middle } else { above = middle }
    }
}

/// 97.5 % quantile of Student's t distribution with ν degrees of freedom.
///
/// The expansion of Cornish and Fisher in 1/ν (Abramowitz and Stegun 26.7.5): within 2 % from ν = 4.
fn student_quantile(freedom: f64) -> f64 {
    const Z: f64 = 1.959_963_984_540_054; // of the normal distribution
    let cubed = Z * Z * Z;
    let first = (cubed + Z) / 4.0;
    let second = (5.0 * cubed * Z * Z + 16.0 * cubed + 3.0 * Z) / 96.0;
    Z + (first + second / freedom) / freedom
}

/// ‖a‖².
pub(super) fn squared_norm(a: &[f64]) -> f64 {
    dot(a, a)
}

/// aᵀb.
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::super::bootstrap::Bootstrap;
    use super::super::coverage::normal;
    use super::super::reference::{self, assert_close};
    use super::*;
    use std::array::from_fn;

    /// Unit noise in every direction, known exactly.
    fn isotropic(dimensions: f64) -> Noise {
        Noise {
            floor: dimensions,
            concentration: 1.0 / dimensions,
            alignment: 1.0 / dimensions,
            steepness: 1.0 / dimensions,
            freedom: f64::INFINITY,
        }
    }

    #[test]
    fn quantiles_are_close_to_the_noncentral_chi_square() {
        for case in reference::cases("noncentral_chi_square") {
            let [dimensions, noncentrality, p] = [0, 1, 2].map(|i| case.samples[i][0]);
            let z = student_quantile(f64::INFINITY).copysign(p - 0.5);
            let quantile = isotropic(dimensions).quantile(noncentrality, 0.0, z);
            let tolerance = if p > 0.5 { 0.025 } else { 0.075 };
            assert_close(quantile, case.expected, tolerance);
        }
    }

    #[test]
    fn student_quantiles_are_scipys() {
        for case in reference::cases("student_quantile") {
            assert_close(student_quantile(case.sample()[0]), case.expected, 0.02);
        }
    }

    #[test]
    fn a_clear_bias_in_one_dimension_has_the_normal_interval() {
        let interval = isotropic(1.0).squared_bias(36.0);
        assert_close(interval.low.sqrt(), 6.0 - 1.96, 0.02);
        assert_close(interval.high.sqrt(), 6.0 + 1.96, 0.02);
    }

    #[test]
    fn observations_below_the_floor_say_what_one_at_the_floor_does() {
        let noise = isotropic(10.0);
        assert_eq!(noise.squared_bias(1.0), noise.squared_bias(10.0));
        assert_eq!(noise.squared_bias(1.0).low, 0.0);
        assert!(noise.squared_bias(20.0).high > noise.squared_bias(10.0).high);
    }

    #[test]
    fn concentration_counts_directions() {
        let along =
            |i: usize| -> Vec<f64> { (0..4).map(|j| f64::from(u8::from(i % 4 == j))).collect() };
        let spread: Vec<Vec<f64>> = (0..400).map(along).collect();
        let trace = 400.0 / 399.0;
        assert_close(concentration(&spread, trace), 0.25, 0.01);
        assert_close(concentration(&vec![along(0); 400], trace), 1.0, 0.01);
        assert_eq!(concentration(&spread[..2], 2.0), 1.0);
        let few_draws = Noise::of(1.0, 4.0, &spread, &[1.0; 4]).concentration;
        assert_close(few_draws, concentration(&spread, trace) * 4.0 / 3.0, 1e-15);
    }

    #[test]
    fn without_noise_the_error_is_the_bias() {
        let noise = Noise { floor: 0.0, ..isotropic(1.0) };
        assert_eq!(noise.quantile(0.0, 0.0, 2.0), 0.0);
        assert_eq!(noise.squared_bias(7.0), Interval { low: 7.0, high: 7.0 });
    }

    #[test]
    fn directions_see_oblique_noise() {
        // Noise of variance 1 along the first axis, and an error at 45° to it.
        let sign = |i: usize| if i.is_multiple_of(2) { 1.0 } else { -1.0 };
        let deviations: Vec<Vec<f64>> = (0..400).map(|i| vec![sign(i), 0.0]).collect();
        let (alignment, steepness) = directions(&deviations, 400.0 / 399.0, &[3.0, 3.0]);
        assert_close(alignment, 0.5, 1e-12);
        assert_close(steepness, 1.0, 0.01);
        assert_eq!(directions(&deviations, 1.0, &[0.0, 0.0]), (1.0, 1.0));
    }

    #[test]
    fn noise_shortens_an_oblique_bias() {
        // Noise along the first axis shortened b = (3, 5, 5, 5) + 2 e₁ to D: it is just not excluded.
        let noise = Noise {
            floor: 1.0,
            concentration: 1.0,
            alignment: 9.0 / 84.0,
            steepness: 1.0,
            freedom: f64::INFINITY,
        };
        assert_close(noise.squared_bias(84.0).high, 100.0, 0.04);
    }

    #[test]
    fn few_batches_do_not_bias_the_shape() {
        // Variances 9 and 1 (nine times), and an error along the diagonal.
        let scales: [f64; 10] = from_fn(|i| if i == 0 { 3.0 } else { 1.0 });
        let mut indices = Bootstrap::new(1).indices();
        let mut mean = [0.0; 3]; // of tr S², DᵀSD and DᵀS²D, unbiased
        for _ in 0..10_000 {
            let mut draw = || scales.map(|scale| scale * normal(&mut indices)).to_vec();
            // As many as the degrees of freedom, and one more that adds nothing.
            let mut deviations: Vec<Vec<f64>> = (0..15).map(|_| draw()).collect();
            deviations.push(vec![0.0; 10]);
            let trace = deviations.iter().map(|y| squared_norm(y)).sum::<f64>() / 15.0;
            let noise = Noise::of(1.0, 1e9, &deviations, &[1.0; 10]);
            mean[0] += noise.concentration * trace * trace / 1e4;
            mean[1] += noise.alignment * 10.0 * trace / 1e4;
            mean[2] += noise.steepness * noise.alignment * 10.0 * trace * trace / 1e4;
        }
        assert_close(mean[0], 90.0, 0.03);
        assert_close(mean[1], 18.0, 0.03);
        assert_close(mean[2], 90.0, 0.03);
    }

    #[test]
    fn bisection_finds_where_a_function_rises() {
        assert_eq!(solve(|x| x * x, 4.0), 2.0);
        assert_eq!(solve(|x| x / 8.0, 4.0), 32.0);
        assert_eq!(solve(|x| x + 5.0, 4.0), 0.0);
    }
}
