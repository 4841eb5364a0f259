//! Clipping of gradients.

/// Clips each component to a magnitude.
pub(super) fn clip_value(gradient: &mut [f32], most: f64) {
    let most = most as f32;
    gradient.iter_mut().for_each(|g| *g = g.clamp(-most, most));
}

/// Scales the gradient down to a Euclidean norm where it is longer.
pub(super) fn clip_norm(gradient: &mut [f32], most: f64) {
    let norm = norm(gradient);
    if norm > most {
        let scale = (most / norm) as f32;
        gradient.iter_mut().for_each(|g| *g *= scale);
    }
}

/// Sums that are added up side by side: a fixed number, so that the order of additions is the same
/// on every processor.
const SUMS: usize = 16;

fn norm(gradient: &[f32]) -> f64 {
    let mut sums = [0.0; SUMS];
    for chunk in gradient.chunks(SUMS) {
        // The square of a single-precision number is exact in double precision.
        sums.iter_mut().zip(chunk).for_each(|(sum, &g)| *sum += f64::from(g) * f64::from(g));
    }
    sums.iter().sum::<f64>().sqrt()
}
