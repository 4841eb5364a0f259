//! MNIST-1D: ten short curves, moved, stretched, tilted and noisy.

use kernels::{Noise, Real};

/// C, classes.
pub(super) const CLASSES: usize = 10;

/// Points of a row.
pub(super) const POINTS: usize = 40;

/// Points of a template.
const TEMPLATE: usize = 12;

/// The heights of the templates, before they are standardized.
const TEMPLATES: [[f64; TEMPLATE]; CLASSES] = [
    [5.0, 6.0, 6.5, 6.75, 7.0, 7.0, 7.0, 7.0, 6.75, 6.5, 6.0, 5.0],
    [5.0, 3.0, 3.0, 3.4, 3.8, 4.2, 4.6, 5.0, 5.4, 5.8, 5.0, 5.0],
    [5.0, 6.0, 6.5, 6.5, 6.0, 5.25, 4.75, 4.0, 3.5, 3.5, 4.0, 5.0],
    [5.0, 6.0, 6.5, 6.5, 6.0, 5.0, 5.0, 6.0, 6.5, 6.5, 6.0, 5.0],
    [5.0, 4.4, 3.8, 3.2, 2.6, 2.6, 5.0, 5.0, 5.0, 5.0, 5.0, 5.0],
    [5.0, 3.0, 3.0, 3.0, 3.0, 5.0, 6.0, 6.5, 6.5, 6.0, 4.5, 5.0],
    [5.0, 4.0, 3.5, 3.25, 3.0, 3.0, 3.0, 3.0, 3.25, 3.5, 4.0, 5.0],
    [5.0, 7.0, 7.0, 6.6, 6.2, 5.8, 5.4, 5.0, 4.6, 4.2, 5.0, 5.0],
    [5.0, 4.0, 3.5, 3.5, 4.0, 5.0, 5.0, 4.0, 3.5, 3.5, 4.0, 5.0],
    [5.0, 4.0, 3.5, 3.5, 4.0, 5.0, 5.0, 5.0, 5.0, 4.7, 4.3, 5.0],
];

/// The fewest and the most points with which a template is padded.
const PADDING: (usize, usize) = (36, 60);
/// How much a curve's height varies, as the width of a range around 1.
const SCALE: f64 = 0.4;
/// Curves are moved by fewer points than this.
const TRANSLATION: u32 = 48;
/// The standard deviation of the noise beside the curve, before it is smoothed.
const SMOOTH_NOISE: f64 = 0.25;
/// The standard deviation of the noise of each point.
const NOISE: f64 = 0.02;
/// The width of the range of tilts.
const SHEAR: f64 = 0.75;
/// What is added to a template, so that none of its points is 0.
const ABOVE_ZERO: f64 = 1e-8;

/// Rows of 40 points, row after row, and their classes, of which all are as frequent up to one: in random
/// order, with mean 0 and standard deviation 1 over all of them.
///
/// Each row draws: the number of padded points, its scale, its translation, 72 normals of smooth noise, 72 of
/// noise, its tilt; the order of the rows is drawn last.
pub(super) fn draw(rows: usize, noise: &mut Noise) -> (Vec<f64>, Vec<u32>) {
    let templates = TEMPLATES.map(standardized);
    let drawn: Vec<(usize, Vec<f64>)> = (0..rows)
        .map(|row| (row % CLASSES, transformed(&templates[row % CLASSES], noise)))
        .collect();
    let order = noise.permutation(rows);
    let mut features: Vec<f64> = order.iter().flat_map(|&row| drawn[row].1.clone()).collect();
    let classes = order.iter().map(|&row| drawn[row].0 as u32).collect();
    let count = features.len() as f64;
    let mean = features.iter().sum::<f64>() / count;
    let variance = features.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / count;
    let deviation = variance.sqrt();
    features.iter_mut().for_each(|x| *x = (*x - mean) / deviation);
    (features, classes)
}

/// A template with mean 0 and standard deviation 1, moved so that it starts at 0, and divided by 6.
fn standardized(template: [f64; TEMPLATE]) -> [f64; TEMPLATE] {
    let mean = template.iter().sum::<f64>() / TEMPLATE as f64;
    let variance = template.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / TEMPLATE as f64;
    template.map(|x| (x - template[0]) / variance.sqrt() / 6.0)
}

