//! Files that are images, and files that are not.

use super::*;
use flate2::{Compression, write::GzEncoder};
use std::io::Write;

fn idx(magic: u32, sizes: [u32; 3], pixels: &[u8]) -> Vec<u8> {
    let header = [magic, sizes[0], sizes[1], sizes[2]].map(u32::to_be_bytes).concat();
    [header, pixels.to_vec()].concat()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(vec![], Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn read(bytes: &[u8]) -> Result<Images> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("images");
    std::fs::write(&path, bytes).unwrap();
    Images::read(&path)
}

/// Three images of 2 × 3 pixels.
fn three() -> Vec<u8> {
    let levels: Vec<u8> = (0..18).map(|i| if i == 17 { 255 } else { i }).collect();
    idx(IMAGES, [3, 2, 3], &levels)
}

#[test]
fn plain_and_compressed_files_are_the_same() {
    let (plain, compressed) = (read(&three()).unwrap(), read(&gzip(&three())).unwrap());
    assert_eq!(plain.pixels, compressed.pixels);
    assert_eq!((plain.len(), plain.size(), plain.pixels()), (3, (2, 3), 6));
    assert_eq!(plain.digest(), digest(&three()));
    // Of several members one after the other.
    let all = three();
    let (start, end) = all.split_at(20);
    let members = [gzip(start), gzip(end)].concat();
    assert_eq!(read(&members).unwrap().pixels, plain.pixels);
}

#[test]
fn rows_are_gray_levels_of_images() {
    let images = read(&three()).unwrap();
    let rows = images.rows([2, 0].into_iter()).unpack();
    let expected = [12.0, 13.0, 14.0, 15.0, 16.0, 255.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0f32];
    assert_eq!(rows, expected.map(|level| level / 255.0));
    let (first, others) = images.split_at(1);
    assert_eq!((first.len(), others.len()), (1, 2));
    assert_eq!(others.levels(), &images.levels()[6..]);
    assert_eq!(
        others.rows([1].into_iter()).unpack(),
        expected[..6].iter().map(|x| x / 255.0).collect::<Vec<_>>()
    );
    let (none, all) = images.split_at(0);
    assert!(none.is_empty() && all.len() == 3);
}

#[test]
fn images_at_even_distances() {
    let images = Images::new((1, 2), (0..20).collect());
    assert_eq!(images.spaced(4).levels(), [0, 1, 4, 5, 10, 11, 14, 15]);
    // Of a part, and of the file that it is from.
    let part = images.split_at(4).1;
    assert_eq!(part.spaced(2).levels(), [8, 9, 14, 15]);
    assert_eq!((part.spaced(2).len(), part.spaced(2).digest()), (2, images.digest()));
    assert_eq!([6, 7].map(|count| part.spaced(count).levels().to_vec()), [part.levels(); 2]);
}

#[test]
fn gray_levels_become_black_and_white() {
    let images = Images::new((1, 2), vec![0, 127, 128, 255]);
    assert_eq!(images.thresholded().levels(), [0, 0, 255, 255]);
    assert_eq!(images.split_at(1).1.thresholded().levels(), [255, 255]);
}

#[test]
fn files_that_are_not_images_are_refused() {
    let good = three();
    let labels = [LABELS, 3].map(u32::to_be_bytes).concat();
    for (bytes, words) in [
        (labels.as_slice(), "holds labels, not images"),
        (&[labels.clone(), vec![1, 2, 3, 4, 5, 6, 7, 8, 9]].concat(), "holds labels, not images"),
        (b"PK\x03\x04 and so on and on", "its magic number is 0x504b0304; expected 0x0803"),
        (b"", "truncated: it has 0 bytes of 16"),
        (&good[..9], "truncated: it has 9 bytes of 16"),
        (&good[..33], "truncated: it has 33 bytes of 34: it says that it holds 3 images of 2 × 3"),
        (&[good.clone(), vec![0]].concat(), "too long: 3 images of 2 × 3 pixels take 34 bytes"),
        (&idx(IMAGES, [0, 28, 28], &[]), "no pixels: it holds 0 images"),
        (&idx(IMAGES, [3, 0, 28], &[]), "no pixels"),
        (&idx(IMAGES, [u32::MAX, u32::MAX, u32::MAX], &[]), "too large"),
        (&gzip(&good[..33]), "truncated: it has 33 bytes of 34"),
        (&gzip(&good)[..30], "truncated: its compressed data ends early"),
    ] {
        let error = read(bytes).expect_err(words).to_string();
        assert!(error.contains(words) && error.contains("images: "), "{words}: {error}");
    }
}

/// A damaged file is not taken for another one.
#[test]
fn damage_in_compressed_data_is_noticed() {
    let mut bytes = gzip(&three());
    let checksum = bytes.len() - 6;
    bytes[checksum] ^= 1;
    assert!(read(&bytes).unwrap_err().to_string().contains("cannot be read"));
}

#[test]
fn files_in_use_are_read_once_and_again_when_they_change() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("images");
    std::fs::write(&path, three()).unwrap();
    let (one, two) = (Images::read(&path).unwrap(), Images::read(&path).unwrap());
    assert!(Arc::ptr_eq(&one.pixels, &two.pixels));
    std::fs::write(&path, idx(IMAGES, [1, 1, 1], &[7])).unwrap();
    assert_eq!(Images::read(&path).unwrap().levels(), [7]);
}

#[test]
fn a_missing_file_is_named() {
    let error = Images::read(Path::new("nowhere/images")).unwrap_err().to_string();
    assert!(error.contains("nowhere/images") && error.contains("cannot be read"), "{error}");
}
