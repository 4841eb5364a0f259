use super::instance::Instance;
use super::table::{Row, Table};
use crate::{Entry, Result, gradient};
use kernels::Noise;

/// The comparison of an estimator with a row of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// Differences that chance does not explain; empty if there are none.
    pub failures: Vec<String>,
    /// The number of draws.
    pub draws: usize,
    /// The largest deviation of a component of the mean, in standard errors.
    pub mean_deviation: f64,
    /// The deviation of the total variance, in standard errors, if it was compared.
    pub variance_deviation: Option<f64>,
}

/// Standard errors within which a deviation counts as chance.
const ALLOWED: f64 = 5.0;
/// The relative error of exact numbers in `f64`.
const ROUNDING: f64 = 1e-9;
/// The largest relative standard error with which an empirical variance is still compared.
const MOST_SPREAD: f64 = 0.05;
/// Absolute tolerance where a loss has kinks at whole soft indices: next to one, rounding decides on
/// which side an estimate lies.
const KINK: f64 = 1e-6;
/// Rows of a batch of draws.
const ROWS_AT_ONCE: usize = 2048;

/// Draws estimates on a table's instance, and compares their mean, total variance, loss and the
/// gradient for the objective's own parameters with a row of the table.
///
/// # Errors
/// If the estimator cannot be built or fails.
pub fn check(
    entry: &Entry,
    table: &Table,
    instance: &Instance,
    row: &Row,
    draws: usize,
    seed: u64,
) -> Result<Verdict> {
    let mut estimator = entry.build(row.parameters_for(entry))?.build_f64();
    if let Some(why) = estimator.refuses(instance.dims) {
        let failures = vec![format!("refused: {why}")];
        return Ok(Verdict { failures, draws: 0, mean_deviation: 0.0, variance_deviation: None });
    }
    // A deterministic estimator always returns the same gradient: a few draws are enough.
    let is_constant = !estimator.properties(instance.dims).stochastic;
    let draws = if is_constant { draws.min(64) } else { draws };
    let noise = &mut Noise::named(&["verify", &table.name, &seed.to_string()]);
    let drawn = Draws::draw(instance, &mut *estimator, draws, noise)?;
    let scale = instance.loss_scale()?;
    let mut verdict =
        Verdict { failures: vec![], draws, mean_deviation: 0.0, variance_deviation: None };
    if drawn.estimates.iter().chain(&drawn.losses).chain(&drawn.parameters).any(|x| !x.is_finite())
    {
        verdict.failures.push("an estimate is not finite".to_owned());
        return Ok(verdict);
    }
    let moments = Moments::of(&drawn.estimates, row.mean.len());
    if table.finite_only {
        check_extreme(&mut verdict, &moments, table, row, scale);
        return Ok(verdict);
    }
    let tolerance = if row.has_soft_index { KINK } else { 0.0 };
    check_mean(&mut verdict, "mean", &moments, &row.mean, &row.mean_error, scale, tolerance);
    if row.unbiased {
        check_mean(
            &mut verdict,
            "exact",
            &moments,
            &table.exact,
            &row.mean_error,
            scale,
            tolerance,
        );
    }
    check_variance(&mut verdict, &moments, row, scale);
    check_other_mean(&mut verdict, "loss", &drawn.losses, row.value.as_slice(), row);
    if let Some(expected) = &row.objective_gradient {
        check_other_mean(&mut verdict, "objective's gradient", &drawn.parameters, expected, row);
    }
    Ok(verdict)
}

/// Draws, one after the other.
struct Draws {
    /// Gradients for the logits, [draws, B·L·K].
    estimates: Vec<f64>,
    /// Losses, [draws].
    losses: Vec<f64>,
    /// Gradients for the objective's parameters, [draws, …].
    parameters: Vec<f64>,
}

