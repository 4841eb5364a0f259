//! A linear or logarithmic axis for plotters, with an optional strip for zero.
//!
//! plotters has its own axes, but its logarithmic one draws zero, negative and missing values at its
//! lower end. This one receives only values that it can show, has an optional strip for zero at its
//! lower end, and chooses its ticks by the available space.

pub(crate) mod limits;
pub(crate) mod number;
mod ticks;

use crate::axis::limits::{LARGEST, range};
use crate::axis::ticks::Ticks;
use crate::figure::Scale;
use crate::text;
use plotters::coord::ranged1d::{
    KeyPointHint, KeyPointWeight, NoDefaultFormatting, Ranged, ValueFormatter,
};
use std::ops::Range;

/// An automatic scale is logarithmic above this ratio of the largest to the smallest value.
const LOG_RATIO: f64 = 20.0;
/// The size of tick labels in pixels.
pub(crate) const TICK_SIZE: f64 = 11.0;

/// The direction of an axis, which determines how much space a tick label takes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Across,
    Up,
}

/// Whether `scale` is logarithmic for the values of these panels, which share it. Values that are
/// not finite are ignored.
pub(crate) fn is_log<P: Iterator<Item = f64>>(
    scale: Scale,
    panels: impl Iterator<Item = P>,
) -> bool {
    let ranges: Vec<_> = panels.filter_map(range).collect();
    match scale {
        Scale::Linear => false,
        Scale::Log => true,
        Scale::Auto => {
            ranges.iter().all(|(low, _)| *low > 0.0)
                && ranges.iter().any(|(low, high)| high / low > LOG_RATIO)
        }
    }
}

/// An axis from `low` to `high`.
#[derive(Clone, Debug)]
pub(crate) struct Axis {
    pub low: f64,
    pub high: f64,
    pub log: bool,
    /// The share of the length reserved for zero.
    strip: f64,
    ticks: Ticks,
}

impl Axis {
    /// An axis for values in `low..=high`, widened at both ends by `margin`, a share of the length.
    /// An empty range is widened further.
    pub fn new((low, high): (f64, f64), log: bool, margin: f64) -> Axis {
        let limited = |value: f64| value.clamp(-LARGEST, LARGEST);
        let (low, high) = (limited(low), limited(high));
        let (mut from, mut to) = if log { (low.ln(), high.ln()) } else { (low, high) };
        if to - from <= 1e-9 * from.abs().max(to.abs()) || to == from {
            let around = if log || from == 0.0 { 1.0 } else { from.abs() * 0.1 };
            (from, to) = (from - around, to + around);
        }
        let widening = (to - from) * margin;
        let (from, to) = (from - widening, to + widening);
        let (low, high) = if log { (from.exp(), to.exp()) } else { (from, to) };
        let low = if log { low.max(f64::MIN_POSITIVE) } else { low };
        Axis { low, high: high.min(LARGEST), log, strip: 0.0, ticks: Ticks::default() }
    }

    /// The same axis, cut at 0, for values that are never negative, such as losses and steps.
    pub fn not_below_zero(self) -> Axis {
        Axis { low: if self.log { self.low } else { self.low.max(0.0) }, ..self }
    }

    /// The same axis with a strip for zero: `share` of its length, at its lower end.
    pub fn with_strip(self, share: f64) -> Axis {
        Axis { strip: share, ..self }
    }

    /// The same axis with as many ticks as fit into `length` pixels.
    pub fn with_ticks(mut self, direction: Direction, length: f64) -> Axis {
        let fits = |ticks: &Ticks| direction == Direction::Up || self.has_room(ticks, length);
        let spacing = if direction == Direction::Up { 34.0 } else { 46.0 };
        let most = ((length * (1.0 - self.strip) / spacing) as usize).clamp(2, 9);
        let choose = |most| match self.log {
            true => ticks::log(self.low, self.high, most),
            false => ticks::linear(self.low, self.high, most),
        };
        let chosen = (1..=most).rev().map(choose).find(fits).unwrap_or_default();
        self.ticks = chosen;
        if self.strip > 0.0 {
            self.ticks.labeled.insert(0, (0.0, "0".into()));
        }
        self
    }

    fn has_room(&self, ticks: &Ticks, length: f64) -> bool {
        const GAP: f64 = 10.0;
        let place = |(value, label): &(f64, String)| {
            (self.position(*value) * length, text::width(label, TICK_SIZE))
        };
        ticks.labeled.windows(2).all(|pair| {
            let ((left, left_width), (right, right_width)) = (place(&pair[0]), place(&pair[1]));
            right - left >= (left_width + right_width) / 2.0 + GAP
        })
    }

