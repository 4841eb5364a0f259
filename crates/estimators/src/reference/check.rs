use super::bounds::{self, ALLOWED, Known, largest, least_mean};
use super::draws::{Draws, column, squared_distances, warm_up};
use super::instance::Instance;
use super::table::{Row, Table};
use crate::{Entry, Estimator, Result};
use kernels::Noise;

/// The comparison of an estimator with a row of a table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Verdict {
    /// Differences that chance does not explain; empty if there are none.
    pub failures: Vec<String>,
    /// The number of draws.
    pub draws: usize,
    /// The largest deviation of a component of the mean, in standard errors, if it was compared.
    pub mean_deviation: Option<f64>,
    /// The deviation of the total variance, in standard errors, if it was compared.
    pub variance_deviation: Option<f64>,
    /// The number of bounds that were compared. A right estimator fails with a probability of at most
    /// this many times [`MISTAKE`](super::MISTAKE).
    pub bounds: usize,
}

/// The relative error of exact numbers in `f64`.
const ROUNDING: f64 = 1e-9;
/// Absolute tolerance where a loss has kinks at whole soft indices: next to one, rounding decides on
/// which side an estimate lies.
const KINK: f64 = 1e-6;
/// Absolute tolerance of extreme logits without one, relative to the scale of the loss.
const EXTREME: f64 = 1e-6;

/// Builds an estimator and compares it with a row of a table, as [`compare`] does.
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
    compare(&mut *estimator, table, instance, row, draws, seed)
}

/// Draws estimates on a table's instance, and compares their mean, total variance, loss and the
/// gradient for the objective's own parameters with a row of the table.
///
/// The limits hold for any number of draws: a right estimator fails with a probability of at most
/// [`Verdict::bounds`] · 10⁻⁹. An error of the mean of 13/√n standard deviations is found.
/// - A mean may be 6.4 standard errors off, with Catoni's mean and the variance of the table, so nothing
///   is assumed of the distribution.
/// - A variance may be 6.4 standard errors off, with the spread of the table.
/// - Means without a known variance, and variances without a known spread, have the empirical Bernstein
///   bound. It needs a range: that of the loss, and for estimates that of the score function with a
///   baseline, or the observed one if it is wider. This is exact for losses and for gradients of the
///   objective's parameters, and an assumption for other estimates.
///
/// After training steps that changed the estimator ([`Row::warm_up`]), only what the table states for
/// that state is compared, and the exact gradient, if the row is unbiased.
///
/// # Errors
/// If the estimator fails.
pub fn compare(
    estimator: &mut dyn Estimator<f64>,
    table: &Table,
    instance: &Instance,
    row: &Row,
    draws: usize,
    seed: u64,
) -> Result<Verdict> {
    if let Some(why) = estimator.refuses(instance.dims) {
        return Ok(Verdict { failures: vec![format!("refused: {why}")], ..Verdict::default() });
    }
    // A deterministic estimator always returns the same gradient: a few draws are enough.
    let is_constant = !estimator.properties(instance.dims).stochastic;
    let draws = if is_constant { draws.min(64) } else { draws };
    let seed = seed.to_string();
    let before = Noise::named(&["verify", "warm-up", &table.name, &seed]);
    let steps = row.warm_up.unwrap_or(table.warm_up);
    let has_changed = warm_up(instance, estimator, steps, &before)?;
    let noise = &mut Noise::named(&["verify", &table.name, &seed]);
    let drawn = Draws::draw(instance, estimator, draws, noise)?;
    let mut comparison = Comparison {
        table,
        row,
        drawn: &drawn,
        is_constant,
        is_of_state: !has_changed || row.warm_up.is_some(),
        scale: instance.loss_scale()?,
        parameter_scale: instance.parameter_scale()?,
        verdict: Verdict { draws, ..Verdict::default() },
    };
    if drawn.are_finite() {
        comparison.all();
    } else {
        comparison.verdict.failures.push("an estimate is not finite".to_owned());
    }
    Ok(comparison.verdict)
}

/// A comparison that is being made.
struct Comparison<'a> {
    table: &'a Table,
    row: &'a Row,
    drawn: &'a Draws,
    is_constant: bool,
    /// Whether the row's numbers are those of the estimator's state.
    is_of_state: bool,
    /// The largest |f|.
    scale: f64,
    /// The largest derivative of f for a parameter of its own, in the mean over rows.
    parameter_scale: f64,
    verdict: Verdict,
}