impl Draws {
    fn draw(
        instance: &Instance,
        estimator: &mut dyn crate::Estimator<f64>,
        draws: usize,
        noise: &mut Noise,
    ) -> Result<Self> {
        let batch = instance.dims.batch;
        let mut drawn = Self { estimates: vec![], losses: vec![], parameters: vec![] };
        let at_once = (ROWS_AT_ONCE / batch).max(1);
        let mut left = draws;
        while left > 0 {
            let times = left.min(at_once);
            let (dims, logits, (objective, parameters)) = instance.repeated(times);
            let estimate =
                gradient(estimator, &logits, dims, &*objective, parameters.as_ref(), noise)?;
            // The surrogate is the mean over all rows; a draw is the mean over its own.
            let scale = times as f64;
            drawn.estimates.extend(estimate.logits.iter().map(|g| g * scale));
            let means = estimate.losses.chunks_exact(batch);
            drawn.losses.extend(means.map(|row| row.iter().sum::<f64>() / batch as f64));
            let width = estimate.objective.len() / times;
            for parameters in estimate.objective.chunks_exact(width.max(1)) {
                if instance.shares_parameters() {
                    let own = width / batch;
                    let sum = |k: usize| parameters.iter().skip(k).step_by(own).sum::<f64>();
                    drawn.parameters.extend((0..own).map(|k| sum(k) * scale));
                } else {
                    drawn.parameters.extend(parameters.iter().map(|g| g * scale));
                }
            }
            left -= times;
        }
        Ok(drawn)
    }
}

/// Mean and variance of draws.
struct Moments {
    draws: f64,
    mean: Vec<f64>,
    /// The variance of each component.
    variances: Vec<f64>,
    /// The trace of the covariance.
    total: f64,
    /// The variance of the squared distance from the mean.
    scatter: f64,
}

impl Moments {
    fn of(draws: &[f64], width: usize) -> Self {
        let n = (draws.len() / width) as f64;
        let mut mean = vec![0.0; width];
        for draw in draws.chunks_exact(width) {
            mean.iter_mut().zip(draw).for_each(|(mean, x)| *mean += x / n);
        }
        let mut variances = vec![0.0; width];
        let mut distances = Vec::with_capacity(draws.len() / width);
        for draw in draws.chunks_exact(width) {
            let mut distance = 0.0;
            for ((x, mean), variance) in draw.iter().zip(&mean).zip(&mut variances) {
                let square = (x - mean) * (x - mean);
                *variance += square / (n - 1.0).max(1.0);
                distance += square;
            }
            distances.push(distance);
        }
        let centre = distances.iter().sum::<f64>() / n;
        let scatter = distances.iter().map(|d| (d - centre) * (d - centre)).sum::<f64>() / n;
        Self { draws: n, total: variances.iter().sum(), mean, variances, scatter }
    }
}

fn largest(numbers: &[f64]) -> f64 {
    numbers.iter().map(|x| x.abs()).fold(0.0, f64::max)
}

/// |m − mean| ≤ 5 √(S²/n + se²) + 10⁻⁹ scale, for every component.
fn check_mean(
    verdict: &mut Verdict,
    what: &str,
    moments: &Moments,
    expected: &[f64],
    expected_error: &[f64],
    loss_scale: f64,
    absolute: f64,
) {
    let scale = largest(expected).max(1e-3 * loss_scale);
    for (i, (&mean, &expected)) in moments.mean.iter().zip(expected).enumerate() {
        let error =
            (moments.variances[i] / moments.draws + expected_error[i] * expected_error[i]).sqrt();
        let off = (mean - expected).abs();
        let slack = ROUNDING * scale + absolute;
        if error > 0.0 {
            verdict.mean_deviation = verdict.mean_deviation.max((off - slack).max(0.0) / error);
        }
        if off > ALLOWED * error + slack {
            verdict
                .failures
                .push(format!("{what}[{i}] is {mean:.6e}, not {expected:.6e} (error {error:.1e})"));
        }
    }
}

