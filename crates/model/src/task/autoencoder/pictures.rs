//! Images of what an autoencoder has learned.

use super::Autoencoder;
use crate::Artifact;
use kernels::{Noise, Packed, Parameters, Real};

/// Images in a line of a picture.
const IN_A_LINE: usize = 10;
/// Lines of samples.
const LINES: usize = 3;

/// The first images ([B, pixels]), above what the decoder makes of their codes ([B·L, 1]).
pub(in crate::task) fn reconstructions(
    network: &Autoencoder,
    parameters: &Parameters<f32>,
    images: &Packed<f32>,
    codes: &Packed<f32>,
) -> Artifact {
    let decoded = network.decode(parameters, codes);
    let shown = images.rows().min(IN_A_LINE);
    let originals = tiles(images, shown, f64::from);
    let reconstructions = tiles(&decoded, shown, probability);
    let tiles: Vec<Vec<u8>> = originals.chain(reconstructions).collect();
    let caption = "Images that were not trained on, above their reconstructions.".to_owned();
    Artifact::grid("reconstructions", caption, &tiles, side(images.columns()), shown)
}

/// What the decoder makes of codes whose latents are uniform, as the prior says.
pub(in crate::task) fn samples(
    network: &Autoencoder,
    parameters: &Parameters<f32>,
    noise: &mut Noise,
) -> Artifact {
    let count = LINES * IN_A_LINE;
    let picks = noise.indices(network.categories() as u32, count * network.latents());
    let picks: Vec<f32> = picks.iter().map(|&pick| pick as f32).collect();
    let decoded = network.decode(parameters, &Packed::pack(&picks, 1));
    let tiles: Vec<Vec<u8>> = tiles(&decoded, count, probability).collect();
    let caption = "Images decoded from codes that were drawn from the uniform prior.".to_owned();
    Artifact::grid("samples", caption, &tiles, side(decoded.columns()), IN_A_LINE)
}

/// Images that were cut in two ([B, pixels]), above their upper parts with what the decoder makes of codes that
/// were sampled for these ([B·L, S]).
pub(in crate::task) fn completions(
    network: &Autoencoder,
    parameters: &Parameters<f32>,
    images: &Packed<f32>,
    codes: &Packed<f32>,
) -> Artifact {
    let (shown, pixels) = (images.rows().min(IN_A_LINE), images.columns());
    let mut all: Vec<Vec<u8>> = tiles(images, shown, f64::from).collect();
    for sample in 0..codes.columns() {
        let decoded = network.decode(parameters, &codes.column(sample));
        let upper = pixels - decoded.columns();
        for (row, decoded) in tiles(&decoded, shown, probability).enumerate() {
            all.push([&all[row][..upper], &*decoded].concat());
        }
    }
    let caption =
        "Images that were not trained on, above their upper halves with lower halves that were \
                   predicted from them, each from a code that was sampled."
            .to_owned();
    Artifact::grid("completions", caption, &all, side(pixels), shown)
}

/// Rows as gray levels; `light` is from 0 to 1.
fn tiles(rows: &Packed<f32>, count: usize, light: fn(f32) -> f64) -> impl Iterator<Item = Vec<u8>> {
    let gray = move |x: f32| (255.0 * light(x)).round() as u8;
    (0..count).map(move |row| (0..rows.columns()).map(|i| gray(rows.get(row, i))).collect())
}

fn probability(logit: f32) -> f64 {
    1.0 / (1.0 + Real::exp(-logit.widen()))
}

/// The side of a square that has room for the pixels.
fn side(pixels: usize) -> usize {
    (pixels as f64).sqrt().ceil() as usize
}