    /// The width of the widest tick label.
    pub fn label_width(&self) -> f64 {
        let labels: Vec<_> = self.ticks.labeled.iter().map(|(_, label)| label).collect();
        text::widest(&labels, TICK_SIZE)
    }

    /// The position of `value` as a share of the length: 0 at the lower end, 1 at the upper end. If
    /// there is a strip, zero lies in its middle.
    pub fn position(&self, value: f64) -> f64 {
        if self.strip > 0.0 && value <= 0.0 {
            return self.strip / 2.0;
        }
        let (low, high) = (self.even(self.low), self.even(self.high));
        self.strip + (1.0 - self.strip) * (self.even(value) - low) / (high - low)
    }

    /// The share of the length that the strip takes.
    pub fn strip(&self) -> f64 {
        self.strip
    }

    /// The value on a scale where equal differences have equal lengths.
    pub fn even(&self, value: f64) -> f64 {
        if self.log { value.ln() } else { value }
    }

    /// The inverse of [`Axis::even`].
    pub fn uneven(&self, even: f64) -> f64 {
        if self.log { even.exp() } else { even }
    }
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (from, to): (i32, i32)) -> i32 {
        from + (f64::from(to - from) * self.position(*value)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        match hint.weight() {
            KeyPointWeight::Bold => self.ticks.labeled.iter().map(|(value, _)| *value).collect(),
            KeyPointWeight::Any => self.ticks.faint.clone(),
        }
    }

    fn range(&self) -> Range<f64> {
        self.low..self.high
    }
}

impl ValueFormatter<f64> for Axis {
    fn format_ext(&self, value: &f64) -> String {
        let tick = self.ticks.labeled.iter().find(|(at, _)| at == value);
        tick.map(|(_, label)| label.clone()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_automatic_scale_depends_on_the_values() {
        let log = |scale, panels: &[&[f64]]| {
            is_log(scale, panels.iter().map(|values| values.iter().copied()))
        };
        assert!(log(Scale::Auto, &[&[1.0, 21.0, f64::INFINITY, f64::NAN]]));
        assert!(!log(Scale::Auto, &[&[1.0, 19.0], &[100.0, 900.0]]));
        assert!(!log(Scale::Auto, &[&[1.0, 21.0], &[0.0, 1000.0]]));
        assert!(!log(Scale::Auto, &[]));
        assert!(log(Scale::Log, &[]));
    }

    #[test]
    fn positions_run_from_the_strip_to_one() {
        let axis = Axis::new((1.0, 100.0), true, 0.0);
        assert!((axis.position(10.0) - 0.5).abs() < 1e-12);
        let strip = axis.with_strip(0.2);
        assert!((strip.position(0.0) - 0.1).abs() < 1e-12);
        assert!((strip.position(1.0) - 0.2).abs() < 1e-12);
        assert!((strip.position(100.0) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn an_empty_range_is_widened_and_an_axis_can_be_cut_at_zero() {
        let flat = Axis::new((2.0, 2.0), false, 0.05);
        assert!(flat.low < 2.0 && flat.high > 2.0);
        let loss = Axis::new((0.0, 1.0), false, 0.05);
        assert!(loss.low < 0.0 && loss.not_below_zero().low == 0.0);
        let zero = Axis::new((0.0, 0.0), false, 0.05);
        assert!(zero.low < 0.0 && zero.high > 0.0);
    }

    #[test]
    fn extreme_ranges_stay_finite() {
        for (low, high) in [(1e-300, 1e300), (f64::MIN_POSITIVE, f64::MAX), (1e-320, 1.0)] {
            let axis = Axis::new((low, high), true, 0.05).with_ticks(Direction::Up, 300.0);
            assert!(axis.low > 0.0 && axis.high.is_finite());
            assert!(axis.position(1.0).is_finite() && axis.label_width() > 0.0);
        }
        let wide = Axis::new((f64::MIN, f64::MAX), false, 0.05);
        assert!(wide.with_ticks(Direction::Across, 300.0).position(0.0).is_finite());
    }

    #[test]
    fn labels_of_a_horizontal_axis_never_touch() {
        for length in [60.0, 150.0, 400.0] {
            let axis = Axis::new((0.0, 1_234_567.0), false, 0.0);
            let axis = axis.with_ticks(Direction::Across, length);
            assert!(axis.has_room(&axis.ticks, length));
        }
    }
}
