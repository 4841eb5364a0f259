use super::batches::{Batches, Epochs};
use super::files::{Pixels, Sets, binarized, published};
use super::split::Split;
use crate::Result;
use crate::data::{Absent, Folders};
use crate::error::or_absent;
use crate::task::Streams;

/// What a reader of results with other images has to be warned of.
pub(in crate::task) const NOT_AS_PUBLISHED: &str =
    "the images are not those of MNIST as published: its figures are no comparison";

/// The images of a task, or what is known of them without their files.
#[derive(Clone, Debug)]
pub(in crate::task) struct Source {
    pixels: Pixels,
    validation_rows: usize,
    images: Result<Sets, Absent>,
}

impl Source {
    /// Images from folders of data sets. Without them it says only which ones are missing.
    ///
    /// # Errors
    /// If a file cannot be used.
    pub(in crate::task) fn read(
        pixels: Pixels,
        validation_rows: usize,
        folders: &Folders,
    ) -> Result<Self> {
        let images = or_absent(Sets::read(pixels, validation_rows, folders))?;
        let images = images.map(|images| images.taken_as(pixels));
        Ok(Self { pixels, validation_rows, images })
    }

    /// These images.
    pub(in crate::task) fn of(pixels: Pixels, validation_rows: usize, images: Sets) -> Self {
        Self { pixels, validation_rows, images: Ok(images.taken_as(pixels)) }
    }

    /// The hash of the images as they were published.
    fn published(&self) -> String {
        published(self.pixels, self.validation_rows)
    }

    /// What a reader of results has to be warned of.
    pub(in crate::task) fn warnings(&self) -> Vec<String> {
        let others = self.images.as_ref().is_ok_and(|images| images.digest != self.published());
        others.then(|| NOT_AS_PUBLISHED.to_owned()).into_iter().collect()
    }

    /// The hash of the images, or where they are missing of those that were published.
    pub(in crate::task) fn digest(&self) -> String {
        self.images.as_ref().map_or_else(|_| self.published(), |images| images.digest.clone())
    }

    /// The file that is missing, if one is.
    pub(in crate::task) fn absent(&self) -> Option<&Absent> {
        self.images.as_ref().err()
    }

    /// The images of a seed.
    ///
    /// # Panics
    /// If the images are not there.
    pub(in crate::task) fn split(&self, batches: Batches, streams: &Streams) -> Split {
        let Sets { train, validation, test, .. } = match &self.images {
            Ok(images) => images.clone(),
            Err(absent) => panic!("{absent}"),
        };
        let is_dynamic = self.pixels == Pixels::Dynamic;
        let held_out = |images, substream: u64| match is_dynamic {
            true => binarized(&images, &mut streams.named("binarization").at(substream)),
            false => images,
        };
        let epochs = match batches {
            Batches::Epochs => Some(Epochs::new(streams.named("epochs"), train.len())),
            Batches::Replacement => None,
        };
        let validation = (self.validation_rows > 0).then(|| held_out(validation, 0));
        let test = held_out(test, 1);
        Split { train, validation, test, epochs, is_dynamic }
    }
}
