//! Quality of a gradient estimator at fixed parameters, against the exact gradient.

use super::bias::{Noise, dot, squared_norm};
use super::bootstrap::Estimate;
use kernels::Real;
use kernels::simd::{self, Kernel, LANES, Lanes};

/// Batches that the draws are dealt into, to learn the shape of the noise.
///
/// Their means give a covariance of 31 degrees of freedom at the cost of 32 vectors, where the whole
/// covariance would take d².
const BATCHES: usize = 32;

/// Accumulates draws of a gradient estimator.
///
/// Memory is 2 vectors of the gradient's dimension d whatever the number of draws, or 34 of them
/// [with batches](Self::with_batches); a draw costs O(d). Moments are updated by Welford's method and
/// depend on the order of the draws by rounding only; the interval of the bias also depends on which
/// draws share a batch. So accumulators do not merge: draw in one order.
///
/// References: Welford (1962), *Note on a Method for Calculating Corrected Sums of Squares and
/// Products*, Technometrics 4; Schmeiser (1982), *Batch Size Effects in the Analysis of Simulation
/// Output*, Operations Research 30 (batch means).
///
/// ```
/// use statistics::GradientQuality;
///
/// let mut quality = GradientQuality::new(&[3.0, 4.0]);
/// for draw in [[4.0, 4.0], [4.0, 5.0], [4.0, 3.0], [4.0, 4.0]] {
///     quality.push(&draw);
/// }
/// let summary = quality.summary();
/// let variance = 2.0 / 3.0;
/// assert!((summary.total_variance.unwrap() - variance).abs() < 1e-15);
/// assert!((summary.squared_bias.unwrap() - (1.0 - variance / 4.0)).abs() < 1e-15);
/// assert!((summary.mean_squared_error.unwrap() - 1.5).abs() < 1e-15);
/// ```
#[derive(Clone, Debug)]
pub struct GradientQuality {
    dimension: usize,
    /// `[d]`, here and below up to a whole number of lanes.
    exact: Vec<[f64; LANES]>,
    finite: usize,
    non_finite: usize,
    /// Mean of draw − exact: `[d]`.
    mean_error: Vec<[f64; LANES]>,
    /// Σ ‖draw − mean‖².
    squared_deviations: f64,
    /// Σ cos(draw, exact).
    cosines: f64,
    /// Sums of draw − exact over the draws of each batch: `[BATCHES][d]`, or `[]` without batches.
    batch_sums: Vec<f64>,
    /// ‖exact‖.
    exact_norm: f64,
}

/// What draws say of a gradient estimator.
///
/// Of n draws g with mean ḡ, in dimension d, against the exact gradient e. Wherever a draw was not
/// finite, the estimator has missed: variance, bias and error are `+∞` and the cosines undefined.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct GradientSummary {
    /// Number of draws n, finite or not.
    pub draws: usize,
    /// Draws whose squared norm is not a finite number.
    pub non_finite: usize,
    /// Trace of the unbiased sample covariance, V = Σ ‖g − ḡ‖² / (n − 1).
    ///
    /// `None` with fewer than two draws.
    pub total_variance: Option<f64>,
    /// ‖ḡ − e‖² − V / n, an unbiased estimate of ‖E g − e‖².
    ///
    /// The sampling floor V / n is what ‖ḡ − e‖² comes to without any bias. Once it is subtracted the
    /// estimate scatters about the truth and may be negative. `None` with fewer than two draws.
    pub squared_bias: Option<f64>,
    /// Mean over draws of ‖g − e‖², which is squared bias + V.
    ///
    /// `None` without draws.
    pub mean_squared_error: Option<f64>,
    /// Cosine of the angle between ḡ and e.
    ///
    /// `None` without draws, or if either is 0.
    pub cosine: Option<f64>,
    /// Mean over draws of the cosine between g and e, 0 for a draw g = 0.
    ///
    /// `None` without draws, or if e = 0.
    pub mean_cosine: Option<f64>,
}

impl GradientQuality {
    /// No draws yet of an estimator of the gradient `exact`, `[d]`.
    ///
    /// # Panics
    ///
    /// If `exact` is not finite.
    pub fn new(exact: &[f64]) -> Self {
        assert!(exact.iter().all(|e| e.is_finite()), "the exact gradient is not finite");
        let lanes: Vec<[f64; LANES]> = exact.chunks(LANES).map(padded).collect();
        Self {
            dimension: exact.len(),
            finite: 0,
            non_finite: 0,
            mean_error: vec![[0.0; LANES]; lanes.len()],
            squared_deviations: 0.0,
            cosines: 0.0,
            batch_sums: vec![],
            exact_norm: squared_norm(exact).sqrt(),
            exact: lanes,
        }
    }

