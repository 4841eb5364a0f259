//! Bounds of chance that hold for any number of draws and any shape of their distribution.
//!
//! Each of them is exceeded by chance with a probability of at most [`MISTAKE`], so a comparison that
//! uses m of them rejects a right estimator with a probability of at most m · [`MISTAKE`]. They need no
//! central limit, so an outcome too rare to be drawn is no evidence against an estimator.

/// ε, the probability with which one bound fails by chance.
pub const MISTAKE: f64 = 1e-9;
/// ln(1/ε)
const LOG: f64 = 20.723_265_836_946_41;
/// ln(2/ε)
const LOG_OF_HALF: f64 = 21.416_413_017_506_358;
/// √(2 ln(1/ε)): the standard errors that a mean may be off if its variance is known.
pub const ALLOWED: f64 = 6.437_898_078_868_042;

/// What is known of a distribution beside its mean.
#[derive(Clone, Copy, Debug)]
pub(super) enum Known {
    /// It is constant.
    Constant,
    /// Its variance, at most.
    Variance(f64),
    /// Its width: the difference of its largest and its smallest value.
    Width(f64),
}

impl Known {
    /// How far the mean of the draws is from the interval `expected` ± `slack`. More than [`ALLOWED`]
    /// happens by chance with a probability of at most 2ε if the true mean is in the interval.
    ///
    /// With a known variance the unit is the standard error σ/√n, and the mean is that of Catoni's
    /// influence function, whose deviations are those of a normal distribution for any distribution
    /// of that variance. Otherwise the unit is chosen so that the limit is the same.
    pub(super) fn deviation(self, draws: &[f64], expected: f64, slack: f64) -> f64 {
        let off = || ((mean(draws) - expected).abs() - slack).max(0.0);
        match self {
            Self::Constant if off() == 0.0 => 0.0,
            Self::Constant => f64::INFINITY,
            Self::Variance(variance) => catoni(draws, expected, slack, variance),
            Self::Width(width) => off() * ALLOWED / bernstein(draws, width.max(f64::MIN_POSITIVE)),
        }
    }

    /// The number of bounds behind a deviation: one for each side.
    pub(super) fn bounds(self) -> usize {
        if matches!(self, Self::Constant) { 0 } else { 2 }
    }
}

/// Σ ψ(λ (x − m))/(λ n), in units of σ/√n, with λ = √(2 ln(1/ε)/(n σ²)) and the m of `expected` ±
/// `slack` that is nearest to the draws; 0 if that is inside the interval.
///
/// As ψ(x) ≤ ln(1 + x + x²/2), E exp Σ ψ(λ (x − m)) ≤ exp(n λ² σ²/2) if m is the mean, so Markov's
/// inequality bounds the sum by n λ² σ²/2 + ln(1/ε) = 2 ln(1/ε), up to a probability of ε. Catoni
/// 2012, arXiv:1009.2048, Prop. 2.4.
fn catoni(draws: &[f64], expected: f64, slack: f64, variance: f64) -> f64 {
    // Rounding has a variance too.
    let variance = (variance + slack * slack).max(f64::MIN_POSITIVE);
    let scale = ALLOWED / (draws.len() as f64 * variance).sqrt();
    let sum = |m: f64| draws.iter().map(|x| influence(scale * (x - m))).sum::<f64>() / ALLOWED;
    match sum(expected + slack) {
        above if above > 0.0 => above,
        _ => (-sum(expected - slack)).max(0.0),
    }
}

/// ψ(x) = sign(x) ln(1 + |x| + x²/2)
fn influence(x: f64) -> f64 {
    let size = x.abs();
    libm::log1p(size + 0.5 * size * size).copysign(x)
}

/// √(2 S² ln(2/ε)/n) + 7 w ln(2/ε)/(3 (n − 1)) of draws in an interval of width w: the empirical
/// Bernstein bound on one side of the mean. Maurer & Pontil 2009, arXiv:0907.3740, Theorem 4.
fn bernstein(draws: &[f64], width: f64) -> f64 {
    let n = draws.len() as f64;
    let of_range = 7.0 * width * LOG_OF_HALF / (3.0 * (n - 1.0).max(1.0));
    (2.0 * variance(draws) * LOG_OF_HALF / n).sqrt() + of_range
}

/// A lower bound on the mean of numbers from 0 up, with nothing else known of them: the empirical
/// Bernstein bound on the mean of min(x, c), for any c that does not depend on the draws.
///
/// c = `scale` √(n/ln(1/ε)) makes what it leaves out about as small as the bound's own width.
pub(super) fn least_mean(draws: &[f64], scale: f64) -> f64 {
    let most = scale * (draws.len() as f64 / LOG).sqrt();
    let clipped: Vec<f64> = draws.iter().map(|x| x.min(most)).collect();
    mean(&clipped) - bernstein(&clipped, most)
}

pub(super) fn mean(draws: &[f64]) -> f64 {
    draws.iter().sum::<f64>() / draws.len() as f64
}

