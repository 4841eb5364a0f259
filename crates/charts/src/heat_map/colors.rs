//! Colors of values: one hue, darker where a value is better.

use crate::axis::limits::is_number;
use crate::figure::Better;
use crate::style::mixed;
use plotters::style::RGBColor;

/// From the worst to the best. Neighbors differ in lightness, so gray prints and readers of all kinds
/// keep the order.
const RAMP: [[u8; 3]; 5] = [
    [0xf2, 0xf6, 0xf9],
    [0xbc, 0xd6, 0xe8],
    [0x68, 0xa9, 0xcf],
    [0x1f, 0x6d, 0xab],
    [0x07, 0x2f, 0x61],
];
/// Text on dark and on light tiles. A page in dark mode leaves them, as it leaves the tiles.
const ON_DARK: RGBColor = RGBColor(0xfe, 0xfe, 0xfe);
const ON_LIGHT: RGBColor = RGBColor(0x0a, 0x0a, 0x0a);

/// The values at the two ends of the ramp. One that diverged must not make all others equal: the palest
/// color is that of twice the distance of the median from the best, and of everything beyond.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Colors {
    pub best: f64,
    pub palest: f64,
    /// Whether a value is beyond the palest.
    pub is_cut: bool,
}

impl Colors {
    /// For these values; none if none of them is finite.
    pub fn of(values: impl Iterator<Item = f64>, better: Better) -> Option<Self> {
        let mut values: Vec<f64> = values.filter(|value| is_number(*value)).collect();
        values.sort_by(f64::total_cmp);
        if better == Better::Higher {
            values.reverse();
        }
        let (best, worst) = (*values.first()?, *values.last()?);
        let median = values[values.len() / 2];
        let far = best + 2.0 * (median - best);
        let is_cut = far != best && (worst - best).abs() > (far - best).abs();
        Some(Self { best, palest: if is_cut { far } else { worst }, is_cut })
    }

    /// The color of a value, and that of text on it.
    pub fn of_value(&self, value: f64) -> (RGBColor, RGBColor) {
        let range = self.best - self.palest;
        let quality =
            if range == 0.0 { 1.0 } else { ((value - self.palest) / range).clamp(0.0, 1.0) };
        let place = quality * (RAMP.len() - 1) as f64;
        let index = (place as usize).min(RAMP.len() - 2);
        let color = mixed(RAMP[index + 1], RAMP[index], place - index as f64);
        let text = if contrast(color, [0xfe; 3]) > contrast(color, [0x0a; 3]) {
            ON_DARK
        } else {
            ON_LIGHT
        };
        (RGBColor(color[0], color[1], color[2]), text)
    }

    /// The significant digits that tell values of different colors apart.
    pub fn digits(&self) -> usize {
        let range = (self.best - self.palest).abs();
        let size = self.best.abs().max(self.palest.abs());
        let lost = if range > 0.0 { (size / range).log10().ceil().max(0.0) } else { 2.0 };
        (lost as usize + 2).clamp(3, 6)
    }
}

/// The contrast of two colors by WCAG 2.
fn contrast(one: [u8; 3], other: [u8; 3]) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

fn luminance(color: [u8; 3]) -> f64 {
    let linear = |part: u8| match f64::from(part) / 255.0 {
        part if part <= 0.040_45 => part / 12.92,
        part => ((part + 0.055) / 1.055).powf(2.4),
    };
    let [red, green, blue] = color.map(linear);
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_legible_on_every_color_and_better_is_darker() {
        let colors = Colors::of([1.0, 2.0].into_iter(), Better::Lower).unwrap();
        let mut before = 0.0;
        for i in 0..=100 {
            let (color, text) = colors.of_value(2.0 - f64::from(i) / 100.0);
            let [color, text] = [color, text].map(|RGBColor(red, green, blue)| [red, green, blue]);
            assert!(contrast(color, text) >= 4.5, "{i}: {color:?} {text:?}");
            assert!(i == 0 || luminance(color) <= before, "{i}");
            before = luminance(color);
        }
    }

    #[test]
    fn an_outlier_does_not_make_all_others_equal() {
        let colors =
            Colors::of([100.0, 101.0, 103.0, 5000.0, f64::INFINITY].into_iter(), Better::Lower);
        assert_eq!(colors, Some(Colors { best: 100.0, palest: 106.0, is_cut: true }));
        assert_eq!(colors.unwrap().digits(), 4);
        let colors = Colors::of([0.2, 0.9, 0.8].into_iter(), Better::Higher).unwrap();
        assert_eq!((colors.best, colors.is_cut), (0.9, true));
        assert_eq!(Colors::of([f64::NAN].into_iter(), Better::Lower), None);
        // Equal values all have the color of the best.
        let equal = Colors::of([3.0, 3.0].into_iter(), Better::Lower).unwrap();
        assert_eq!(equal.of_value(3.0), colors.of_value(0.9));
    }
}
