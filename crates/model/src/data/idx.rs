//! Images in the IDX format, that of MNIST.

use crate::{Error, Result};
use flate2::read::MultiGzDecoder;
use kernels::Packed;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::SystemTime;

/// Gray images of the same size. Copies share the pixels.
#[derive(Clone, Debug)]
pub struct Images {
    pixels: Arc<Pixels>,
    /// The first image, and the one after the last.
    range: (usize, usize),
}

/// What an IDX file of images holds.
#[derive(Debug, PartialEq, Eq)]
struct Pixels {
    /// Lines and columns of an image.
    size: (usize, usize),
    /// Gray levels, line after line, image after image.
    levels: Vec<u8>,
    /// Hash of the file as it is without compression.
    digest: String,
}

impl Images {
    /// Images of `size` lines and columns with these gray levels, from 0 to 255.
    ///
    /// # Panics
    /// If an image has no pixels, or they do not fill whole images.
    pub fn new(size: (usize, usize), levels: Vec<u8>) -> Self {
        let each = size.0 * size.1;
        assert!(each > 0 && levels.len().is_multiple_of(each), "whole images of {size:?}");
        let digest = digest(&levels);
        let range = (0, levels.len() / each);
        Self { pixels: Arc::new(Pixels { size, levels, digest }), range }
    }

