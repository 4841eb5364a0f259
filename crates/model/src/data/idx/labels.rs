use super::{IMAGES, LABELS, cut_short, digest, open, rest, take, word};
use crate::{Error, Result};
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

/// Labels of images, from 0 to 255. Copies share them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labels {
    labels: Arc<[u8]>,
    /// Hash of the file as it is without compression.
    digest: String,
}

/// Bytes before the first label.
const HEADER: usize = 8;
/// The most labels that are read: a wrong header may say any number.
const MOST: usize = 1 << 31;

impl Labels {
    /// Reads an IDX file of labels, plain or compressed with gzip: a magic number and the number of labels (four
    /// bytes each, the highest first), and a byte for each label.
    ///
    /// # Errors
    /// If the file cannot be read, does not hold labels, or does not have as many as it says.
    pub fn read(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(|error| format!("cannot be read: {error}"));
        let labels = file.and_then(open).and_then(parse);
        labels.map_err(|why| Error::data(path, why))
    }

    /// The labels, in order.
    pub fn numbers(&self) -> &[u8] {
        &self.labels
    }

    /// A hash of the file that they are from, as it is without compression.
    pub fn digest(&self) -> &str {
        &self.digest
    }
}

fn parse(mut file: impl Read) -> Result<Labels, String> {
    let mut bytes = vec![];
    let header = take(&mut file, HEADER, &mut bytes)?;
    let count = match (word(header, 0), word(header, 1)) {
        (Some(IMAGES), _) => return Err("holds images, not labels".to_owned()),
        (Some(LABELS), Some(count)) => count as usize,
        (Some(other), _) if other != LABELS => {
            return Err(format!(
                "not an IDX file of labels: its magic number is {other:#06x}; expected {LABELS:#06x}, that of labels"
            ));
        }
        _ => return Err(cut_short(header.len(), HEADER)),
    };
    if count > MOST {
        return Err(format!("too large: it holds {count} labels"));
    }
    rest(&mut file, HEADER + count, &mut bytes, &format!("{count} labels"))?;
    let digest = digest(&bytes);
    Ok(Labels { labels: bytes[HEADER..].into(), digest })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(bytes: &[u8]) -> Result<Vec<u8>, String> {
        parse(bytes).map(|labels| labels.numbers().to_vec())
    }

    #[test]
    fn labels_of_a_file() {
        let three = [0, 0, 8, 1, 0, 0, 0, 3, 7, 2, 9];
        assert_eq!(labels(&three), Ok(vec![7, 2, 9]));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("labels");
        std::fs::write(&path, three).unwrap();
        assert_eq!(Labels::read(&path).unwrap(), parse(&three[..]).unwrap());
    }

    #[test]
    fn files_that_are_not_labels_are_refused() {
        let why = |bytes: &[u8]| labels(bytes).unwrap_err();
        assert_eq!(why(&[0, 0, 8, 3, 0, 0, 0, 1]), "holds images, not labels");
        assert!(why(&[1, 2, 3, 4, 5, 6, 7, 8]).starts_with("not an IDX file of labels"));
        assert!(why(&[0, 0, 8, 1, 0]).starts_with("truncated: it has 5 bytes of 8"));
        assert!(why(&[0, 0, 8, 1, 0, 0, 0, 3, 7]).starts_with("truncated: it has 9 bytes of 11"));
        assert!(why(&[0, 0, 8, 1, 0, 0, 0, 1, 7, 7]).starts_with("too long"));
        assert!(why(&[]).starts_with("truncated"));
    }
}
