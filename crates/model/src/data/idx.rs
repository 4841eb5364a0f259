//! Images and labels in the IDX format, that of MNIST.

mod labels;

pub use labels::Labels;

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

    /// Images of the same file: white where the gray level is above half of white, 127.5, and black elsewhere.
    pub fn thresholded(&self) -> Self {
        self.with_levels(
            self.levels().iter().map(|&level| if level > 127 { 255 } else { 0 }).collect(),
        )
    }

    /// Images of these gray levels, which are made from the same file.
    fn with_levels(&self, levels: Vec<u8>) -> Self {
        let (size, digest) = (self.size(), self.digest().to_owned());
        let range = (0, levels.len() / self.pixels());
        Self { pixels: Arc::new(Pixels { size, levels, digest }), range }
    }

    /// So many images at even distances, ⌊i·n/count⌋ of n: files may be ordered, as that of the static binarization to
    /// test on is by class. All if there are not more.
    pub fn spaced(&self, count: usize) -> Self {
        let all = self.len();
        if count >= all {
            return self.clone();
        }
        let each = self.pixels();
        let image = |i: usize| &self.levels()[i * each..][..each];
        let levels: Vec<u8> = spaced(count, all).flat_map(image).copied().collect();
        self.with_levels(levels)
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

/// The places ⌊i·n/count⌋ of so many of n, at even distances.
pub(crate) fn spaced(count: usize, n: usize) -> impl ExactSizeIterator<Item = usize> {
    (0..count).map(move |i| i * n / count)
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
    let pixels = Arc::new(parse(open(file)?)?);
    in_use.push((version, Arc::downgrade(&pixels)));
    Ok(pixels)
}

/// The first two bytes of gzip.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// The content of a file without compression.
fn open(mut file: File) -> Result<Box<dyn Read>, String> {
    let unreadable = |error: io::Error| format!("cannot be read: {error}");
    let mut first = [0; 2];
    let is_compressed = file.read_exact(&mut first).is_ok() && first == GZIP;
    file.rewind().map_err(unreadable)?;
    let file = BufReader::new(file);
    Ok(if is_compressed { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) })
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
    let [count, lines, columns] = sizes(take(&mut file, HEADER, &mut bytes)?)?;
    let sizes = format!("{count} images of {lines} × {columns} pixels");
    let expected = lines.checked_mul(columns).and_then(|each| each.checked_mul(count));
    let expected = match expected {
        Some(0) => return Err(format!("there are no pixels: it holds {sizes}")),
        Some(expected) if expected <= MOST => expected,
        _ => return Err(format!("too large: it holds {sizes}")),
    };
    rest(&mut file, HEADER + expected, &mut bytes, &sizes)?;
    let digest = digest(&bytes);
    bytes.drain(..HEADER);
    Ok(Pixels { size: (lines, columns), levels: bytes, digest })
}

/// The numbers of images, lines and columns.
fn sizes(header: &[u8]) -> Result<[usize; 3], String> {
    let number = |index| word(header, index);
    match [number(0), number(1), number(2), number(3)] {
        [Some(LABELS), ..] => Err("holds labels, not images".to_owned()),
        [Some(IMAGES), Some(count), Some(lines), Some(columns)] => {
            Ok([count, lines, columns].map(|number| number as usize))
        }
        [Some(other), ..] if other != IMAGES => Err(format!(
            "not an IDX file of images: its magic number is {other:#06x}; expected {IMAGES:#06x}, that of \
             images"
        )),
        _ => Err(cut_short(header.len(), HEADER)),
    }
}

/// A number of a header: four bytes, the highest first. None if the header is cut short.
fn word(header: &[u8], index: usize) -> Option<u32> {
    let bytes = header.get(4 * index..)?.first_chunk::<4>()?;
    Some(u32::from_be_bytes(*bytes))
}

/// Reads on to the end of a file that should have so many bytes, as it says that it holds `content`.
fn rest(
    file: &mut impl Read,
    end: usize,
    bytes: &mut Vec<u8>,
    content: &str,
) -> Result<(), String> {
    // One byte more tells that it is too long.
    let found = take(file, end + 1, bytes)?.len();
    if found < end {
        return Err(format!("{}: it says that it holds {content}", cut_short(found, end)));
    }
    if found > end {
        return Err(format!("too long: {content} take {end} bytes, and more follow"));
    }
    Ok(())
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
mod tests;
