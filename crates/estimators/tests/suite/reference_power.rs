//! What `verify` finds at its default number of draws: wrong estimators, and only those.

use dfdx::prelude::{Cpu, PutTape, SplitTape, TensorFromVec, TryAdd, TryMul};
use estimators::reference::{ALLOWED, Instance, Row, TABLES, Table, compare};
use estimators::{
    Dims, Estimator, Logits, Noise, Objective, Properties, Registry, Result, Surrogate,
};

/// The default of `verify`.
const DRAWS: usize = 100_000;

/// An estimator whose gradient for each logit is multiplied by a factor, from a step on.
struct Wrong {
    inner: Box<dyn Estimator<f64>>,
    /// [B·L·K] of the table.
    factors: Vec<f64>,
    /// Steps before it is wrong.
    grace: usize,
}

impl Estimator<f64> for Wrong {
    fn estimate(
        &mut self,
        logits: Logits<f64>,
        objective: &dyn Objective<f64>,
        noise: &mut Noise,
    ) -> Result<Surrogate<f64>> {
        if self.grace > 0 {
            return self.inner.estimate(logits, objective, noise);
        }
        let (dims, numbers) = (logits.dims(), logits.numbers().unpack());
        let factors = self.factors.iter().copied().cycle().take(numbers.len());
        let rest = numbers.iter().zip(factors.clone()).map(|(x, factor)| (1.0 - factor) * x);
        let of = |numbers: Vec<f64>| {
            Cpu::default().tensor_from_vec(numbers, (dims.batch, dims.latents, dims.categories))
        };
        let (tensor, tape) = logits.into_tensor()?.split_tape();
        // factor · x + (1 − factor) · x, of which only the first has a gradient.
        let same =
            tensor.put_tape(tape).try_mul(of(factors.collect()))?.try_add(of(rest.collect()))?;
        self.inner.estimate(Logits::of(same)?, objective, noise)
    }

    fn properties(&self, dims: Dims) -> Properties {
        self.inner.properties(dims)
    }

    fn refuses(&self, dims: Dims) -> Option<String> {
        self.inner.refuses(dims)
    }

    fn advance(&mut self) -> Result<()> {
        self.grace = self.grace.saturating_sub(1);
        self.inner.advance()
    }
}

struct Case {
    table: Table,
    instance: Instance,
    registry: Registry,
}

impl Case {
    fn new(name: &str) -> Self {
        let (_, text) = TABLES.iter().find(|(other, _)| *other == name).expect(name);
        let table = Table::parse(text).unwrap();
        let instance = Instance::new(&table).unwrap();
        Self { table, instance, registry: Registry::standard() }
    }

    fn build(&self, row: &Row) -> Box<dyn Estimator<f64>> {
        let entry = self.registry.get(&row.kind).unwrap();
        entry.build(row.parameters_for(entry)).unwrap().build_f64()
    }

    fn is_found(&self, estimator: &mut dyn Estimator<f64>, row: &Row) -> bool {
        let compared = compare(estimator, &self.table, &self.instance, row, DRAWS, 0).unwrap();
        !compared.failures.is_empty()
    }

    /// Whether factors change the mean or the variance by more than what is always found.
    fn must_be_found(&self, row: &Row, factors: &[f64]) -> bool {
        let error = 2.1 * ALLOWED / (DRAWS as f64).sqrt();
        let variance = row.variance.unwrap();
        let changes =
            row.mean.iter().zip(factors).map(|(mean, factor)| (mean * (factor - 1.0)).abs());
        let most = changes.fold(0.0, f64::max);
        let is_scaled = factors.iter().all(|factor| *factor == factors[0]);
        let of_variance = factors[0] * factors[0] - 1.0;
        let spread = row.variance_spread.unwrap_or(f64::INFINITY) * factors[0].powi(2);
        // A component's mean of 10⁻⁸ is rounding.
        most > 1e-8 && most > error * variance.sqrt()
            || is_scaled && variance > 0.0 && of_variance.abs() > error * spread
    }
}

/// The component with the largest mean.
fn largest(row: &Row) -> usize {
    let sizes = row.mean.iter().map(|x| x.abs()).enumerate();
    sizes.max_by(|a, b| a.1.total_cmp(&b.1)).unwrap().0
}

/// Runs mutants of all rows. Each that has to be found is, and at least `share` of them all.
fn assert_found(name: &str, share: f64, factors: impl Fn(&Row) -> Vec<f64>) {
    let case = Case::new(name);
    let (mut found, mut missed, mut changed) = (0, vec![], 0);
    for row in case.table.rows.iter().filter(|row| row.variance.is_some()) {
        let factors = factors(row);
        if row.mean.iter().all(|mean| mean.abs() < 1e-8) {
            continue;
        }
        changed += 1;
        let mut wrong = Wrong { inner: case.build(row), factors: factors.clone(), grace: 0 };
        if case.is_found(&mut wrong, row) {
            found += 1;
        } else {
            assert!(!case.must_be_found(row, &factors), "{name}, {} was not found", row.label());
            missed.push(row.label());
        }
    }
    println!("{name}: {found} of {changed} found; not {missed:?}");
    assert!(f64::from(found) >= share * f64::from(changed), "{found} of {changed}; not {missed:?}");
}

#[test]
fn a_scale_that_is_five_percent_off_is_found() {
    // At a low temperature the squared distance from the mean has a standard deviation of seven times
    // the variance, which is then known within 15 % only.
    for name in ["exp-dot-k4", "squared-pick-seed-y25"] {
        assert_found(name, 0.94, |row| vec![1.05; row.mean.len()]);
    }
}

#[test]
fn a_wrong_sign_is_found() {
    for name in ["exp-dot-k4", "squared-pick-seed-y25"] {
        assert_found(name, 0.97, |row| {
            let mut factors = vec![1.0; row.mean.len()];
            factors[largest(row)] = -1.0;
            factors
        });
    }
}

#[test]
fn a_dropped_score_is_found() {
    for name in ["exp-dot-n2-k3", "squared-pick-k5-b2"] {
        assert_found(name, 0.97, |row| {
            let mut factors = vec![1.0; row.mean.len()];
            factors[largest(row)] = 0.0;
            factors
        });
    }
}

#[test]
fn a_wrong_temperature_is_found() {
    let case = Case::new("exp-dot-k4");
    let (mut found, mut missed) = (0, vec![]);
    for row in &case.table.rows {
        let Some(temperature) = row.parameters.get("temperature") else { continue };
        let mut other = row.clone();
        let off = 1.3 * temperature.as_float().unwrap();
        other.parameters.insert("temperature".to_owned(), off.into());
        if case.is_found(&mut *case.build(&other), row) {
            found += 1;
        } else {
            missed.push(row.label());
        }
    }
    // The mean of rebar is the same at every temperature, and its variance is nearly so.
    let others = missed.iter().filter(|label| !label.starts_with("rebar")).count();
    assert!(found >= 20 && others == 0, "{found} found; not {missed:?}");
}

#[test]
fn what_goes_wrong_in_training_is_found_after_a_warm_up() {
    let case = Case::new("exp-dot-k4-warm");
    let mut rows = 0;
    for row in case.table.rows.iter().filter(|row| row.unbiased && row.warm_up.is_none()) {
        for (grace, is_found) in [(0, true), (150, true), (250, false)] {
            let factors = vec![1.3, 1.3, 1.3, 1.3];
            let mut wrong = Wrong { inner: case.build(row), factors, grace };
            assert_eq!(case.is_found(&mut wrong, row), is_found, "{} after {grace}", row.label());
        }
        rows += 1;
    }
    assert!(rows >= 10);
}
