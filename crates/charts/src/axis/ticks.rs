//! The ticks of an axis and their labels.

use crate::axis::number;

/// The ticks of an axis: labeled ones, and faint ones between them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Ticks {
    /// Values with their labels.
    pub labeled: Vec<(f64, String)>,
    pub faint: Vec<f64>,
}

/// At most `most` ticks, at multiples of 1, 2 or 5 times a power of ten.
pub(crate) fn linear(low: f64, high: f64, most: usize) -> Ticks {
    let step = step(low, high, most);
    let (first, count) = marks(low, high, step);
    let values = (0..count as usize).map(|i| multiple(first + i as f64, step));
    Ticks {
        labeled: values
            .filter(|value| (low..=high).contains(value))
            .map(|value| (value, number::tick(value, step)))
            .collect(),
        faint: Vec::new(),
    }
}

/// At most `most` ticks: at 1, 2 and 5 times the powers of ten if there are at least three, else at
/// powers of ten, else those of a linear axis.
pub(crate) fn log(low: f64, high: f64, most: usize) -> Ticks {
    let powers = (low.log10() - 1e-9).ceil() as i32..=(high.log10() + 1e-9).floor() as i32;
    if powers.clone().count() <= most {
        let between = multiples(&[1, 2, 5], low, high);
        if (3..=most).contains(&between.len()) {
            let labeled = between.iter().map(|&value| (value, number::plain(value, 3))).collect();
            return Ticks { labeled, faint: multiples(&[3, 4, 6, 7, 8, 9], low, high) };
        }
    }
    if powers.clone().count() >= 2 {
        decades(powers, low, high, most)
    } else {
        linear(low, high, most)
    }
}

/// Ticks at every power of ten, or at every second, third and so on, so that there are at most `most`.
fn decades(powers: std::ops::RangeInclusive<i32>, low: f64, high: f64, most: usize) -> Ticks {
    let count = powers.clone().count();
    let stride = count.div_ceil(most.max(1)).max(1) as i32;
    let short = powers.clone().all(|power| (-2..=3).contains(&power));
    let text = |power| match power {
        _ if short => number::plain(ten_to(power), 1),
        _ => number::power_of_ten(power),
    };
    let (bold, between): (Vec<i32>, Vec<i32>) =
        powers.partition(|power| power.rem_euclid(stride) == 0);
    Ticks {
        labeled: bold.into_iter().map(|power| (ten_to(power), text(power))).collect(),
        faint: match stride {
            1 if count <= 4 => multiples(&[2, 3, 4, 5, 6, 7, 8, 9], low, high),
            _ => between.into_iter().map(ten_to).collect(),
        },
    }
}

/// `factors` times every power of ten, within the range.
fn multiples(factors: &[i32], low: f64, high: f64) -> Vec<f64> {
    let powers = low.log10().floor() as i32..=high.log10().ceil() as i32;
    powers
        .flat_map(|power| factors.iter().map(move |factor| f64::from(*factor) * ten_to(power)))
        .filter(|value| (low..=high).contains(value))
        .collect()
}

/// The smallest of 1, 2 and 5 times a power of ten that gives at most `most` ticks.
fn step(low: f64, high: f64, most: usize) -> f64 {
    let span = high - low;
    let coarse = (span / most.max(1) as f64).log10().floor() as i32;
    let mut steps = (coarse..=coarse + 2)
        .flat_map(|power| [1.0, 2.0, 5.0].map(|factor| multiple(factor, ten_to(power))));
    steps.find(|step| *step > 0.0 && marks(low, high, *step).1 <= most as f64).unwrap_or(span)
}

/// The first multiple of `step` in the range, divided by `step`, and the number of multiples.
fn marks(low: f64, high: f64, step: f64) -> (f64, f64) {
    let (first, last) = ((low / step - 1e-9).ceil(), (high / step + 1e-9).floor());
    (first, (last - first + 1.0).max(0.0))
}

/// `count · step` without the rounding error of `step`: 3 · 0.1 is 0.3.
fn multiple(count: f64, step: f64) -> f64 {
    if step < 1.0 { count / (1.0 / step).round().max(1.0) } else { count * step }
}

/// 10 to the `power`, correctly rounded.
fn ten_to(power: i32) -> f64 {
    format!("1e{power}").parse().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(ticks: &Ticks) -> Vec<&str> {
        ticks.labeled.iter().map(|(_, text)| text.as_str()).collect()
    }

    #[test]
    fn steps_are_round() {
        assert_eq!(texts(&linear(0.0, 2000.0, 5)), ["0", "500", "1,000", "1,500", "2,000"]);
        assert_eq!(texts(&linear(0.13, 0.58, 6)), ["0.2", "0.3", "0.4", "0.5"]);
        assert_eq!(texts(&linear(-1.0, 1.0, 5)), ["−1.0", "−0.5", "0", "0.5", "1.0"]);
        assert_eq!(texts(&linear(5.0001, 5.0004, 3)), ["5.0002", "5.0004"]);
    }

    #[test]
    fn decades_are_thinned() {
        assert_eq!(texts(&log(0.02, 300.0, 6)), ["0.1", "1", "10", "100"]);
        assert_eq!(texts(&log(1e-9, 1e3, 5)), ["10⁻⁹", "10⁻⁶", "10⁻³", "1", "10³"]);
        assert_eq!(texts(&log(1.5, 60.0, 6)), ["2", "5", "10", "20", "50"]);
        assert_eq!(texts(&log(3.1, 4.2, 4)), ["3.5", "4.0"]);
    }

    #[test]
    fn ticks_are_within_the_range_and_not_too_many() {
        for exponent in -12..12 {
            for (low, ratio) in [(1.0, 1.01), (1.7, 3.0), (3.0, 40.0), (9.0, 1e7)] {
                let (low, high) = (low * ten_to(exponent), ratio * low * ten_to(exponent));
                for ticks in [linear(low, high, 5), log(low, high, 5)] {
                    assert!(ticks.labeled.len() <= 5, "{low} {high} {ticks:?}");
                    let inside = |value: &f64| (low..=high).contains(value);
                    assert!(ticks.labeled.iter().all(|(value, _)| inside(value)));
                    assert!(ticks.faint.iter().all(inside));
                }
            }
        }
    }
}
