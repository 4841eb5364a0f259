//! Tiny images in files, for tests.

use crate::data::Folders;
use kernels::Noise;
use std::path::Path;

/// Writes an IDX file of images of 3 × 3 pixels.
pub(in crate::task) fn write(folder: &Path, name: &str, levels: &[u8]) {
    let count = (levels.len() / 9) as u32;
    let header = [0x0803, count, 3, 3].map(u32::to_be_bytes).concat();
    std::fs::write(folder.join(name), [header, levels.to_vec()].concat()).unwrap();
}

/// Two kinds of images with some noise: the upper or the lower line is light.
pub(in crate::task) fn levels(name: &str, count: usize) -> Vec<u8> {
    let mut noise = Noise::named(&["tests", name]);
    let image = |_| -> Vec<u8> {
        let light = if noise.uniform() < 0.5 { 0..3 } else { 6..9 };
        let level = |i: usize, u: f64| if light.contains(&i) { 255.0 - 60.0 * u } else { 60.0 * u };
        (0..9).map(|i| level(i, noise.uniform()) as u8).collect()
    };
    (0..count).flat_map(image).collect()
}

/// A folder with such images in the files of MNIST.
pub(in crate::task) fn mnist() -> (tempfile::TempDir, Folders) {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "train-images-idx3-ubyte", &levels("train", 90));
    write(folder.path(), "t10k-images-idx3-ubyte", &levels("test", 70));
    let folders = Folders { data: vec![folder.path().to_owned()], ..Folders::default() };
    (folder, folders)
}
