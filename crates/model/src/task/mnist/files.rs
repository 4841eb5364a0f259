use crate::data::{Folders, Images};
use crate::{Error, Result};
use kernels::Noise;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// What the pixels of MNIST are taken as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Pixels {
    /// Gray levels from 0 to 1.
    #[default]
    Real,
    /// 1 where the gray level is above half of white, else 0.
    Thresholded,
    /// Bits that were drawn once, for everybody.
    Static,
    /// Bits that are drawn for each batch, each 1 with the probability of its gray level.
    Dynamic,
}

/// The images of a task.
#[derive(Clone, Debug)]
pub(in crate::task) struct Sets {
    pub(in crate::task) train: Images,
    pub(in crate::task) validation: Images,
    pub(in crate::task) test: Images,
    /// Hash of the files.
    pub(in crate::task) digest: String,
}

/// The files of these pixels: images to train on, to validate on if they have a file of their own, and to
/// test on.
struct Names {
    train: &'static str,
    validation: Option<&'static str>,
    test: &'static str,
}

impl Names {
    fn of(pixels: Pixels, validation_rows: usize) -> Self {
        match pixels {
            Pixels::Real | Pixels::Thresholded | Pixels::Dynamic => Self {
                train: "train-images-idx3-ubyte",
                validation: None,
                test: "t10k-images-idx3-ubyte",
            },
            Pixels::Static => Self {
                train: "binarised-train-images-idx3-ubyte",
                validation: Some("binarised-valid-images-idx3-ubyte")
                    .filter(|_| validation_rows > 0),
                test: "binarised-test-images-idx3-ubyte",
            },
        }
    }
}

/// The files as they were published, each with the hash of its content without compression.
const PUBLISHED: [(&str, &str); 7] = [
    ("train-images-idx3-ubyte", "c6e6fd8c67d07c8a"),
    ("t10k-images-idx3-ubyte", "f8d502322cd9f186"),
    ("binarised-train-images-idx3-ubyte", "0f3fb015e363c204"),
    ("binarised-valid-images-idx3-ubyte", "c940937484a243cb"),
    ("binarised-test-images-idx3-ubyte", "88a2c67352357955"),
    ("train-labels-idx1-ubyte", "8ebcfdf2fe191516"),
    ("t10k-labels-idx1-ubyte", "6d43ea317fa8f585"),
];

/// The hash of the files as they were published. Runs with these can be reported where the files are not.
pub(in crate::task) fn published(pixels: Pixels, validation_rows: usize) -> String {
    let Names { train, validation, test } = Names::of(pixels, validation_rows);
    together([Some(train), validation, Some(test)].into_iter().flatten().filter_map(published_file))
}

/// The hash of a file as it was published.
pub(super) fn published_file(name: &str) -> Option<&'static str> {
    PUBLISHED.iter().find(|(known, _)| *known == name).map(|(_, hash)| *hash)
}

/// One hash of several.
pub(super) fn together<'a>(hashes: impl Iterator<Item = &'a str>) -> String {
    let all = hashes.collect::<Vec<_>>().join(" ");
    blake3::hash(all.as_bytes()).to_hex()[..16].to_owned()
}

impl Sets {
    /// Reads the images that pixels of this kind are from, with so many of them to validate on.
    ///
    /// # Errors
    /// If a file is not there or cannot be used, or there are too few images.
    pub(in crate::task) fn read(
        pixels: Pixels,
        validation_rows: usize,
        folders: &Folders,
    ) -> Result<Self> {
        let names = Names::of(pixels, validation_rows);
        let read = |name: &str| -> Result<(PathBuf, Images)> {
            let path = folders.find(name)?;
            let images = Images::read(&path)?;
            Ok((path, images))
        };
        let (all_at, all) = read(names.train)?;
        let own = names.validation.map(read).transpose()?;
        let (test_at, test) = read(names.test)?;
        let read = [Some(&all), own.as_ref().map(|(_, own)| own), Some(&test)];
        let digest = together(read.into_iter().flatten().map(Images::digest));
        let (train, (validation_at, validation)) = match own {
            Some((at, own)) => {
                require(validation_rows, own.len(), validation_rows, &at)?;
                (all, (at, own.split_at(validation_rows).0))
            }
            None => {
                require(validation_rows, all.len(), validation_rows + 1, &all_at)?;
                let (train, validation) = all.split_at(all.len() - validation_rows);
                (train, (all_at, validation))
            }
        };
        for (at, images) in [(validation_at, &validation), (test_at, &test)] {
            if images.size() != train.size() {
                let ((lines, columns), (a, b)) = (images.size(), train.size());
                let why = format!(
                    "its images have {lines} × {columns} pixels, those to train on {a} × {b}"
                );
                return Err(Error::data(&at, why));
            }
        }
        Ok(Self { train, validation, test, digest })
    }
}

impl Sets {
    /// Images that are in no file: those to train on, the last `validation_rows` of them held out, and those to
    /// test on.
    ///
    /// # Panics
    /// If none is left to train on, or they differ in size.
    pub(in crate::task) fn of(all: &Images, test: Images, validation_rows: usize) -> Self {
        assert!(all.len() > validation_rows, "more than {validation_rows} images");
        assert_eq!(all.size(), test.size(), "images of one size");
        let digest = together([all, &test].into_iter().map(Images::digest));
        let (train, validation) = all.split_at(all.len() - validation_rows);
        Self { train, validation, test, digest }
    }
}

impl Sets {
    /// The images as pixels of this kind, as far as these are the same in each run.
    pub(super) fn taken_as(self, pixels: Pixels) -> Self {
        if pixels != Pixels::Thresholded {
            return self;
        }
        let Self { train, validation, test, digest } = self;
        let [train, validation, test] =
            [train, validation, test].map(|images| images.thresholded());
        Self { train, validation, test, digest }
    }
}

/// Rejects a file with too few images.
fn require(validation_rows: usize, found: usize, least: usize, path: &Path) -> Result<()> {
    let why = || {
        format!(
            "it has {found} images; validation-rows = {validation_rows} needs {least} or more there"
        )
    };
    if found >= least { Ok(()) } else { Err(Error::data(path, why())) }
}

/// Each pixel as 255 if the next uniform number of the noise is below its gray level, else 0.
pub(in crate::task) fn binarized(images: &Images, noise: &mut Noise) -> Images {
    let mut uniforms = vec![0.0f32; images.levels().len()];
    noise.fill_uniform(&mut uniforms);
    let bit = |(u, &level): (f32, &u8)| if u < f32::from(level) / 255.0 { 255 } else { 0 };
    Images::new(images.size(), uniforms.into_iter().zip(images.levels()).map(bit).collect())
}
