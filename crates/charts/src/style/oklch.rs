//! Perceptual colors: OKLCH to sRGB.
//!
//! Equal steps of lightness look equal in every hue (Ottosson 2020, "A perceptual color space for
//! image processing"), so lightness can distinguish the members of a family.

use palette::convert::IntoColorUnclamped;
use palette::{IsWithinBounds, LinSrgb, Oklch, Srgb};

/// The sRGB color of a `lightness` in 0..=1, a `chroma` (0 is gray) and a `hue` in degrees.
///
/// A color outside sRGB loses chroma until it is inside; its lightness and hue do not change.
pub(crate) fn to_rgb(lightness: f64, chroma: f64, hue: f64) -> [u8; 3] {
    let shown: Option<LinSrgb<f64>> = (0..=100)
        .map(|step| chroma * f64::from(100 - step) / 100.0)
        .map(|chroma| Oklch::new(lightness, chroma, hue).into_color_unclamped())
        .find(LinSrgb::is_within_bounds);
    let gray = lightness.powi(3);
    let linear = shown.unwrap_or_else(|| LinSrgb::new(gray, gray, gray));
    Srgb::<f64>::from_linear(linear).into_format().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_colors_are_converted() {
        // The blue of Okabe and Ito, 0072B2, and pure white.
        let blue = to_rgb(0.533, 0.131, 244.7);
        for (got, wanted) in blue.into_iter().zip([0x00, 0x72, 0xB2]) {
            assert!(got.abs_diff(wanted) <= 8, "{blue:?}");
        }
        assert_eq!(to_rgb(1.0, 0.0, 0.0), [255; 3]);
    }

    #[test]
    fn a_color_outside_srgb_keeps_its_lightness() {
        let loud = to_rgb(0.4, 0.4, 140.0);
        assert!(loud[1] > loud[0] && loud[1] > loud[2]);
        assert!(loud[1] < 128);
    }
}
