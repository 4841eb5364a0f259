use super::batches::Epochs;
use crate::data::Images;
use kernels::{Noise, Packed};

/// The images of a seed.
pub(in crate::task) struct Split {
    pub(in crate::task) train: Images,
    /// None if nothing is held out to choose.
    pub(in crate::task) validation: Option<Images>,
    pub(in crate::task) test: Images,
    /// The orders of epochs; none if batches are drawn with replacement.
    pub(super) epochs: Option<Epochs>,
    /// Whether pixels of a batch are bits that are drawn for it.
    pub(super) is_dynamic: bool,
}

impl Split {
    /// Images drawn with replacement, [rows, pixels].
    pub(in crate::task) fn batch(&self, rows: usize, noise: &mut Noise) -> Packed<f32> {
        let indices = noise.indices(self.train.len() as u32, rows);
        let indices: Vec<usize> = indices.iter().map(|&index| index as usize).collect();
        self.batch_of(&indices, noise)
    }

    /// The images of a step, whose stream is the substream of `batches`, [rows, pixels].
    pub(in crate::task) fn batch_of_step(
        &self,
        rows: usize,
        step: u64,
        batches: &Noise,
    ) -> Packed<f32> {
        let noise = &mut batches.at(step);
        match &self.epochs {
            Some(epochs) => self.batch_of(&epochs.images(step, rows), noise),
            None => self.batch(rows, noise),
        }
    }

    fn batch_of(&self, indices: &[usize], noise: &mut Noise) -> Packed<f32> {
        let rows = self.train.rows(indices.iter().copied());
        if self.is_dynamic { binarized(&rows, noise) } else { rows }
    }

    /// The cross-entropy of each pixel of a test image if pixels are drawn alone, with their means over images
    /// to train on and one more of gray pixels.
    pub(in crate::task) fn independent_pixels(&self) -> impl Iterator<Item = f64> {
        let count = self.train.len() as f64;
        let (train, test) = (means(&self.train), means(&self.test));
        // It is linear in the pixels, so that their means are enough.
        train.into_iter().zip(test).map(move |(m, x)| {
            let m = (count * m + 0.5) / (count + 1.0);
            -(x * m.ln() + (1.0 - x) * (1.0 - m).ln())
        })
    }
}

/// Each number as 1 if the next uniform number of the noise is below it, else 0.
fn binarized(rows: &Packed<f32>, noise: &mut Noise) -> Packed<f32> {
    let mut bits = rows.unpack();
    let mut uniforms = vec![0.0f32; bits.len()];
    noise.fill_uniform(&mut uniforms);
    bits.iter_mut().zip(uniforms).for_each(|(x, u)| *x = f32::from(u8::from(u < *x)));
    Packed::pack(&bits, rows.columns())
}

/// The mean of each pixel, from 0 to 1.
fn means(images: &Images) -> Vec<f64> {
    let mut sums = vec![0u64; images.pixels()];
    for image in images.levels().chunks_exact(sums.len()) {
        sums.iter_mut().zip(image).for_each(|(sum, &level)| *sum += u64::from(level));
    }
    let scale = 255.0 * images.len() as f64;
    sums.into_iter().map(|sum| sum as f64 / scale).collect()
}