/// |V − variance| ≤ 5 √(Var(d²)/n + (se·variance)² + (4 variance/n)²).
///
/// Var(d²) is (spread · variance)² if the table has the spread. If rare draws contribute much of the
/// variance, an empirical Var(d²) is too small.
fn check_variance(verdict: &mut Verdict, moments: &Moments, row: &Row, loss_scale: f64) {
    let Some(expected) = row.variance else { return };
    let n = moments.draws;
    if row.variance_spread.is_some_and(|spread| spread / n.sqrt() > MOST_SPREAD) {
        return;
    }
    if expected == 0.0 {
        let scale = largest(&row.mean).max(1e-3 * loss_scale);
        if moments.total.sqrt() > ROUNDING * scale {
            verdict.failures.push(format!("variance is {:.3e}, not 0", moments.total));
        }
        return;
    }
    let known = row.variance_spread.filter(|_| row.variance_range.is_none());
    let scatter = known.map_or(moments.scatter, |spread| (spread * expected).powi(2));
    let error =
        (scatter / n + (row.variance_error * expected).powi(2) + (4.0 * expected / n).powi(2))
            .sqrt();
    let (low, high) = row.variance_range.unwrap_or((expected, expected));
    let off = (low - moments.total).max(moments.total - high).max(0.0);
    verdict.variance_deviation = Some(off / error);
    if off > ALLOWED * error {
        let total = moments.total;
        verdict
            .failures
            .push(format!("variance is {total:.5e}, not {expected:.5e} (error {error:.1e})"));
    }
}

/// Compares other means than the gradient's, within 5 empirical standard errors.
fn check_other_mean(verdict: &mut Verdict, what: &str, draws: &[f64], expected: &[f64], row: &Row) {
    if expected.is_empty() {
        return;
    }
    if draws.is_empty() || !draws.len().is_multiple_of(expected.len()) {
        verdict.failures.push(format!("{what} has the wrong shape"));
        return;
    }
    let moments = Moments::of(draws, expected.len());
    // Rows from quasi-Monte Carlo have 5 digits. Rounding is relative to the largest number.
    let relative = if row.variance_error > 0.0 { 1e-5 } else { ROUNDING };
    for (i, (&mean, &expected)) in moments.mean.iter().zip(expected).enumerate() {
        let error = (moments.variances[i] / moments.draws).sqrt();
        let slack = relative * largest(&moments.mean).max(expected.abs());
        if (mean - expected).abs() > ALLOWED * error + slack {
            verdict
                .failures
                .push(format!("{what}[{i}] is {mean:.6e}, not {expected:.6e} (error {error:.1e})"));
        }
    }
}

