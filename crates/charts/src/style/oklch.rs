//! Perceptual colours: OKLCH to sRGB.
//!
//! Ottosson 2020, "A perceptual color space for image processing": equal steps of lightness look
//! equal in every hue, so that lightness can tell the members of a family apart.

/// A colour by `lightness` in 0..1, `chroma` (0 is grey) and `hue` in degrees.
#[derive(Clone, Copy)]
pub(crate) struct Oklch {
    pub lightness: f64,
    pub chroma: f64,
    pub hue: f64,
}

impl Oklch {
    /// The nearest colour that a screen can show, found by lowering the chroma.
    pub fn to_rgb(self) -> [u8; 3] {
        let shown = (0..=100)
            .map(|step| self.chroma * f64::from(100 - step) / 100.0)
            .map(|chroma| Oklch { chroma, ..self }.to_linear_rgb())
            .find(|rgb| rgb.iter().all(|c| (-1e-6..=1.0 + 1e-6).contains(c)));
        shown.unwrap_or([self.lightness.powi(3); 3]).map(encode)
    }

    fn to_linear_rgb(self) -> [f64; 3] {
        let (sin, cos) = self.hue.to_radians().sin_cos();
        let (a, b) = (self.chroma * cos, self.chroma * sin);
        let l = (self.lightness + 0.396_337_777_4 * a + 0.215_803_757_3 * b).powi(3);
        let m = (self.lightness - 0.105_561_345_8 * a - 0.063_854_172_8 * b).powi(3);
        let s = (self.lightness - 0.089_484_177_5 * a - 1.291_485_548_0 * b).powi(3);
        [
            4.076_741_662_1 * l - 3.307_711_591_3 * m + 0.230_969_929_2 * s,
            -1.268_438_004_6 * l + 2.609_757_401_1 * m - 0.341_319_396_5 * s,
            -0.004_196_086_3 * l - 0.703_418_614_7 * m + 1.707_614_701_0 * s,
        ]
    }
}

/// One channel, linear to the sRGB transfer curve (IEC 61966-2-1).
fn encode(linear: f64) -> u8 {
    let c = linear.clamp(0.0, 1.0);
    let shown = if c <= 0.003_130_8 { 12.92 * c } else { 1.055 * c.powf(1.0 / 2.4) - 0.055 };
    (shown * 255.0).round() as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_colours_come_out() {
        // Okabe and Ito's blue, 0072B2, and pure white.
        let blue = Oklch { lightness: 0.533, chroma: 0.131, hue: 244.7 }.to_rgb();
        for (got, wanted) in blue.into_iter().zip([0x00, 0x72, 0xB2]) {
            assert!(got.abs_diff(wanted) <= 8, "{blue:?}");
        }
        assert_eq!(Oklch { lightness: 1.0, chroma: 0.0, hue: 0.0 }.to_rgb(), [255; 3]);
    }

    #[test]
    fn a_colour_outside_the_screen_keeps_its_lightness() {
        let loud = Oklch { lightness: 0.4, chroma: 0.4, hue: 140.0 }.to_rgb();
        assert!(loud[1] > loud[0] && loud[1] > loud[2]);
        assert!(loud[1] < 128);
    }
}
