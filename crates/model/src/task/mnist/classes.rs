//! The images of MNIST with their classes.

use super::files::{Pixels, Sets, published, published_file, together};
use crate::batch::Rows;
use crate::data::{Absent, Folders, Images, Labels, spaced};
use crate::error::or_absent;
use crate::{Error, Result};

/// C, classes.
pub(in crate::task) const CLASSES: usize = 10;

/// Lines and columns of an image.
const SIZE: (usize, usize) = (28, 28);

/// Pixels of an image.
pub(in crate::task) const PIXELS: usize = SIZE.0 * SIZE.1;

/// The files of labels: to train on and to test on.
const FILES: [&str; 2] = ["train-labels-idx1-ubyte", "t10k-labels-idx1-ubyte"];

/// Images with their classes, or the file that is missing.
#[derive(Clone, Debug)]
pub(in crate::task) struct Classified {
    known: Result<Known, Absent>,
}

/// The images to train on and to test on, and the class of each.
#[derive(Clone, Debug)]
struct Known {
    parts: [(Images, Labels); 2],
    /// Hash of the files.
    digest: String,
}

/// How many rows to train on, to validate on and to test on.
#[derive(Clone, Copy, Debug)]
pub(in crate::task) struct Counts {
    pub(in crate::task) rows: usize,
    pub(in crate::task) validation_rows: usize,
    pub(in crate::task) test_rows: usize,
}

impl Classified {
    /// Images and classes from folders of data sets, enough for so many rows. Without them it says only which file
    /// is missing.
    ///
    /// # Errors
    /// If a file cannot be used, or has too few images.
    pub(in crate::task) fn read(folders: &Folders, counts: Counts) -> Result<Self> {
        Ok(Self { known: or_absent(Known::read(folders, counts))? })
    }

    fn published() -> String {
        let images = published(Pixels::Real, 0);
        let labels = FILES.iter().filter_map(|name| published_file(name));
        together(std::iter::once(images.as_str()).chain(labels))
    }

    /// The hash of the files, or where one is missing of those that were published.
    pub(in crate::task) fn digest(&self) -> String {
        self.known.as_ref().map_or_else(|_| Self::published(), |known| known.digest.clone())
    }

    /// Whether they are others than those that were published.
    pub(in crate::task) fn is_other(&self) -> bool {
        self.known.as_ref().is_ok_and(|known| known.digest != Self::published())
    }

    /// The file that is missing, if one is.
    pub(in crate::task) fn absent(&self) -> Option<&Absent> {
        self.known.as_ref().err()
    }

    /// Rows of pixels with their class as target: to train on, at even distances in their file without its last
    /// `validation_rows`; these; and to test on, at even distances in their own.
    ///
    /// # Panics
    /// If a file is missing.
    pub(in crate::task) fn rows(&self, counts: Counts) -> [Rows; 3] {
        let Counts { rows, validation_rows, test_rows } = counts;
        let [train, test] = match &self.known {
            Ok(known) => &known.parts,
            Err(absent) => panic!("{absent}"),
        };
        let kept = train.0.len() - validation_rows;
        let of = |(images, labels): &(Images, Labels), from: usize, all: usize, count: usize| {
            let places: Vec<usize> = spaced(count, all).map(|i| from + i).collect();
            let classes: Vec<f32> =
                places.iter().map(|&i| f32::from(labels.numbers()[i])).collect();
            Rows::labeled(&images.rows(places.into_iter()), &classes)
        };
        [
            of(train, 0, kept, rows),
            of(train, kept, validation_rows, validation_rows),
            of(test, 0, test.0.len(), test_rows),
        ]
    }
}

