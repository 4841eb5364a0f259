//! Comparisons of numbers, which say what was expected and what was found.

use super::law::Broken;

/// Whether two lists of numbers are the same, up to `tolerance` of the largest expected one and of 1.
pub(super) fn close(
    found: &[f64],
    expected: &[f64],
    tolerance: f64,
    place: &str,
) -> Result<(), Broken> {
    if found.len() != expected.len() {
        let (found, expected) = (found.len(), expected.len());
        return Err(format!("{place}: expected {expected} numbers, found {found}").into());
    }
    let scale = expected.iter().fold(1.0, |most: f64, x| most.max(x.abs()));
    let is_close = |(a, b): (&f64, &f64)| (a - b).abs() <= tolerance * scale;
    match found.iter().zip(expected).position(|pair| !is_close(pair)) {
        None => Ok(()),
        Some(i) => {
            let (found, expected) = (found[i], expected[i]);
            Err(format!("{place}: expected {expected}, found {found} (number {i})").into())
        }
    }
}

/// Whether the mean of draws is the expected one, within 5 standard errors and rounding.
pub(super) fn mean(draws: &[f64], expected: &[f64], place: &str) -> Result<(), Broken> {
    let found = moments(draws, expected.len());
    for (i, ((mean, error), expected)) in found.into_iter().zip(expected).enumerate() {
        let agrees = (mean - expected).abs() <= 5.0 * error + 1e-9;
        if !agrees {
            return Err(format!(
                "{place}: expected {expected:.6} as the mean of component {i}, found {mean:.6} ± {error:.6}"
            )
            .into());
        }
    }
    Ok(())
}

/// Whether two lists of draws have the same mean, within 5 standard errors and rounding.
pub(super) fn same_mean(a: &[f64], b: &[f64], width: usize, place: &str) -> Result<(), Broken> {
    let pairs = moments(a, width).into_iter().zip(moments(b, width));
    for (i, ((a, error), (b, other))) in pairs.enumerate() {
        let agrees = (a - b).abs() <= 5.0 * error.hypot(other) + 1e-9;
        if !agrees {
            return Err(format!(
                "{place}: expected {b:.6} ± {other:.6} as the mean of component {i}, found {a:.6} ± {error:.6}"
            )
            .into());
        }
    }
    Ok(())
}

/// The mean of draws ([draws, width]) and the standard error of each component.
fn moments(draws: &[f64], width: usize) -> Vec<(f64, f64)> {
    let n = (draws.len() / width) as f64;
    let of = |i: usize| {
        let column = || draws.iter().skip(i).step_by(width);
        let mean = column().sum::<f64>() / n;
        let variance = column().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (n - 1.0);
        (mean, (variance / n).sqrt())
    };
    (0..width).map(of).collect()
}

/// Whether all numbers are finite.
pub(super) fn finite(numbers: &[f64], what: &str, place: &str) -> Result<(), Broken> {
    match numbers.iter().position(|x| !x.is_finite()) {
        None => Ok(()),
        Some(i) => {
            let found = numbers[i];
            Err(format!("{place}: expected finite numbers, found {found} as {what} {i}").into())
        }
    }
}
