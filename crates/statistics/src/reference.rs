//! Expected values computed by SciPy and NumPy, and helpers that the tests share.

use super::bootstrap::{Estimate, Interval};
use proptest::collection::vec;
use proptest::prelude::*;

/// Written by `tests/data/statistics.py`.
const TABLE: &str = include_str!("../tests/data/statistics.csv");

/// One line of the table: `function,samples,expected`.
pub(super) struct Case {
    /// The arguments of the function; a number is a sample of one value.
    pub samples: Vec<Vec<f64>>,
    pub expected: f64,
}

impl Case {
    /// The only argument.
    pub(super) fn sample(&self) -> &[f64] {
        assert_eq!(self.samples.len(), 1);
        &self.samples[0]
    }
}

/// The cases of one function. Panics if there are none, because the test would check nothing.
pub(super) fn cases(function: &str) -> Vec<Case> {
    let cases: Vec<Case> = TABLE
        .lines()
        .filter_map(|line| line.strip_prefix(function)?.strip_prefix(','))
        .map(parse)
        .collect();
    assert!(!cases.is_empty(), "no cases of {function}");
    cases
}

fn parse(line: &str) -> Case {
    let (samples, expected) = line.split_once(',').expect("samples, then the expected value");
    Case {
        samples: samples.split('|').map(|s| s.split(' ').map(number).collect()).collect(),
        expected: number(expected),
    }
}

fn number(text: &str) -> f64 {
    text.parse().unwrap_or_else(|_| panic!("{text:?} is not a number"))
}

/// Asserts equality up to a relative error; infinities and zeros must be equal exactly.
#[track_caller]
pub(super) fn assert_close(value: f64, expected: f64, tolerance: f64) {
    let close = value == expected || (value - expected).abs() <= tolerance * expected.abs();
    assert!(close, "{value:e} is not within {tolerance:e} of {expected:e}");
}

/// The score of a run: usually finite, sometimes that of a failed run.
pub(super) fn score() -> impl Strategy<Value = f64> + Clone {
    prop_oneof![9 => -1e3..1e3, 1 => Just(f64::INFINITY)]
}

/// Scores of three tasks, `[tasks][runs]`: small integers, so that many tie, and failed runs.
pub(super) fn tasks() -> impl Strategy<Value = Vec<Vec<f64>>> {
    let coarse = prop_oneof![4 => (0_i8..10).prop_map(f64::from), 1 => Just(f64::INFINITY)];
    prop_oneof![vec(vec(coarse.clone(), 1..8), 3), vec(vec(coarse, 5..9), 3)]
}

/// An estimate without spread.
pub(super) fn exactly(value: f64) -> Estimate {
    Estimate { value, interval: Some(Interval { low: value, high: value }) }
}