/// S², with n − 1.
pub(super) fn variance(draws: &[f64]) -> f64 {
    let mean = mean(draws);
    let squares = draws.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>();
    squares / (draws.len() as f64 - 1.0).max(1.0)
}

/// The largest |x|.
pub(super) fn largest(numbers: &[f64]) -> f64 {
    numbers.iter().map(|x| x.abs()).fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernels::Noise;

    #[test]
    fn constants_are_those_of_the_probability() {
        let log = (1.0 / MISTAKE).ln();
        assert!((LOG - log).abs() < 1e-12 && (LOG_OF_HALF - (2.0 / MISTAKE).ln()).abs() < 1e-12);
        assert!((ALLOWED - (2.0 * log).sqrt()).abs() < 1e-12);
    }

    #[test]
    fn moments_by_hand() {
        assert_eq!((mean(&[1.0, 2.0, 6.0]), variance(&[1.0, 2.0, 6.0])), (3.0, 7.0));
        assert_eq!(variance(&[2.0]), 0.0);
    }

    #[test]
    fn bernstein_by_hand() {
        // S² = 4/3.
        let expected = (2.0 * 4.0 / 3.0 * LOG_OF_HALF / 4.0).sqrt() + 7.0 * 3.0 * LOG_OF_HALF / 9.0;
        assert!((bernstein(&[0.0, 0.0, 2.0, 2.0], 3.0) - expected).abs() < 1e-12);
    }

    /// ±σ, and one of two outcomes far off with probability q each.
    fn draw(n: usize, rare: f64, noise: &mut Noise) -> Vec<f64> {
        let one = |u: f64| match u {
            u if u < rare => 1.0 / rare.sqrt(),
            u if u > 1.0 - rare => -1.0 / rare.sqrt(),
            u if u < 0.5 => 1.0,
            _ => -1.0,
        };
        (0..n).map(|_| one(noise.uniform())).collect()
    }

    /// At ε = 10⁻⁹ no deviation may come near to the limit, whatever is rare. The error that
    /// `docs` state is found: 2 ALLOWED/√n standard deviations.
    #[test]
    fn deviations_stay_below_the_limit_and_errors_are_found() {
        let noise = &mut Noise::named(&["bounds"]);
        for n in [50, 200, 1000, 100_000] {
            for rare in [0.0, 1e-4, 1e-3, 0.02] {
                for _ in 0..(200_000 / n).min(500) {
                    let draws = draw(n, rare, noise);
                    let sigma = (3.0 - 2.0 * rare).sqrt();
                    let known = [Known::Variance(3.0), Known::Width(2.0 / rare.sqrt().max(1e-4))];
                    for known in known {
                        let deviation = known.deviation(&draws, 0.0, 0.0);
                        assert!(deviation < 5.0, "{known:?} {n} {rare} {deviation}");
                    }
                    if n >= 1000 {
                        let off = 2.2 * ALLOWED * sigma / (n as f64).sqrt();
                        let deviation = Known::Variance(3.0).deviation(&draws, off, 0.0);
                        assert!(deviation > ALLOWED, "{n} {rare} {deviation}");
                    }
                    let squares: Vec<f64> = draws.iter().map(|x| x * x).collect();
                    assert!(least_mean(&squares, 3.0) < 3.0 - 2.0 * rare);
                }
            }
        }
    }

    #[test]
    fn slack_widens_the_interval() {
        let draws = [1.0; 1000];
        assert_eq!(Known::Constant.deviation(&draws, 1.1, 0.2), 0.0);
        assert_eq!(Known::Constant.deviation(&draws, 1.1, 0.05), f64::INFINITY);
        assert_eq!(Known::Variance(1.0).deviation(&draws, 1.1, 0.2), 0.0);
        let off = Known::Variance(1.0).deviation(&draws, 2.1, 0.1);
        assert!((off - Known::Variance(1.01).deviation(&draws, 2.0, 0.0)).abs() < 1e-9);
        assert!(off > ALLOWED);
    }

    /// An outcome of which half of the variance comes need not be drawn.
    #[test]
    fn what_was_not_drawn_is_no_evidence() {
        let rare = 1e-3;
        // Two outcomes: 0, and 1/q with probability q: the mean is 1.
        let draws = [0.0; 100];
        let known = Known::Variance(1.0 / rare);
        assert!(known.deviation(&draws, 1.0, 0.0) < ALLOWED);
        assert!(Known::Width(1.0 / rare).deviation(&draws, 1.0, 0.0) < ALLOWED);
        // With ten thousand it is.
        assert!(known.deviation(&[0.0; 100_000], 1.0, 0.0) > ALLOWED);
    }

    #[test]
    fn a_lower_bound_comes_near_to_the_mean() {
        let draws: Vec<f64> = (0..100_000).map(|i| f64::from(i % 3)).collect();
        let least = least_mean(&draws, 1.0);
        assert!(least < 1.0 && least > 0.9, "{least}");
    }
}