    /// The same, and the draws to come are dealt into batches as well, from which
    /// [`Self::relative_bias`] learns the shape of their noise.
    ///
    /// # Panics
    ///
    /// If there are draws already.
    #[must_use]
    pub fn with_batches(mut self) -> Self {
        assert_eq!(self.finite + self.non_finite, 0, "draws before their batches");
        self.batch_sums = vec![0.0; BATCHES * self.dimension];
        self
    }

    /// Adds one draw, `[d]`. One that is not finite is counted and kept out of the moments.
    ///
    /// # Panics
    ///
    /// If the draw is not of the dimension of the exact gradient.
    pub fn push<E: Real>(&mut self, draw: &[E]) {
        assert_eq!(draw.len(), self.dimension, "dimension of the draw");
        if !self.batch_sums.is_empty() {
            let batch = self.finite % BATCHES * draw.len();
            let errors = draw.iter().zip(self.exact.as_flattened()).map(|(g, e)| g.widen() - e);
            self.batch_sums[batch..].iter_mut().zip(errors).for_each(|(sum, error)| *sum += error);
        }
        let weight = 1.0 / (self.finite + 1) as f64;
        let (exact, mean_error) = (&self.exact, &mut self.mean_error);
        let products = simd::run(Welford { draw, exact, weight, mean_error });
        if !products.squared_norm.is_finite() {
            // Moments mean nothing from here on, and are not looked at.
            self.non_finite += 1;
            return;
        }
        self.finite += 1;
        self.squared_deviations += (1.0 - weight) * products.squared_deviation;
        let norms = products.squared_norm.sqrt() * self.exact_norm;
        if norms > 0.0 {
            self.cosines += (products.with_exact / norms).clamp(-1.0, 1.0);
        }
    }

    /// The exact gradient, `[d]`.
    pub fn exact(&self) -> &[f64] {
        &self.exact.as_flattened()[..self.dimension]
    }

    /// Mean of draw − exact, `[d]`.
    fn mean_error(&self) -> &[f64] {
        &self.mean_error.as_flattened()[..self.dimension]
    }

    /// What the draws so far say.
    pub fn summary(&self) -> GradientSummary {
        let draws = self.finite + self.non_finite;
        if self.non_finite > 0 || !self.squared_deviations.is_finite() {
            return self.missed();
        }
        let n = draws as f64;
        let squared_error = squared_norm(self.mean_error());
        let total_variance = (draws >= 2).then(|| self.squared_deviations / (n - 1.0));
        let errors = self.exact().iter().zip(self.mean_error());
        let mean: Vec<f64> = errors.map(|(e, m)| e + m).collect();
        let defined = draws > 0;
        GradientSummary {
            draws,
            non_finite: 0,
            total_variance,
            squared_bias: total_variance.map(|variance| squared_error - variance / n),
            mean_squared_error: defined.then(|| squared_error + self.squared_deviations / n),
            cosine: cosine(&mean, self.exact()).filter(|_| defined),
            mean_cosine: self.norm().filter(|_| defined).map(|_| self.cosines / n),
        }
    }

    /// Some draw was not finite: nothing is known of the bias, but that the mean does not exist.
    fn missed(&self) -> GradientSummary {
        let miss = f64::INFINITY;
        GradientSummary {
            draws: self.finite + self.non_finite,
            non_finite: self.non_finite,
            total_variance: Some(miss),
            squared_bias: Some(miss),
            mean_squared_error: Some(miss),
            ..GradientSummary::default()
        }
    }