/// For extreme logits: compares the mean only, within the table's tolerance.
fn check_extreme(verdict: &mut Verdict, moments: &Moments, table: &Table, row: &Row, scale: f64) {
    let batch = table.logits.len() as f64;
    for (i, (&mean, &expected)) in moments.mean.iter().zip(&row.mean).enumerate() {
        let deviation = (moments.variances[i] / moments.draws).sqrt();
        let said = match row.absolute_tolerance.as_slice() {
            [one] => Some(one),
            each => each.get(i),
        };
        let tolerance = said.copied().unwrap_or(8.0 * deviation + 1e-6 * scale / batch);
        if (mean - expected).abs() > tolerance {
            verdict.failures.push(format!(
                "mean[{i}] is {mean:.6e}, not {expected:.6e} (tolerance {tolerance:.1e})"
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A table with two rows of logits, and one of its rows.
    fn two_rows() -> (Table, Row) {
        let (name, text) = super::super::TABLES
            .iter()
            .find(|(name, _)| name.contains("k5-b2"))
            .expect("the table");
        let table = Table::parse(text).expect(name);
        let row = table.rows[0].clone();
        (table, row)
    }

    fn fails(check: impl Fn(&mut Verdict)) -> bool {
        let mut verdict =
            Verdict { failures: vec![], draws: 2, mean_deviation: 0.0, variance_deviation: None };
        check(&mut verdict);
        !verdict.failures.is_empty()
    }

    #[test]
    fn moments_by_hand() {
        let moments = Moments::of(&[1.0, 2.0, 3.0, 6.0], 2);
        assert_eq!((moments.draws, moments.total, moments.scatter), (2.0, 10.0, 0.0));
        assert_eq!((moments.mean, moments.variances), (vec![2.0, 4.0], vec![2.0, 8.0]));
        let skewed = Moments::of(&[0.0, 0.0, 3.0], 1);
        // Squared distances 1, 1 and 4.
        assert!((skewed.total - 3.0).abs() < 1e-15 && (skewed.scatter - 2.0).abs() < 1e-15);
        assert_eq!(largest(&[1.0, -3.0, 2.0]), 3.0);
    }

    /// Two draws around 2 with a standard error of 1, and two that equal 2.
    const SCATTERED: [f64; 2] = [1.0, 3.0];
    const CONSTANT: [f64; 2] = [2.0, 2.0];

    #[test]
    fn a_mean_may_be_five_standard_errors_off() {
        for (expected, error, scale, absolute, is_off) in [
            (6.9, 0.0, 1.0, 0.0, false),
            (7.1, 0.0, 1.0, 0.0, true),
            (-3.1, 0.0, 1.0, 0.0, true),
            (2.0 + 5.0 * 2f64.sqrt() - 0.1, 1.0, 1.0, 0.0, false),
            (2.0 + 5.0 * 2f64.sqrt() + 0.1, 1.0, 1.0, 0.0, true),
            (7.1, 0.0, 1.0, 0.2, false),
            // Rounding is relative to the scale of the loss: 10⁻¹² of it.
            (7.0 + 1e-6, 0.0, 1e7, 0.0, false),
            (7.0 + 1e-4, 0.0, 1e7, 0.0, true),
        ] {
            let moments = Moments::of(&SCATTERED, 1);
            let found = fails(|verdict| {
                check_mean(verdict, "mean", &moments, &[expected], &[error], scale, absolute);
            });
            assert_eq!(found, is_off, "{expected} {error} {scale} {absolute}");
        }
        let mut verdict =
            Verdict { failures: vec![], draws: 2, mean_deviation: 0.0, variance_deviation: None };
        let moments = Moments::of(&SCATTERED, 1);
        check_mean(&mut verdict, "mean", &moments, &[4.5], &[0.0], 1.0, 0.5);
        // 2.5 off, of which 0.5 is tolerated.
        assert!((verdict.mean_deviation - 2.0).abs() < 1e-6, "{}", verdict.mean_deviation);
    }

    #[test]
    fn another_mean_may_be_five_standard_errors_or_a_rounding_off() {
        let (_, mut row) = two_rows();
        let found = |draws: &[f64], expected: f64, row: &Row| {
            fails(|verdict| check_other_mean(verdict, "loss", draws, &[expected], row))
        };
        row.variance_error = 0.0;
        for (expected, is_off) in [(6.9, false), (7.1, true), (-2.9, false), (-3.1, true)] {
            assert_eq!(found(&SCATTERED, expected, &row), is_off, "{expected}");
        }
        for (off, relative) in [(1e-9, 0.0), (1e-5, 1e-3)] {
            row.variance_error = relative;
            assert!(!found(&CONSTANT, 2.0 * (1.0 - 0.9 * off), &row));
            assert!(found(&CONSTANT, 2.0 * (1.0 - 1.2 * off), &row));
        }
        assert!(fails(|verdict| check_other_mean(verdict, "loss", &[1.0], &[1.0, 1.0], &row)));
        assert!(!fails(|verdict| check_other_mean(verdict, "loss", &[1.0], &[], &row)));
    }

    #[test]
    fn an_extreme_mean_may_be_off_by_the_tables_tolerance() {
        let (table, mut row) = two_rows();
        row.mean = vec![2.0];
        for (tolerance, draws, scale, off, is_off) in [
            (vec![0.1], SCATTERED, 1.0, 0.05, false),
            (vec![0.1], SCATTERED, 1.0, 0.2, true),
            (vec![], SCATTERED, 1.0, 7.9, false),
            (vec![], SCATTERED, 1.0, 8.1, true),
            // 10⁻⁶ of the scale of the loss, over two rows.
            (vec![], CONSTANT, 1e6, 0.45, false),
            (vec![], CONSTANT, 1e6, 0.55, true),
        ] {
            row.absolute_tolerance = tolerance;
            let moments = Moments::of(&draws.map(|x| x + off), 1);
            let found = fails(|verdict| check_extreme(verdict, &moments, &table, &row, scale));
            assert_eq!(found, is_off, "{off}");
        }
    }
}
