//! Reference values: which of them are on the axis, and how their lines look.

use crate::axis::Axis;
use crate::axis::limits::is_number;
use crate::figure::Reference;

/// The least share of the axis that the data keep when references widen it.
const KEPT: f64 = 2.0 / 3.0;

/// Strokes and gaps of a line in pixels. No series has the same.
pub(crate) const DASH: [f64; 2] = [1.6, 4.0];
/// The width of a line, in pixels.
pub(crate) const WIDTH: f64 = 0.9;
/// How a caption explains the lines.
pub(crate) const CAPTION: &str = "Dotted line: reference value.";

/// The range of the data, widened to include references, nearest first, as long as the data keep
/// their share of the axis. If the data are a single value, every reference is included.
pub(crate) fn widened(data: (f64, f64), references: &[Reference], log: bool) -> (f64, f64) {
    let even = |value: f64| if log { value.ln() } else { value };
    let length = |(low, high): (f64, f64)| even(high) - even(low);
    let wider = |(low, high): (f64, f64), value: f64| (low.min(value), high.max(value));
    let values = references.iter().map(|reference| reference.value);
    let mut values: Vec<f64> =
        values.filter(|value| is_number(*value) && (!log || *value > 0.0)).collect();
    values.sort_by(|a, b| length(wider(data, *a)).total_cmp(&length(wider(data, *b))));
    let keeps = |range| length(data) == 0.0 || length(data) >= KEPT * length(range);
    values.into_iter().fold(data, |range, value| {
        let range_with = wider(range, value);
        if keeps(range_with) { range_with } else { range }
    })
}

/// The references on the axis, and those off it.
pub(crate) fn placed<'a>(
    references: &'a [Reference],
    axis: Option<&Axis>,
) -> (Vec<&'a Reference>, Vec<&'a Reference>) {
    let on_axis = |reference: &&Reference| {
        axis.is_some_and(|axis| (axis.low..=axis.high).contains(&reference.value))
    };
    references.iter().partition(on_axis)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn references(values: &[f64]) -> Vec<Reference> {
        values.iter().map(|&value| Reference { value, ..Reference::default() }).collect()
    }

    fn widened_to(values: &[f64], log: bool) -> (f64, f64) {
        widened((1.0, 100.0), &references(values), log)
    }

    #[test]
    fn the_data_keep_two_thirds_of_the_axis() {
        assert_eq!(widened_to(&[], false), (1.0, 100.0));
        assert_eq!(widened_to(&[50.0], false), (1.0, 100.0));
        assert_eq!(widened_to(&[149.0], false), (1.0, 149.0));
        assert_eq!(widened_to(&[150.0], false), (1.0, 100.0));
        assert_eq!(widened_to(&[-20.0, 120.0], false), (-20.0, 120.0));
        assert_eq!(widened_to(&[-40.0, 120.0], false), (1.0, 120.0));
    }

    #[test]
    fn a_log_axis_measures_ratios_and_ignores_zero() {
        assert_eq!(widened_to(&[999.0], true), (1.0, 999.0));
        assert_eq!(widened_to(&[1001.0], true), (1.0, 100.0));
        assert_eq!(widened_to(&[0.0, -1.0, f64::NAN, f64::INFINITY], true), (1.0, 100.0));
    }

    #[test]
    fn a_single_value_is_shown_with_every_reference() {
        assert_eq!(widened((2.0, 2.0), &references(&[0.5, 9.0]), false), (0.5, 9.0));
    }

    #[test]
    fn references_on_and_off_the_axis_are_separated() {
        let axis = Axis::new((1.0, 100.0), false, 0.0);
        let all = references(&[1.0, 100.5, f64::NAN, 50.0]);
        let (on, off) = placed(&all, Some(&axis));
        assert_eq!(on.iter().map(|r| r.value).collect::<Vec<_>>(), [1.0, 50.0]);
        assert_eq!(off.len(), 2);
        assert_eq!(placed(&all, None).1.len(), 4);
    }
}