/// A row: the template padded, stretched to 72 points, scaled, moved around, with smooth noise where there is
/// no curve and noise everywhere, tilted, and read at 40 points.
fn transformed(template: &[f64], noise: &mut Noise) -> Vec<f64> {
    let (least, most) = PADDING;
    let padding = least + (noise.uniform() * (most - least + 1) as f64) as usize;
    let mut curve: Vec<f64> = template.iter().map(|x| x + ABOVE_ZERO).collect();
    curve.resize(TEMPLATE + padding, 0.0);
    let mut curve = interpolated(&curve, TEMPLATE + most);
    let scale = 1.0 + SCALE * (noise.uniform() - 0.5);
    curve.iter_mut().for_each(|x| *x *= scale);
    curve.rotate_right(noise.index(TRANSLATION) as usize);
    let smooth = smoothed(&noise.normals(curve.len()));
    let each = noise.normals(curve.len());
    let tilt = SHEAR * (noise.uniform() - 0.5);
    let last = (curve.len() - 1) as f64;
    for (i, x) in curve.iter_mut().enumerate() {
        let signal = if *x == 0.0 { SMOOTH_NOISE * smooth[i] } else { *x };
        *x = signal + NOISE * each[i] - tilt * (i as f64 / last - 0.5);
    }
    interpolated(&curve, POINTS)
}

/// A curve read at so many equidistant places, from its first point to its last.
fn interpolated(curve: &[f64], places: usize) -> Vec<f64> {
    let step = (curve.len() - 1) as f64 / (places - 1) as f64;
    let at = |place: usize| {
        let position = place as f64 * step;
        let left = (position as usize).min(curve.len() - 2);
        let share = position - left as f64;
        curve[left] + share * (curve[left + 1] - curve[left])
    };
    (0..places).map(at).collect()
}

/// A Gaussian filter of standard deviation 2, cut at 8 points; the curve is mirrored at its ends.
fn smoothed(curve: &[f64]) -> Vec<f64> {
    const RADIUS: isize = 8;
    let weight = |offset: isize| Real::exp(-((offset * offset) as f64) / 8.0);
    let total: f64 = (-RADIUS..=RADIUS).map(weight).sum();
    let length = curve.len() as isize;
    let mirrored = |i: isize| match i {
        i if i < 0 => -1 - i,
        i if i >= length => 2 * length - 1 - i,
        i => i,
    };
    let at = |i: isize| -> f64 {
        let term = |offset| weight(offset) * curve[mirrored(i + offset) as usize];
        (-RADIUS..=RADIUS).map(term).sum::<f64>() / total
    };
    (0..length).map(at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_start_at_0_and_have_the_same_size() {
        for template in TEMPLATES.map(standardized) {
            let mean = template.iter().sum::<f64>() / TEMPLATE as f64;
            let variance = template.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 12.0;
            assert!(template[0] == 0.0 && (variance.sqrt() - 1.0 / 6.0).abs() < 1e-12);
        }
    }

    #[test]
    fn curves_are_read_between_their_points() {
        assert_eq!(interpolated(&[0.0, 2.0, 1.0], 5), [0.0, 1.0, 2.0, 1.5, 1.0]);
        let line: Vec<f64> = (0..72).map(f64::from).collect();
        let read = interpolated(&line, 40);
        assert!(
            read[0] == 0.0
                && (read[39] - 71.0).abs() < 1e-12
                && (read[1] - 71.0 / 39.0).abs() < 1e-12
        );
    }

    #[test]
    fn smoothing_keeps_the_sum() {
        let mut impulse = vec![0.0; 40];
        impulse[20] = 1.0;
        let found = smoothed(&impulse);
        assert!((found.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        assert!((found[22] / found[20] - (-0.5f64).exp()).abs() < 1e-12 && found[29] == 0.0);
        let constant = smoothed(&[3.0; 20]);
        assert!(constant.iter().all(|x| (x - 3.0).abs() < 1e-12));
        // What is beyond an end is mirrored, the end itself twice.
        let mut at_end = vec![0.0; 40];
        at_end[0] = 1.0;
        let found = smoothed(&at_end);
        assert!(
            (found[0] / found[1]
                - (1.0 + (-0.125f64).exp()) / ((-0.125f64).exp() + (-0.5f64).exp()))
            .abs()
                < 1e-12
        );
    }

    #[test]
    fn rows_are_standardized_and_classes_equally_frequent() {
        let (features, classes) = draw(500, &mut Noise::named(&["mnist-1d"]));
        assert_eq!((features.len(), classes.len()), (500 * POINTS, 500));
        assert!((0..10).all(|class| classes.iter().filter(|&&c| c == class).count() == 50));
        assert!(classes[..20].windows(2).any(|pair| pair[1] != (pair[0] + 1) % 10));
        let mean = features.iter().sum::<f64>() / features.len() as f64;
        let variance = features.iter().map(|x| x * x).sum::<f64>() / features.len() as f64;
        assert!(mean.abs() < 1e-12 && (variance - 1.0).abs() < 1e-12);
    }
}