impl Known {
    fn read(folders: &Folders, counts: Counts) -> Result<Self> {
        let Sets { train, test, digest, .. } = Sets::read(Pixels::Real, 0, folders)?;
        let needed = [
            (counts.rows + counts.validation_rows, "rows and validation-rows"),
            (counts.test_rows, "test-rows"),
        ];
        let mut digests = vec![digest];
        let mut classes = |name: &str, images: &Images, (needed, keys): (usize, &str)| {
            let path = folders.find(name)?;
            let labels = Labels::read(&path)?;
            let numbers = labels.numbers();
            let refuse = |why: String| Err(Error::data(&path, why));
            if images.size() != SIZE {
                let ((lines, columns), (a, b)) = (images.size(), SIZE);
                return refuse(format!(
                    "its images have {lines} × {columns} pixels, those of MNIST {a} × {b}"
                ));
            }
            if numbers.len() != images.len() {
                return refuse(format!(
                    "it has {} labels for {} images",
                    numbers.len(),
                    images.len()
                ));
            }
            if let Some(image) = numbers.iter().position(|&label| usize::from(label) >= CLASSES) {
                return refuse(format!(
                    "the label of image {image}, from 0, is {}; expected 0 to {}",
                    numbers[image],
                    CLASSES - 1
                ));
            }
            if numbers.len() < needed {
                return refuse(format!("it has {} labels; {keys} need {needed}", numbers.len()));
            }
            digests.push(labels.digest().to_owned());
            Ok((images.clone(), labels))
        };
        let parts = [classes(FILES[0], &train, needed[0])?, classes(FILES[1], &test, needed[1])?];
        let digest = together(digests.iter().map(String::as_str));
        Ok(Self { parts, digest })
    }
}

#[cfg(test)]
mod tests {
    use super::super::tiny;
    use super::*;

    const COUNTS: Counts = Counts { rows: 4, validation_rows: 2, test_rows: 3 };

    /// The gray level of each image is its number.
    #[test]
    fn rows_have_their_classes() {
        let (_folder, folders) = tiny::classified(10, 6);
        let classified = Classified::read(&folders, COUNTS).unwrap();
        assert!(classified.is_other() && classified.absent().is_none());
        let levels = |rows: &Rows| {
            let all = rows.all();
            let first = all.inputs().rows().column(0).to_columns();
            let numbers: Vec<f32> = first.iter().map(|x| (255.0 * x).round()).collect();
            (numbers, all.targets().to_columns())
        };
        let [train, validation, test] = classified.rows(COUNTS);
        assert_eq!(levels(&train), (vec![0.0, 2.0, 4.0, 6.0], vec![0.0, 2.0, 4.0, 6.0]));
        assert_eq!(levels(&validation), (vec![8.0, 9.0], vec![8.0, 9.0]));
        assert_eq!(levels(&test), (vec![0.0, 2.0, 4.0], vec![0.0, 2.0, 4.0]));
    }

    #[test]
    fn labels_that_do_not_fit_are_refused() {
        let (folder, folders) = tiny::classified(10, 6);
        let why = |counts| Classified::read(&folders, counts).unwrap_err().to_string();
        let many = Counts { rows: 9, ..COUNTS };
        assert!(why(many).contains("it has 10 labels; rows and validation-rows need 11"));
        let many = Counts { test_rows: 7, ..COUNTS };
        assert!(why(many).contains("it has 6 labels; test-rows need 7"));
        tiny::write_labels(folder.path(), FILES[1], &[0, 1, 2, 3, 10, 5]);
        assert!(why(COUNTS).contains("the label of image 4, from 0, is 10; expected 0 to 9"));
        tiny::write_labels(folder.path(), FILES[1], &[0; 5]);
        assert!(why(COUNTS).contains("it has 5 labels for 6 images"));
        std::fs::remove_file(folder.path().join(FILES[1])).unwrap();
        let classified = Classified::read(&folders, COUNTS).unwrap();
        assert!(classified.absent().unwrap().to_string().contains(FILES[1]));
        assert!(!classified.is_other());
        assert_eq!(classified.digest(), Classified::published());
    }
}
