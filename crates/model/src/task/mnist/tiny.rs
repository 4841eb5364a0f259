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

/// Writes an IDX file of labels.
pub(in crate::task) fn write_labels(folder: &Path, name: &str, labels: &[u8]) {
    let header = [0x0801, labels.len() as u32].map(u32::to_be_bytes).concat();
    std::fs::write(folder.join(name), [header, labels.to_vec()].concat()).unwrap();
}

/// A folder with images of 28 × 28 pixels, so many to train on and to test on, whose gray level is their number,
/// and their classes, which are its last digit.
pub(in crate::task) fn classified(train: u8, test: u8) -> (tempfile::TempDir, Folders) {
    let folder = tempfile::tempdir().unwrap();
    for (part, count) in [("train", train), ("t10k", test)] {
        let header = [0x0803, u32::from(count), 28, 28].map(u32::to_be_bytes).concat();
        let levels = (0..count).flat_map(|image| vec![image; 28 * 28]);
        let bytes: Vec<u8> = header.into_iter().chain(levels).collect();
        std::fs::write(folder.path().join(format!("{part}-images-idx3-ubyte")), bytes).unwrap();
        let labels: Vec<u8> = (0..count).map(|image| image % 10).collect();
        write_labels(folder.path(), &format!("{part}-labels-idx1-ubyte"), &labels);
    }
    let folders = Folders { data: vec![folder.path().to_owned()], ..Folders::default() };
    (folder, folders)
}