    /// √max(0, squared bias) / ‖e‖ with a 95 % interval, of the draws so far.
    ///
    /// The lower bound is 0 in 96 % to 98 % of cases if the estimator is unbiased: one above 0 shows a
    /// bias (of which rounding is one kind). Coverage is simulated, and holds from 16 draws on; with
    /// heavy tails it takes more. `None` with fewer than two draws, or if e = 0.
    ///
    /// # Panics
    ///
    /// If the draws were not dealt into [batches](Self::with_batches).
    pub fn relative_bias(&self) -> Option<Estimate> {
        assert_eq!(self.batch_sums.len(), BATCHES * self.dimension, "there are no batches");
        let (norm, total_variance) = (self.norm()?, self.summary().total_variance?);
        if total_variance.is_infinite() {
            return Some(Estimate { value: f64::INFINITY, low: 0.0, high: f64::INFINITY });
        }
        let n = self.finite as f64;
        let floor = total_variance / n;
        let squared_error = squared_norm(self.mean_error());
        let noise = Noise::of(floor, n, &self.batch_deviations(), self.mean_error());
        let interval = noise.squared_bias(squared_error);
        let relative = |squared: f64| squared.max(0.0).sqrt() / norm;
        Some(Estimate {
            value: relative(squared_error - floor),
            low: relative(interval.low),
            high: relative(interval.high),
        })
    }

    /// √(size) (batch mean − mean) of every batch with draws in it: `[batches][d]`.
    fn batch_deviations(&self) -> Vec<Vec<f64>> {
        let batches = self.finite.min(BATCHES);
        let dimension = self.dimension;
        (0..batches)
            .map(|batch| {
                let size =
                    (self.finite / BATCHES + usize::from(batch < self.finite % BATCHES)) as f64;
                let sums = &self.batch_sums[batch * dimension..][..dimension];
                let deviation = |(sum, mean): (&f64, &f64)| (sum / size - mean) * size.sqrt();
                sums.iter().zip(self.mean_error()).map(deviation).collect()
            })
            .collect()
    }

    /// ‖e‖, unless it is 0.
    fn norm(&self) -> Option<f64> {
        Some(self.exact_norm).filter(|&norm| norm > 0.0)
    }
}

/// Numbers of at most so many lanes, and zeros.
#[inline(always)]
fn padded<E: Real>(numbers: &[E]) -> [f64; LANES] {
    let mut lanes = [0.0; LANES];
    match <&[E; LANES]>::try_from(numbers) {
        Ok(numbers) => {
            for i in 0..LANES {
                lanes[i] = numbers[i].widen();
            }
        }
        Err(_) => lanes.iter_mut().zip(numbers).for_each(|(lane, x)| *lane = x.widen()),
    }
    lanes
}

/// One step of Welford's method for every component, and products of the draw. Sums are made in
/// sixteen parts, component i in part i mod 16, and added up in order.
struct Welford<'a, E> {
    draw: &'a [E],
    exact: &'a [[f64; LANES]],
    weight: f64,
    mean_error: &'a mut [[f64; LANES]],
}

struct Products {
    /// ‖draw‖²
    squared_norm: f64,
    /// draw · exact
    with_exact: f64,
    /// ‖draw − exact − mean‖², of the mean before this draw
    squared_deviation: f64,
}

impl<E: Real> Kernel<f64> for Welford<'_, E> {
    type Output = Products;
    #[inline(always)]
    fn run<V: Lanes<f64>>(self) -> Products {
        let weight = V::splat(self.weight);
        let (mut squared_norm, mut with_exact) = (V::zero(), V::zero());
        let mut squared_deviation = V::zero();
        let truths = self.exact.iter().zip(self.mean_error);
        for (draw, (exact, mean_error)) in self.draw.chunks(LANES).zip(truths) {
            let (g, e, mean) = (V::of(&padded(draw)), V::of(exact), V::of(mean_error));
            squared_norm = g.mul_add(g, squared_norm);
            with_exact = g.mul_add(e, with_exact);
            let deviation = (g - e) - mean;
            squared_deviation = deviation.mul_add(deviation, squared_deviation);
            *mean_error = weight.mul_add(deviation, mean).to_array();
        }
        Products {
            squared_norm: in_order(squared_norm),
            with_exact: in_order(with_exact),
            squared_deviation: in_order(squared_deviation),
        }
    }
}

#[inline(always)]
fn in_order<V: Lanes<f64>>(parts: V) -> f64 {
    let mut sum = 0.0;
    for part in parts.to_array() {
        sum += part;
    }
    sum
}