impl Comparison<'_> {
    fn all(&mut self) {
        let (row, table) = (self.row, self.table);
        let errors = &row.mean_error;
        if table.finite_only {
            if self.is_of_state {
                self.extreme_mean("mean", &row.mean);
            } else if row.unbiased {
                self.extreme_mean("exact", &table.exact);
            }
            return;
        }
        if self.is_of_state {
            self.mean("mean", &row.mean, errors);
        }
        // A mean that is the exact gradient has been compared already.
        let off = |(a, b): (&f64, &f64)| (a - b).abs();
        let difference = row.mean.iter().zip(&table.exact).map(off).fold(0.0, f64::max);
        if row.unbiased && (!self.is_of_state || difference > ROUNDING * largest(&table.exact)) {
            self.mean("exact", &table.exact, errors);
        }
        if self.is_of_state {
            self.variance();
            if let Some(published) = &row.published {
                let variance = row.variance.unwrap_or(f64::NAN);
                let found = published.disagreements(&table.exact, &row.mean, variance);
                self.verdict.failures.extend(found);
            }
            self.other_mean("loss", &self.drawn.losses, row.value.as_slice(), self.scale);
            if let Some(expected) = &row.objective_gradient {
                let (drawn, scale) = (&self.drawn.parameters, self.parameter_scale);
                self.other_mean("objective's gradient", drawn, expected, scale);
            }
        }
    }

    /// Notes how far a number is off, in standard errors.
    fn note(&mut self, what: &str, deviation: f64, found: f64, expected: f64) {
        if deviation <= ALLOWED {
            return;
        }
        let why = if deviation.is_infinite() {
            "it is constant".to_owned()
        } else {
            format!("{deviation:.1} standard errors, {ALLOWED:.1} allowed")
        };
        self.verdict.failures.push(format!("{what} is {found:.6e}, not {expected:.6e} ({why})"));
    }

    /// The mean of each component, given the standard error of the expected one.
    fn mean(&mut self, what: &str, expected: &[f64], errors: &[f64]) {
        let slack = ROUNDING * largest(expected).max(1e-3 * self.scale)
            + if self.row.has_soft_index { KINK } else { 0.0 };
        let squares = squared_distances(&self.drawn.estimates, expected);
        for (i, (&expected, &error)) in expected.iter().zip(errors).enumerate() {
            let draws = column(&self.drawn.estimates, i, self.row.mean.len());
            let known = self.known_of_component(&draws, expected, &squares);
            self.one_mean(
                &format!("{what}[{i}]"),
                known,
                &draws,
                expected,
                slack + ALLOWED * error,
            );
        }
    }

    fn one_mean(&mut self, what: &str, known: Known, draws: &[f64], expected: f64, slack: f64) {
        let deviation = known.deviation(draws, expected, slack);
        self.verdict.bounds += known.bounds();
        let largest = self.verdict.mean_deviation.unwrap_or(0.0).max(deviation);
        self.verdict.mean_deviation = Some(largest);
        self.note(what, deviation, bounds::mean(draws), expected);
    }

    /// What is known of the draws of a component, given the squared distances of all.
    ///
    /// Its variance is at most the total variance less a lower bound on the variance of the others.
    fn known_of_component(&mut self, draws: &[f64], expected: f64, squares: &[f64]) -> Known {
        let total = self.row.variance.filter(|_| self.is_of_state && !self.is_constant);
        let Some(total) = total.map(|total| self.most_variance(total)) else {
            return self.known_of_estimates(draws, expected);
        };
        let others: Vec<f64> =
            draws.iter().zip(squares).map(|(x, square)| square - (x - expected).powi(2)).collect();
        self.verdict.bounds += 1;
        let most = (total - least_mean(&others, total)).max(bounds::variance(draws));
        Known::Variance(most.min(total))
    }

    /// As of the score function with a baseline, if no draw is further off.
    fn known_of_estimates(&self, draws: &[f64], expected: f64) -> Known {
        let far = draws.iter().map(|x| (x - expected).abs()).fold(0.0, f64::max);
        let scale = 2.0 * self.scale / self.table.logits.len() as f64;
        self.of_width(2.0 * far.max(scale))
    }

    fn of_width(&self, width: f64) -> Known {
        if self.is_constant { Known::Constant } else { Known::Width(width) }
    }

    /// The largest variance that the row allows for.
    fn most_variance(&self, variance: f64) -> f64 {
        let most = self.row.variance_range.map_or(variance, |(_, high)| high);
        most * (1.0 + ALLOWED * self.row.variance_error)
    }

    /// The mean squared distance from the mean, whose own standard deviation is spread · variance.
    fn variance(&mut self) {
        let Some(expected) = self.row.variance else { return };
        if self.is_constant || expected == 0.0 {
            return self.constant_variance(expected);
        }
        let squares = squared_distances(&self.drawn.estimates, &self.row.mean);
        let (low, high) = self.row.variance_range.unwrap_or((expected, expected));
        // The table's mean has an error, too.
        let of_mean: f64 = self.row.mean_error.iter().map(|se| (ALLOWED * se).powi(2)).sum();
        let slack = 0.5 * (high - low)
            + ALLOWED * self.row.variance_error * expected
            + ROUNDING * expected
            + of_mean;
        let known = match self.row.variance_spread.filter(|_| self.row.variance_range.is_none()) {
            Some(spread) => Known::Variance((spread * expected).powi(2)),
            None => self.known_of_squares(&squares),
        };
        let deviation = known.deviation(&squares, 0.5 * (low + high), slack);
        self.verdict.bounds += known.bounds();
        self.verdict.variance_deviation = Some(deviation);
        self.note("variance", deviation, bounds::mean(&squares), expected);
    }

    /// ‖(f − b) s‖² ≤ (2 max |f|)² · 2 L/B, if no draw is further off.
    fn known_of_squares(&self, squares: &[f64]) -> Known {
        let [batch, latents] = [self.table.logits.len(), self.table.logits[0].len()];
        let scale = 8.0 * (latents as f64 / batch as f64) * self.scale * self.scale;
        Known::Width(largest(squares).max(scale))
    }

    /// A variance that no chance is left in.
    fn constant_variance(&mut self, expected: f64) {
        let width = self.row.mean.len();
        let columns = (0..width).map(|i| column(&self.drawn.estimates, i, width));
        let total: f64 = columns.map(|draws| bounds::variance(&draws)).sum();
        let slack = ROUNDING * largest(&self.row.mean).max(1e-3 * self.scale);
        if (total.sqrt() - expected.sqrt()).abs() > slack {
            self.verdict.failures.push(format!("variance is {total:.3e}, not {expected:.3e}"));
        }
    }

    /// Other means than the gradient's, of numbers up to `scale`.
    fn other_mean(&mut self, what: &str, drawn: &[f64], expected: &[f64], scale: f64) {
        if expected.is_empty() {
            return;
        }
        if drawn.is_empty() || !drawn.len().is_multiple_of(expected.len()) {
            self.verdict.failures.push(format!("{what} has the wrong shape"));
            return;
        }
        // Rows from quasi-Monte Carlo have 5 digits. Rounding is relative to the largest number.
        let relative = if self.row.variance_error > 0.0 { 1e-5 } else { ROUNDING };
        let columns: Vec<_> =
            (0..expected.len()).map(|i| column(drawn, i, expected.len())).collect();
        let largest_mean =
            columns.iter().map(|draws| bounds::mean(draws).abs()).fold(0.0, f64::max);
        for (i, (draws, &expected)) in columns.iter().zip(expected).enumerate() {
            let slack = relative * largest_mean.max(expected.abs());
            let known = self.of_width(2.0 * scale.max(largest(draws)));
            let deviation = known.deviation(draws, expected, slack);
            self.verdict.bounds += known.bounds();
            self.note(&format!("{what}[{i}]"), deviation, bounds::mean(draws), expected);
        }
    }

    /// The mean at extreme logits. A tolerance that the table states with a number of draws includes
    /// chance.
    fn extreme_mean(&mut self, what: &str, expected: &[f64]) {
        let has_draws = self.table.draws.is_some_and(|draws| self.verdict.draws >= draws);
        for (i, &expected) in expected.iter().enumerate() {
            let draws = column(&self.drawn.estimates, i, self.row.mean.len());
            let said = match self.row.absolute_tolerance.as_slice() {
                [one] => Some(*one),
                each => each.get(i).copied(),
            };
            let rounding = EXTREME * self.scale / self.table.logits.len() as f64;
            let known = match said {
                Some(_) if has_draws => Known::Constant,
                _ => self.known_of_estimates(&draws, expected),
            };
            let what = format!("{what}[{i}]");
            self.one_mean(&what, known, &draws, expected, said.unwrap_or(rounding));
        }
    }
}