    /// Reads an IDX file of images, plain or compressed with gzip: a magic number, the numbers of images,
    /// lines and columns (four bytes each, the highest first), and a byte for each pixel.
    ///
    /// Files that are in use are read once.
    ///
    /// # Errors
    /// If the file cannot be read, does not hold images, or does not have as many pixels as it says.
    pub fn read(path: &Path) -> Result<Self> {
        let pixels = shared(path).map_err(|why| Error::data(path, why))?;
        let count = pixels.levels.len() / (pixels.size.0 * pixels.size.1);
        Ok(Self { pixels, range: (0, count) })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.range.1 - self.range.0
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Lines and columns of an image.
    pub fn size(&self) -> (usize, usize) {
        self.pixels.size
    }

    /// Pixels of an image.
    pub fn pixels(&self) -> usize {
        self.pixels.size.0 * self.pixels.size.1
    }

    /// Gray levels of all images, line after line.
    pub fn levels(&self) -> &[u8] {
        let (first, end) = self.range;
        &self.pixels.levels[first * self.pixels()..end * self.pixels()]
    }

    /// A hash of the file that they are from, as it is without compression.
    pub fn digest(&self) -> &str {
        &self.pixels.digest
    }

    /// The first `count` images, and the others.
    ///
    /// # Panics
    /// If there are fewer.
    pub fn split_at(&self, count: usize) -> (Self, Self) {
        assert!(count <= self.len(), "{count} of {} images", self.len());
        let ((first, end), pixels) = (self.range, &self.pixels);
        let part = |range| Self { pixels: Arc::clone(pixels), range };
        (part((first, first + count)), part((first + count, end)))
    }

    /// The images with these indices, [indices, pixels], from 0 (black) to 1.
    ///
    /// # Panics
    /// If there are no indices, or one is out of range.
    pub fn rows(&self, indices: impl ExactSizeIterator<Item = usize>) -> Packed<f32> {
        let (each, levels) = (self.pixels(), self.levels());
        let mut rows = Vec::with_capacity(indices.len() * each);
        for index in indices {
            let image = &levels[index * each..][..each];
            rows.extend(image.iter().map(|&level| f32::from(level) / 255.0));
        }
        Packed::pack(&rows, each)
    }
}

fn digest(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex()[..16].to_owned()
}

/// A file as it was when it was read: its path, its length and the time of its last change.
type Version = (PathBuf, u64, Option<SystemTime>);

/// The files that are in use. Every task variant and every run shares them.
static IN_USE: Mutex<Vec<(Version, Weak<Pixels>)>> = Mutex::new(vec![]);

/// The pixels of a file, which may have been read before.
fn shared(path: &Path) -> Result<Arc<Pixels>, String> {
    let unreadable = |error: io::Error| format!("cannot be read: {error}");
    let file = File::open(path).map_err(unreadable)?;
    let about = file.metadata().map_err(unreadable)?;
    let version = (path.to_owned(), about.len(), about.modified().ok());
    let mut in_use = IN_USE.lock().unwrap_or_else(PoisonError::into_inner);
    in_use.retain(|(_, pixels)| pixels.strong_count() > 0);
    let known = in_use.iter().find(|(known, _)| *known == version);
    if let Some(pixels) = known.and_then(|(_, pixels)| pixels.upgrade()) {
        return Ok(pixels);
    }
    let pixels = Arc::new(read(file)?);
    in_use.push((version, Arc::downgrade(&pixels)));
    Ok(pixels)
}

/// The first two bytes of gzip.
const GZIP: [u8; 2] = [0x1f, 0x8b];

fn read(mut file: File) -> Result<Pixels, String> {
    let unreadable = |error: io::Error| format!("cannot be read: {error}");
    let mut first = [0; 2];
    let is_compressed = file.read_exact(&mut first).is_ok() && first == GZIP;
    file.rewind().map_err(unreadable)?;
    let file = BufReader::new(file);
    match is_compressed {
        true => parse(MultiGzDecoder::new(file)),
        false => parse(file),
    }
}

/// The magic numbers of unsigned bytes in three dimensions and in one.
const IMAGES: u32 = 0x0803;
const LABELS: u32 = 0x0801;
/// Bytes before the first pixel.
const HEADER: usize = 16;
/// The most bytes of pixels that are read: a wrong header may ask for any number.
const MOST: usize = 1 << 31;

fn parse(file: impl Read) -> Result<Pixels, String> {
    // One byte more than a file may have tells that it is too long.
    let mut file = file.take((HEADER + MOST + 1) as u64);
    let mut bytes = vec![];
    let header = take(&mut file, HEADER, &mut bytes)?;
    let number = |index: usize| {
        let bytes = header.get(4 * index..)?.first_chunk::<4>()?;
        Some(u32::from_be_bytes(*bytes))
    };
    match number(0) {
        Some(IMAGES) => {}
        Some(LABELS) => return Err("holds labels, not images".to_owned()),
        Some(other) => {
            let expected = format!("expected {IMAGES:#06x}, that of images");
            return Err(format!(
                "not an IDX file of images: its magic number is {other:#06x}; {expected}"
            ));
        }
        None => return Err(cut_short(header.len(), HEADER)),
    }
    let (Some(count), Some(lines), Some(columns)) = (number(1), number(2), number(3)) else {
        return Err(cut_short(header.len(), HEADER));
    };
    let [count, lines, columns] = [count, lines, columns].map(|number| number as usize);
    let sizes = format!("{count} images of {lines} × {columns} pixels");
    let expected = lines.checked_mul(columns).and_then(|each| each.checked_mul(count));
    let expected = match expected {
        Some(0) => return Err(format!("there are no pixels: it holds {sizes}")),
        Some(expected) if expected <= MOST => expected,
        _ => return Err(format!("too large: it holds {sizes}")),
    };
    let end = HEADER + expected;
    let found = take(&mut file, end + 1, &mut bytes)?.len();
    if found < end {
        return Err(format!("{}: it says that it holds {sizes}", cut_short(found, end)));
    }
    if found > end {
        return Err(format!("too long: {sizes} take {end} bytes, and more follow"));
    }
    let digest = digest(&bytes);
    bytes.drain(..HEADER);
    Ok(Pixels { size: (lines, columns), levels: bytes, digest })
}

/// Reads on until there are so many bytes, or the file ends.
fn take<'a>(file: &mut impl Read, upto: usize, bytes: &'a mut Vec<u8>) -> Result<&'a [u8], String> {
    let more = upto - bytes.len();
    bytes.reserve(more.min(1 << 26));
    let read = file.take(more as u64).read_to_end(bytes);
    read.map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => "truncated: its compressed data ends early".to_owned(),
        _ => format!("cannot be read: {error}"),
    })?;
    Ok(bytes)
}

fn cut_short(found: usize, expected: usize) -> String {
    format!("truncated: it has {found} bytes of {expected}")
}

#[cfg(test)]
mod tests {
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
    fn files_that_are_not_images_are_refused() {
        let good = three();
        let labels = [LABELS, 3].map(u32::to_be_bytes).concat();
        for (bytes, words) in [
            (labels.as_slice(), "holds labels, not images"),
            (
                &[labels.clone(), vec![1, 2, 3, 4, 5, 6, 7, 8, 9]].concat(),
                "holds labels, not images",
            ),
            (b"PK\x03\x04 and so on and on", "its magic number is 0x504b0304; expected 0x0803"),
            (b"", "truncated: it has 0 bytes of 16"),
            (&good[..9], "truncated: it has 9 bytes of 16"),
            (
                &good[..33],
                "truncated: it has 33 bytes of 34: it says that it holds 3 images of 2 × 3",
            ),
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
}