/// Cosine of the angle between two vectors; `None` if either is 0.
fn cosine(a: &[f64], b: &[f64]) -> Option<f64> {
    let norms = squared_norm(a).sqrt() * squared_norm(b).sqrt();
    (norms > 0.0).then(|| (dot(a, b) / norms).clamp(-1.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::super::location::{mean, sample_variance};
    use super::super::reference::{assert_close, exactly};
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn quality(exact: &[f64], draws: &[Vec<f64>]) -> GradientQuality {
        let mut quality = GradientQuality::new(exact).with_batches();
        draws.iter().for_each(|draw| quality.push(draw));
        quality
    }

    fn summary(exact: &[f64], draws: &[Vec<f64>]) -> GradientSummary {
        quality(exact, draws).summary()
    }

    fn relative_bias(exact: &[f64], draws: &[Vec<f64>]) -> Option<Estimate> {
        quality(exact, draws).relative_bias()
    }

    #[test]
    fn two_draws_by_hand() {
        let summary = summary(&[1.0, 0.0], &[vec![3.0, 0.0], vec![1.0, 2.0]]);
        assert_eq!(summary.draws, 2);
        assert_eq!(summary.total_variance, Some(4.0)); // mean (2, 1)
        assert_eq!(summary.squared_bias, Some(2.0 - 4.0 / 2.0));
        assert_eq!(summary.mean_squared_error, Some(4.0));
        assert_close(summary.cosine.unwrap(), 2.0 / 5.0_f64.sqrt(), 1e-15);
        assert_close(summary.mean_cosine.unwrap(), (1.0 + 1.0 / 5.0_f64.sqrt()) / 2.0, 1e-15);
        let bias = relative_bias(&[1.0, 0.0], &[vec![3.0, 0.0], vec![1.0, 2.0]]).unwrap();
        assert_eq!((bias.value, bias.low), (0.0, 0.0));
        assert!(bias.high > 1.0);
    }

    #[test]
    fn the_sampling_floor_may_exceed_the_error() {
        let quality = quality(&[1.0], &[vec![0.0], vec![2.0]]);
        assert_eq!(quality.summary().squared_bias, Some(-1.0));
        assert_eq!(quality.relative_bias().unwrap().value, 0.0);
    }

    #[test]
    fn a_constant_bias_is_known_exactly() {
        let quality = quality(&[3.0, 4.0], &vec![vec![3.0, 5.0]; 40]);
        assert_eq!(quality.relative_bias(), Some(exactly(0.2)));
        assert_eq!(quality.summary().total_variance, Some(0.0));
    }

    #[test]
    fn an_exact_estimator_has_no_bias() {
        let quality = quality(&[3.0, 4.0], &vec![vec![3.0, 4.0]; 40]);
        assert_eq!(quality.relative_bias(), Some(exactly(0.0)));
        let summary = quality.summary();
        assert_eq!(summary.cosine, Some(1.0));
        assert_eq!(summary.mean_cosine, Some(1.0));
    }

    #[test]
    fn too_few_draws_leave_gaps() {
        assert_eq!(summary(&[1.0], &[]), GradientSummary::default());
        assert_eq!(relative_bias(&[1.0], &[]), None);
        assert_eq!(relative_bias(&[1.0], &[vec![-3.0]]), None);
        let one = GradientSummary {
            draws: 1,
            mean_squared_error: Some(16.0),
            cosine: Some(-1.0),
            mean_cosine: Some(-1.0),
            ..GradientSummary::default()
        };
        assert_eq!(summary(&[1.0], &[vec![-3.0]]), one);
    }

    #[test]
    fn a_zero_gradient_has_no_direction() {
        let expected = GradientSummary {
            draws: 2,
            total_variance: Some(2.0),
            squared_bias: Some(2.0 - 2.0 / 2.0),
            mean_squared_error: Some(3.0),
            ..GradientSummary::default()
        };
        let draws = [vec![1.0, 0.0], vec![1.0, 2.0]];
        assert_eq!(summary(&[0.0, 0.0], &draws), expected);
        assert_eq!(relative_bias(&[0.0, 0.0], &draws), None);
    }

    #[test]
    fn a_zero_draw_points_nowhere() {
        let summary = summary(&[1.0], &[vec![0.0], vec![1.0]]);
        assert_eq!(summary.mean_cosine, Some(0.5));
    }

    #[test]
    fn a_draw_that_is_not_finite_is_a_miss() {
        const MISS: f64 = f64::INFINITY;
        let miss = GradientSummary {
            draws: 3,
            non_finite: 1,
            total_variance: Some(MISS),
            squared_bias: Some(MISS),
            mean_squared_error: Some(MISS),
            ..GradientSummary::default()
        };
        for bad in [f64::NAN, MISS, -MISS, 1e200] {
            let draws = [vec![1.0], vec![bad], vec![1.0]];
            assert_eq!(summary(&[1.0], &draws), miss);
            let nothing = Estimate { value: MISS, low: 0.0, high: MISS };
            assert_eq!(relative_bias(&[1.0], &draws), Some(nothing));
        }
        let overflow = GradientSummary { non_finite: 0, ..miss };
        assert_eq!(summary(&[1.0], &[vec![1.2e154], vec![-1.2e154], vec![1.0]]), overflow);
    }

    #[test]
    fn moments_survive_a_large_offset() {
        let draws: Vec<Vec<f64>> = (0..1000).map(|i| vec![1e8 + f64::from(i % 2)]).collect();
        let variance = summary(&[0.5], &draws).total_variance.unwrap();
        assert_close(variance, 250.0 / 999.0, 1e-7);
    }

    #[test]
    fn batches_are_dealt_in_turn() {
        let mut quality = GradientQuality::new(&[0.0]).with_batches();
        for i in 0..34_u8 {
            quality.push(&[f64::from(i)]);
        }
        let deviations: Vec<f64> = quality.batch_deviations().concat();
        let mean = 16.5;
        assert_eq!(deviations.len(), 32);
        assert_close(deviations[1], (17.0 - mean) * 2.0_f64.sqrt(), 1e-12); // 1 and 33
        assert_close(deviations[2], 2.0 - mean, 1e-12);
    }

    #[test]
    #[should_panic(expected = "dimension of the draw")]
    fn a_short_draw_is_refused() {
        GradientQuality::new(&[1.0, 2.0]).push(&[1.0]);
    }

    proptest! {
        #[test]
        fn cosines_end_at_one(vector in vec(-1e2..1e2, 1..8)) {
            prop_assert!(cosine(&vector, &vector).unwrap() <= 1.0);
        }

        #[test]
        fn moments_are_those_of_two_passes(draws in vec(vec(-1e2..1e2, 3), 2..80)) {
            let exact = [1.0, -2.0, 3.0];
            let summary = summary(&exact, &draws);
            let component = |i: usize| -> Vec<f64> { draws.iter().map(|draw| draw[i]).collect() };
            let variance: f64 = (0..3).map(|i| sample_variance(&component(i)).unwrap()).sum();
            let squared_error: f64 =
                (0..3).map(|i| (mean(&component(i)).unwrap() - exact[i]).powi(2)).sum();
            let n = draws.len() as f64;
            prop_assert!((summary.total_variance.unwrap() - variance).abs() < 1e-8);
            let squared_bias = squared_error - variance / n;
            prop_assert!((summary.squared_bias.unwrap() - squared_bias).abs() < 1e-8);
            let total = squared_bias + variance;
            prop_assert!((summary.mean_squared_error.unwrap() - total).abs() < 1e-8);
        }

        #[test]
        fn bounds_enclose_the_value(draws in vec(vec(-1e2..1e2, 3), 2..80)) {
            let bias = relative_bias(&[1.0, -2.0, 3.0], &draws).unwrap();
            prop_assert!(0.0 <= bias.low && bias.low <= bias.value && bias.value <= bias.high);
        }

        #[test]
        fn units_do_not_matter(draws in vec(vec(-1e2..1e2, 3), 2..80)) {
            let scaled = |factor: f64, draw: &[f64]| -> Vec<f64> {
                draw.iter().map(|g| factor * g).collect()
            };
            let exact = [1.0, -2.0, 3.0];
            let quarters: Vec<Vec<f64>> = draws.iter().map(|draw| scaled(0.25, draw)).collect();
            let (whole, quarter) = (summary(&exact, &draws), summary(&scaled(0.25, &exact), &quarters));
            let bias = |exact: &[f64], draws: &[Vec<f64>]| relative_bias(exact, draws).unwrap();
            let of_quarter = bias(&scaled(0.25, &exact), &quarters);
            let of_whole = bias(&exact, &draws);
            prop_assert_eq!(of_whole.value, of_quarter.value);
            prop_assert!((of_quarter.high / of_whole.high - 1.0).abs() < 1e-12);
            prop_assert_eq!(whole.total_variance.unwrap(), 16.0 * quarter.total_variance.unwrap());
            prop_assert_eq!((whole.cosine, whole.mean_cosine), (quarter.cosine, quarter.mean_cosine));
        }
    }
}
